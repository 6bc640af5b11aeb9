"""adami measure: one number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from adami.cli import _options as o
from adami.cli._session import check_method, command, load, noticed, out_console, parse_kinds, print_json

if TYPE_CHECKING:
    from adami._inputs import RawColumns
    from adami.engines.source import Source
    from adami.result import Estimate


@command
def measure(
    file: o.File,
    columns: Annotated[
        list[str],
        typer.Argument(
            metavar="X... Y",
            help="What is known, one column or several, and last the column it tells about. "
            "A single column gives its entropy.",
            show_default=False,
        ),
    ],
    given: Annotated[
        list[str] | None,
        typer.Option(
            "--given",
            "-g",
            metavar="Z",
            help="What is already known; repeat it for more.",
            show_default=False,
        ),
    ] = None,
    method: o.Method = "auto",
    kind: o.Kinds = None,
    missing: o.MissingRule = o.Missing.raise_,
    confidence: o.Confidence = 0.95,
    permutations: o.Permutations = 0,
    seed: o.Seed = 0,
    jobs: o.Jobs = 1,
    format: o.FileFormat = None,
    na: o.Na = None,
    tol: o.Tol = 0.02,
    max_rows: o.MaxRows = 200_000,
    memory_limit: o.MemoryLimit = None,
    bits: o.Bits = False,
    as_json: o.Json = False,
    quiet: o.Quiet = False,
    debug: o.Debug = False,
) -> None:
    """Measure how much columns X... tell about column Y, or the entropy of one column.

    Example: adami measure examples/penguins.csv bill_length_mm bill_depth_mm species --missing drop
    """
    check_method(method)
    kinds = parse_kinds(kind)
    *xs, y = columns
    if repeated := set(xs) & {y}:
        raise typer.BadParameter(f"column {repeated.pop()!r} is on both sides")
    table = load(file, list(dict.fromkeys([*columns, *(given or [])])), format, na, quiet, memory_limit)
    from adami.cli._show import show_estimate

    options: dict[str, Any] = {
        "method": method,
        "kinds": kinds,
        "missing": missing.value,
        "confidence": confidence,
        "random_state": seed,
        "n_jobs": jobs,
    }
    if isinstance(table, dict):
        with noticed(quiet):
            found = _here(table, xs, y, given or None, permutations, options)
    else:
        options |= {"tol": tol, "max_rows": max_rows}
        with noticed(quiet):
            found = _in_engine(table, xs, y, given or None, permutations, options)
    if as_json:
        print_json({"x": xs or [y], "y": y if xs else None, "given": given or [], **found.to_dict()})
    elif quiet:
        print(f"{found.bits if bits else found.value:.6g}")
    else:
        show_estimate(out_console(), found, xs, y, given or [], bits)


def _here(
    table: RawColumns,
    xs: list[str],
    y: str,
    given: list[str] | None,
    permutations: int,
    options: dict[str, Any],
) -> Estimate:
    import adami

    if not xs:
        return adami.entropy(table, y, given=given, **options)
    return adami.information(table, xs, y, given=given, permutations=permutations, **options)


def _in_engine(
    table: Source, xs: list[str], y: str, given: list[str] | None, permutations: int, options: dict[str, Any]
) -> Estimate:
    from adami.engines.measure import entropy, information

    if not xs:
        return entropy(table, y, given, **options)
    return information(table, xs, y, given, permutations=permutations, **options)
