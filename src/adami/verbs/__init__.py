"""The verbs: anything with rows in, one estimator asked, an Estimate out."""

from adami.verbs.measures import entropy, information, pointwise
from adami.verbs.systems import o_information, total_correlation, transfer_entropy
from adami.verbs.tables import matrix, profile, rank

__all__ = [
    "entropy",
    "information",
    "matrix",
    "o_information",
    "pointwise",
    "profile",
    "rank",
    "total_correlation",
    "transfer_entropy",
]
