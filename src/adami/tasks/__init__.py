"""Laws whose information is known exactly: for tests, benchmarks and estimators that learn from examples."""

from adami._lazy import attach

__all__, __getattr__, __dir__ = attach(
    __name__,
    {
        "BENCHMARK": "zoo",
        "MetaDataset": "meta",
        "MetaLaw": "meta",
        "Task": "task",
        "draw_law": "meta",
        "get": "zoo",
        "names": "zoo",
    },
)
