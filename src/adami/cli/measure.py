"""adami measure: one number."""

from __future__ import annotations

from typing import Annotated

import typer

from adami.cli import _options as o
from adami.cli._session import check_method, command, load, out_console, parse_kinds, print_json


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
    table = load(file, list(dict.fromkeys([*columns, *(given or [])])), format, na, quiet)
    from adami import entropy, information
    from adami.cli._show import show_estimate

    if xs:
        found = information(
            table,
            xs,
            y,
            given=given or None,
            method=method,
            kinds=kinds,
            missing=missing.value,
            confidence=confidence,
            permutations=permutations,
            random_state=seed,
            n_jobs=jobs,
        )
    else:
        found = entropy(
            table,
            y,
            given=given or None,
            method=method,
            kinds=kinds,
            missing=missing.value,
            confidence=confidence,
            random_state=seed,
            n_jobs=jobs,
        )
    if as_json:
        print_json({"x": xs or [y], "y": y if xs else None, "given": given or [], **found.to_dict()})
    elif quiet:
        print(f"{found.bits if bits else found.value:.6g}")
    else:
        show_estimate(out_console(), found, xs, y, given or [], bits)
