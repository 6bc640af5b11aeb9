"""adami: adaptive mutual information. Measure how much one thing tells about another, and adapt to it."""

from adami._version import __version__
from adami.result import Diagnostic, Estimate
from adami.verbs import (
    entropy,
    information,
    matrix,
    o_information,
    pointwise,
    profile,
    rank,
    total_correlation,
    transfer_entropy,
)

__all__ = [
    "Diagnostic",
    "Estimate",
    "__version__",
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
