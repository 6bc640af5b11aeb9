"""The same measurements on tables bigger than memory: in DuckDB, Spark and whatever Ibis speaks."""

from adami._lazy import attach

__all__, __getattr__, __dir__ = attach(
    __name__,
    {
        "Field": "fields",
        "Source": "source",
        "adaptive_sample": "sample",
        "count_sets": "counts",
        "entropy": "measure",
        "information": "measure",
        "is_lazy_table": "source",
        "open_source": "source",
        "pairs": "measure",
        "quantile_edges": "bins",
        "redact": "_secrets",
        "table_fields": "fields",
    },
)
