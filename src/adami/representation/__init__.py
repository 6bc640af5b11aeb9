"""Models and losses that learn by information objectives, in PyTorch."""

from adami._lazy import attach

__all__, __getattr__, __dir__ = attach(
    __name__,
    {
        "BottleneckPoint": "cauchy_schwarz_regressor",
        "CSIBLoss": "cauchy_schwarz_bottleneck",
        "CSIBNet": "cauchy_schwarz_bottleneck",
        "CSIBRegressor": "cauchy_schwarz_regressor",
        "ElasticNetSubspaceClustering": "subspaces",
        "EntropyNet": "entropy_net",
        "EntropyNetFit": "entropy_net",
        "InitScale": "init_scale",
        "MCR2Classifier": "rate_reduction_learners",
        "MCR2Encoder": "rate_reduction_learners",
        "MCR2Loss": "rate_reduction",
        "NearestSubspaceClassifier": "subspaces",
        "RangeEntropyLoss": "range_entropy_loss",
        "chamfer_distance": "range_entropy_loss",
        "clustering_accuracy": "subspaces",
        "fgsm": "attacks",
        "fit_entropy_net": "entropy_net",
        "init_scale_search": "init_scale",
        "pgd": "attacks",
        "soft_kd_entropy": "kd_cells",
    },
)
