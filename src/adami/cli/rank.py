"""adami rank: which columns tell how much about a target."""

from __future__ import annotations

import typer

from adami.cli import _options as o
from adami.cli._progress import Meter
from adami.cli._session import (
    INTERRUPTED,
    check_method,
    command,
    load,
    noticed,
    only,
    out_console,
    parse_kinds,
    print_json,
    say_error,
    was_interrupted,
)


@command
def rank(
    file: o.File,
    target: o.Target,
    column: o.Columns = None,
    method: o.Method = "auto",
    kind: o.Kinds = None,
    missing: o.MissingRule = o.Missing.drop,
    confidence: o.Confidence = 0.95,
    permutations: o.Permutations = 199,
    seed: o.Seed = 0,
    jobs: o.Jobs = 1,
    format: o.FileFormat = None,
    na: o.Na = None,
    tol: o.Tol = 0.02,
    max_rows: o.MaxRows = 200_000,
    key: o.Key = None,
    memory_limit: o.MemoryLimit = None,
    bits: o.Bits = False,
    as_json: o.Json = False,
    quiet: o.Quiet = False,
    debug: o.Debug = False,
) -> None:
    """Rank columns by what they tell about a target: relevance, repetition, synergy, the few that are enough.

    Example: adami rank examples/penguins.csv --target species
    """
    check_method(method)
    from adami.verbs._sources import with_key

    kinds = parse_kinds(kind)
    table = load(file, with_key(only(column, target), key), format, na, quiet, memory_limit)
    import adami

    with noticed(quiet), Meter(quiet) as meter:
        found = adami.rank(
            table,
            target,
            method=method,
            kinds=kinds,
            missing=missing.value,
            confidence=confidence,
            permutations=permutations,
            random_state=seed,
            n_jobs=jobs,
            progress=meter,
            tol=tol,
            max_rows=max_rows,
            key=key,
            columns=only(column, target),
        )
    if as_json:
        print_json(found.to_dict())
    else:
        from adami.cli._show_ranking import show_ranking

        show_ranking(out_console(), found, bits, quiet)
    if was_interrupted({d.flag for d in found.diagnostics}):
        say_error("interrupted; what is shown was finished before")
        raise typer.Exit(INTERRUPTED)
