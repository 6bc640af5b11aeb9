"""One question to a big table: which columns, from counts or from a sample, and what to say of the answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from adami.engines.bins import number_of_bins, quantile_edges
from adami.engines.counts import count_sets
from adami.engines.fields import Field, table_fields
from adami.engines.source import Source
from adami.result import Diagnostic, Estimate
from adami.variables import Kind, Missing

if TYPE_CHECKING:
    from adami.estimators._base import Estimator
    from adami.estimators._kernels.contingency import Cells

Kinds = Kind | Mapping[str, Kind] | None
Names = str | Sequence[str]
BINNED = "binned"


def names_of(slot: Names) -> tuple[str, ...]:
    """Return the names of one slot."""
    return (slot,) if isinstance(slot, str) else tuple(str(n) for n in slot)


def ask(
    source: Source,
    slots: Sequence[tuple[str, ...]],
    *,
    conditional: bool,
    informs: bool,
    method: str | Estimator,
    kinds: Kinds,
    missing: Missing,
    confidence: float,
    permutations: int,
    tol: float,
    max_rows: int,
    bins: int | None,
    random_state: int | None,
    n_jobs: int | None,
    fields: Mapping[str, Field] | None,
) -> Estimate:
    """Measure slots of columns: labels from counts of all rows, numbers from a sample or in bins."""
    from adami.estimators._assess_cells import assess_cells, counts_suffice
    from adami.estimators.registry import configured

    columns = list(dict.fromkeys(n for s in slots for n in s))
    source.require(columns)
    known = checked_fields(source, columns, kinds, fields, missing)
    binned = method == BINNED
    estimator = configured("auto" if binned else method, random_state=random_state, n_jobs=n_jobs)
    labels = all(known[n].kind == "discrete" for n in columns)
    if not counts_suffice(estimator) or not (binned or labels):
        return _sampled(
            source,
            slots,
            known,
            estimator,
            informs,
            conditional,
            missing,
            confidence,
            permutations,
            tol,
            max_rows,
            random_state,
            n_jobs,
        )
    edges = edges_of(source, known, bins)
    cells = count_sets(source, [columns], fields=known, edges=edges, category=category(known, missing))[0]
    table = _repeated(cells, columns, slots)
    found = assess_cells(
        estimator,
        table,
        slots,
        conditional=conditional,
        confidence=confidence,
        permutations=permutations,
        random_state=random_state,
    )
    return told(found, source, slots, known, edges, cells)


def _repeated(cells: Cells, columns: Sequence[str], slots: Sequence[tuple[str, ...]]) -> Cells:
    """Return one axis a name of the slots, also where two slots hold the same column."""
    from adami.estimators._kernels.contingency import Cells

    at = [columns.index(n) for s in slots for n in s]
    return Cells(cells.counts, tuple(cells.labels[i] for i in at), tuple(cells.sizes[i] for i in at))


def checked_fields(
    source: Source, columns: Sequence[str], kinds: Kinds, fields: Mapping[str, Field] | None, missing: Missing
) -> dict[str, Field]:
    """Return what the columns are, after refusing what cannot be measured as asked."""
    if missing not in ("raise", "drop", "category"):
        raise ValueError(f"missing={missing!r}: choose 'raise', 'drop' or 'category'")
    known = (
        {n: fields[n] for n in columns} if fields is not None else table_fields(source, columns, kinds=kinds)
    )
    for field in known.values():
        if field.missing == field.rows:
            raise ValueError(f"column {field.name!r}: all {field.rows} values are missing")
        if missing == "category" and field.missing and field.kind != "discrete":
            raise ValueError(
                f"column {field.name!r}: {field.missing} missing value(s) in a numeric column; "
                "missing='category' is for discrete columns: use missing='drop' or kinds={...: 'discrete'}"
            )
    gaps = [(f.name, f.missing) for f in known.values() if f.missing]
    if gaps and missing == "raise":
        from adami._missing import missing_message

        raise ValueError(missing_message(gaps))
    return known


def category(known: Mapping[str, Field], missing: Missing) -> list[str]:
    """Return the columns whose missing values are a label of their own."""
    return list(known) if missing == "category" else []


def edges_of(source: Source, known: Mapping[str, Field], bins: int | None) -> dict[str, tuple[float, ...]]:
    """Return the edges of the bins of all columns of numbers."""
    numbers = [n for n, field in known.items() if field.kind != "discrete"]
    if not numbers:
        return {}
    return quantile_edges(source, numbers, bins or number_of_bins(min(known[n].present for n in numbers)))


def told(
    found: Estimate,
    source: Source,
    slots: Sequence[tuple[str, ...]],
    known: Mapping[str, Field],
    edges: Mapping[str, tuple[float, ...]],
    cells: Cells,
) -> Estimate:
    """Add what only the engine knows: rows counted, rows left out, columns cut into bins."""
    columns = list(dict.fromkeys(n for s in slots for n in s))
    rows, used = known[columns[0]].rows, cells.n
    notes = []
    if used < rows:
        said = ", ".join(f"{n!r} ({known[n].missing})" for n in columns if known[n].missing)
        notes.append(
            Diagnostic("dropped_rows", f"{rows - used} of {rows} rows dropped for missing values in {said}")
        )
    cut = [n for n in columns if n in edges]
    details: dict[str, Any] = {**found.details, "backend": source.backend, "rows": rows, "counted": used}
    if cut:
        details["bins"] = {n: len(edges[n]) + 1 for n in cut}
        said = ", ".join(f"{n!r} ({len(edges[n]) + 1})" for n in cut)
        notes.append(
            Diagnostic(
                "binned",
                f"numbers are counted in bins of about equal numbers of rows: {said}; what happens within a "
                "bin is not seen",
                "note",
                "low",
            )
        )
    kinds = tuple(
        "discrete" if all(known[n].kind == "discrete" for n in s) else _joint_kind(s, known) for s in slots
    )
    method = f"binned_{found.method}" if cut else found.method
    bound = "lower" if cut and found.quantity == "mutual information" else found.bound
    return found.replace(kinds=kinds, method=method, bound=bound, details=details).with_diagnostics(*notes)


def _joint_kind(slot: Sequence[str], known: Mapping[str, Field]) -> Kind:
    return "continuous" if all(known[n].kind == "continuous" for n in slot) else "mixed"


def _sampled(
    source: Source,
    slots: Sequence[tuple[str, ...]],
    known: Mapping[str, Field],
    estimator: Estimator,
    informs: bool,
    conditional: bool,
    missing: Missing,
    confidence: float,
    permutations: int,
    tol: float,
    max_rows: int,
    random_state: int | None,
    n_jobs: int | None,
) -> Estimate:
    """Let a sample of rows grow until the interval is narrow enough."""
    from adami.engines.sample import adaptive_sample
    from adami.estimators.resampling import assess
    from adami.variables import align

    columns = list(known)
    kinds = {n: field.kind for n, field in known.items()}
    said = ("x", "y", "given") if informs else ("x", "given")

    def measure(rows: Mapping[str, Any]) -> Estimate:
        raw = [({n: rows[n] for n in slot}, name) for slot, name in zip(slots, said)]
        variables, notes = align(*raw, kinds={n: kinds[n] for s in slots for n in s}, missing=missing)
        x, rest = variables[0], variables[1:]
        y = rest[0] if informs else None
        given = rest[-1] if conditional else None
        found = assess(
            estimator,
            x,
            y,
            given,
            confidence=confidence,
            permutations=permutations,
            random_state=random_state,
            n_jobs=n_jobs,
        )
        return found.with_diagnostics(*notes)

    found = adaptive_sample(source, columns, measure, tol=tol, max_rows=max_rows, random_state=random_state)
    details = {**found.details, "backend": source.backend, "rows": known[columns[0]].rows}
    return found.replace(details=details)
