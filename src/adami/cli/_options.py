"""The options that commands share."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer


class Missing(StrEnum):
    """What to do with missing values."""

    drop = "drop"
    category = "category"
    raise_ = "raise"


class Format(StrEnum):
    """Formats of tables."""

    csv = "csv"
    tsv = "tsv"
    parquet = "parquet"
    jsonl = "jsonl"
    arrow = "arrow"


_HOW = "How it is measured"
_READ = "How the table is read"
_SHOWN = "What is shown"
_BIG = "Tables that do not fit in memory"

File = Annotated[
    str,
    typer.Argument(
        metavar="FILE",
        help="The table: a file, - for standard input, a pattern of files in quotes ('data/*.parquet'), a "
        "DuckDB file (shop.duckdb::orders), or the URL of a database or cluster that Ibis reaches "
        "(spark://local[2]::data/*.parquet).",
        show_default=False,
    ),
]
Target = Annotated[
    str,
    typer.Option("--target", "-t", metavar="COLUMN", help="The column to be told about.", show_default=False),
]
Columns = Annotated[
    list[str] | None,
    typer.Option(
        "--column", "-c", metavar="COLUMN", help="Only this column; repeat it for more.", show_default=False
    ),
]
Method = Annotated[
    str,
    typer.Option(
        "--method", "-m", help="The estimator: auto, ksg, gaussian_copula, ...", rich_help_panel=_HOW
    ),
]
Kinds = Annotated[
    list[str] | None,
    typer.Option(
        "--kind",
        metavar="COLUMN=KIND",
        help="Take a column as continuous, discrete or mixed; repeat it for more.",
        show_default=False,
        rich_help_panel=_HOW,
    ),
]
MissingRule = Annotated[
    Missing,
    typer.Option(
        "--missing",
        help="Rows with missing values: use complete rows, make them a level of labels, or refuse.",
        rich_help_panel=_HOW,
    ),
]
Confidence = Annotated[
    float,
    typer.Option("--confidence", min=0.5, max=0.999, help="Level of the intervals.", rich_help_panel=_HOW),
]
Permutations = Annotated[
    int, typer.Option("--permutations", min=0, help="Shuffles behind each p-value.", rich_help_panel=_HOW)
]
Seed = Annotated[int, typer.Option("--seed", help="Decides everything random.", rich_help_panel=_HOW)]
Jobs = Annotated[
    int,
    typer.Option(
        "--jobs", "-j", help="Threads; -1 for all cores. The answer is the same.", rich_help_panel=_HOW
    ),
]
FileFormat = Annotated[
    Format | None,
    typer.Option(
        "--format",
        help="What the file is, when its suffix does not say.",
        show_default=False,
        rich_help_panel=_READ,
    ),
]
Na = Annotated[
    list[str] | None,
    typer.Option(
        "--na",
        metavar="WORD",
        help="A word that stands for a missing value; repeat it for more.",
        show_default=False,
        rich_help_panel=_READ,
    ),
]
Tol = Annotated[
    float,
    typer.Option(
        "--tol",
        metavar="NATS",
        help="The sample of rows grows until the intervals are narrower than this.",
        rich_help_panel=_BIG,
    ),
]
MaxRows = Annotated[
    int,
    typer.Option(
        "--max-rows",
        min=5,
        metavar="ROWS",
        help="The budget of rows at which the sample ends in any case.",
        rich_help_panel=_BIG,
    ),
]
Key = Annotated[
    list[str] | None,
    typer.Option(
        "--key",
        metavar="COLUMN",
        help="A column that is different in every row, to draw by; repeat it for more. Without it all values "
        "of a row tell it from others.",
        show_default=False,
        rich_help_panel=_BIG,
    ),
]
MemoryLimit = Annotated[
    str | None,
    typer.Option(
        "--memory-limit",
        metavar="SIZE",
        help="What the table may take, such as 4GB, before it stays on disk, and what DuckDB may use. "
        "[default: half of this machine's memory]",
        show_default=False,
        rich_help_panel=_BIG,
    ),
]
Bits = Annotated[bool, typer.Option("--bits", help="Show bits instead of nats.", rich_help_panel=_SHOWN)]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.", rich_help_panel=_SHOWN)]
Quiet = Annotated[
    bool,
    typer.Option(
        "--quiet", "-q", help="Print the result only: no progress, no notes.", rich_help_panel=_SHOWN
    ),
]
Debug = Annotated[
    bool, typer.Option("--debug", help="Show where an error came from.", rich_help_panel=_SHOWN)
]
