"""What a model trains on, and how much each part of it counts, in PyTorch."""

from adami._lazy import attach

__all__, __getattr__, __dir__ = attach(
    __name__,
    {
        "CMIReweightedLoss": "cmi_reweighting",
    },
)
