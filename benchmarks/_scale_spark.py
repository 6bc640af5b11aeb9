"""All pairs by adami on Spark in local mode: what its own log says of CPU-seconds and shuffles.

``python -m benchmarks._scale_spark`` writes ``benchmarks/scale_spark.json`` for `benchmarks.scale`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from itertools import combinations
from pathlib import Path
from typing import Any

from benchmarks._scale_page import SPARK_RUNS
from benchmarks.scale import make

SIZES = (60_000, 250_000, 1_000_000)


def run(path: Path, log: Path) -> dict[str, Any]:
    """Count all pairs of a table, in this process, with Spark's log of events in a folder."""
    os.environ["PYSPARK_SUBMIT_ARGS"] = (
        f"--conf spark.eventLog.enabled=true --conf spark.eventLog.dir=file://{log} "
        "--conf spark.eventLog.rolling.enabled=false --conf spark.eventLog.compress=false pyspark-shell"
    )
    from adami.engines import count_sets, counts, open_source, table_fields

    source = open_source(f"spark://local[2]::{path}")
    pairs = list(combinations(source.columns, 2))
    fields = table_fields(source, kinds="discrete")
    count_sets(source, pairs, fields=fields)
    source.table._find_backend()._session.stop()
    told = {"cpu": 0.0, "written": 0, "records": 0, "tasks": 0}
    for file in log.iterdir():
        for line in file.read_text(encoding="utf-8").splitlines():
            event = json.loads(line)
            if event["Event"] != "SparkListenerTaskEnd" or "Task Metrics" not in event:
                continue
            found = event["Task Metrics"]
            told["cpu"] += found["Executor CPU Time"] / 1e9
            told["written"] += found["Shuffle Write Metrics"]["Shuffle Bytes Written"]
            told["records"] += found["Shuffle Write Metrics"]["Shuffle Records Written"]
            told["tasks"] += 1
    sizes = {n: fields[n].distinct for n in source.columns}
    tables = [block for block, _ in counts.blocks(pairs, sizes)]
    told["tables"] = len(tables)
    told["cells"] = sum(_product(sizes[n] for n in block) for block in tables)
    return told


def _product(sizes: Any) -> int:
    out = 1
    for size in sizes:
        out *= size
    return out


def main() -> None:
    """Measure every size in a process of its own and store what Spark said."""
    if len(sys.argv) == 3:
        print(json.dumps(run(Path(sys.argv[1]), Path(sys.argv[2]))))
        return
    stored = []
    with tempfile.TemporaryDirectory() as folder:
        for rows in SIZES:
            path, log = Path(folder, f"{rows}.parquet"), Path(folder, f"log{rows}")
            make(path, rows)
            log.mkdir()
            command = [sys.executable, "-m", "benchmarks._scale_spark", str(path), str(log)]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            stored.append({"rows": rows} | json.loads(done.stdout.splitlines()[-1]))
            print(stored[-1], file=sys.stderr, flush=True)
            SPARK_RUNS.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
