"""Models and losses that learn by information objectives, in PyTorch."""

from adami._lazy import attach

__all__, __getattr__, __dir__ = attach(
    __name__,
    {
        "EntropyNet": "entropy_net",
        "EntropyNetFit": "entropy_net",
        "RangeEntropyLoss": "range_entropy_loss",
        "chamfer_distance": "range_entropy_loss",
        "fit_entropy_net": "entropy_net",
    },
)
