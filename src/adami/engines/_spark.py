"""Spark through Ibis: the same expressions, on a session of this machine or of a cluster."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from adami.engines import _duckdb_files
from adami.engines._errors import Origin
from adami.engines._parquet import check_same_columns
from adami.engines._paths import matching
from adami.files import Format, _format_of


def read(address: str, rest: str, format: Format | None, name: str) -> tuple[Any, Origin]:
    """Return a table of a Spark session, or Parquet files that Spark reads."""
    if not rest:
        raise ValueError(
            f"{name}: say what Spark should read after '::', a table or files: {name}::data/*.parquet"
        )
    if "/" not in rest and "*" not in rest and "." not in rest:
        return connect(address).table(rest), Origin()
    kind = format or _format_of(Path(rest))
    if kind != "parquet":
        raise ValueError(
            f"{name}: Spark reads tables and Parquet files here, not {kind}; let DuckDB read them"
        )
    if "://" in rest:
        return _table(connect(address), [rest]), Origin()
    files = tuple(matching(rest))
    # Spark takes the columns of one file for those of all
    check_same_columns(_duckdb_files.connect(), files)
    return _table(connect(address), [str(f.resolve()) for f in files]), Origin(files, "parquet")


def connect(address: str) -> Any:
    """Find or start the session of a master such as ``spark://local[2]`` or ``spark://host:7077``."""
    ibis = _duckdb_files.import_ibis()
    try:
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise ImportError("Spark needs pyspark and Java: pip install 'adami[spark]'") from error
    where = address.partition("://")[2]
    local = where.startswith("local")
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    settings = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.session.timeZone": "UTC",
        **({"spark.sql.shuffle.partitions": "4", "spark.driver.bindAddress": "127.0.0.1"} if local else {}),
    }
    builder = SparkSession.builder.appName("adami")
    for key, value in settings.items():
        builder = builder.config(key, value)
    if where:
        builder = builder.master(where if local else f"spark://{where}")
    # errors reach Python as exceptions, with which file is broken; the log says the same at length
    logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL)
    with _quiet(SparkSession.getActiveSession() is None), warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        session = builder.getOrCreate()
        session.sparkContext.setLogLevel("ERROR")
        return ibis.pyspark.connect(session)


@contextmanager
def _quiet(starts: bool) -> Iterator[None]:
    """Let a Java machine that starts meanwhile write its log nowhere: it inherits the standard error."""
    if not starts:
        yield
        return
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def _table(con: Any, paths: list[str]) -> Any:
    import uuid

    view = f"adami_files_{uuid.uuid4().hex}"
    con._session.read.parquet(*paths).createOrReplaceTempView(view)
    return con.table(view)
