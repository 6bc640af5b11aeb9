"""Seeded worlds that answer."""

from adami._lazy import attach

__all__, __getattr__, __dir__ = attach(
    __name__,
    {
        "REFUSED": "_base",
        "BernoulliBandit": "bandits",
        "BrownianPath": "brownian",
        "CausalGraph": "causal",
        "Delayed": "delays",
        "Environment": "_base",
        "FeatureTable": "tables",
        "FromGym": "gym",
        "LossSequence": "bandits",
        "QuestionBank": "questions",
        "ScoreTable": "scores",
        "SwitchingBandit": "switching",
        "SwitchingTarget": "switching",
    },
)
