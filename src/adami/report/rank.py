"""Which columns tell how much about a target, which repeat each other, and which few are enough."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from adami._inputs import RawColumns
from adami._parallel import seeds
from adami.estimators._base import Estimator
from adami.estimators.registry import get
from adami.report._method import table_method
from adami.report._pieces import Pieces
from adami.report._progress import Key, Progress, Report, collect
from adami.report._table import Field, Table
from adami.report.interactions import Pair, adjusted, choose_pairs, measure_pair, repeated_by
from adami.report.path import MAX_STEPS, sufficient_path
from adami.report.relevance import LEAST_ROWS, relevance, target_notes
from adami.report.results import Interaction, Ranking, Relevance, Step
from adami.result import Diagnostic, Estimate
from adami.variables import Kind, Missing


def rank(
    columns: RawColumns,
    target: str,
    *,
    method: str | Estimator = "auto",
    kinds: Kind | Mapping[str, Kind] | None = None,
    missing: Missing = "drop",
    confidence: float = 0.95,
    permutations: int = 199,
    max_pairs: int = 66,
    random_state: int | np.random.Generator | None = 0,
    n_jobs: int | None = 1,
    progress: Report = None,
    known: Mapping[tuple[str, str], Estimate] | None = None,
) -> Ranking:
    """Rank the columns of a table by what they tell about a target.

    Parameters
    ----------
    columns : mapping of name -> raw column
    target : str
        Column to be told about.
    method : str or Estimator
        Estimator of the relevance and of the path.
    kinds : str or mapping of name -> kind, optional
    missing : {"drop", "raise", "category"}
        With "drop" every number uses the rows that are complete for its own columns.
    confidence : float
    permutations : int
        Behind every p-value; 0 for none.
    max_pairs : int
        Most pairs of columns looked at for redundancy and synergy; 0 for none.
    random_state : int, numpy.random.Generator or None
    n_jobs : int
        Number of threads, or of workers within ``joblib.parallel_config(backend=...)``; the answer does not
        depend on it.
    progress : callable(done, total, what), optional
    known : mapping of (name, name) -> Estimate, optional
        Information of pairs of columns; the relevances among them are taken over rather than measured.

    Returns
    -------
    Ranking
        Interrupted from the keyboard, what was measured until then, with the diagnostic ``"interrupted"``.

    Raises
    ------
    KeyError
        If the target is no column; near spellings are offered.
    ValueError
        If the target has no values or there is no other column.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.report.rank import rank
    >>> a, b = np.array([0, 0, 1, 1] * 30), np.array([0, 1, 0, 1] * 30)
    >>> found = rank({"a": a, "b": b, "y": a ^ b}, "y", permutations=99)
    >>> found.sufficient
    ('a', 'b')
    """
    table = Table(columns, kinds, missing)
    found = measure_ranking(
        table,
        target,
        table_method(method),
        confidence=confidence,
        permutations=permutations,
        max_pairs=max_pairs,
        random_state=random_state,
        n_jobs=n_jobs,
        progress=Progress(progress, planned(table, max_pairs)),
        known={a if b == target else b: told for (a, b), told in (known or {}).items() if target in (a, b)},
    )
    settings = {**found.settings, "missing": missing}
    return replace(found, settings=settings)


def planned(table: Table, max_pairs: int) -> int:
    """Return how many pieces of work a ranking counts."""
    others = len(table.fields) - 1
    return others + min(max_pairs, others * (others - 1) // 2) + MAX_STEPS


def measure_ranking(
    table: Table,
    target: str,
    estimator: Estimator,
    *,
    confidence: float,
    permutations: int,
    max_pairs: int,
    random_state: int | np.random.Generator | None,
    n_jobs: int | None,
    progress: Progress,
    known: Mapping[str, Estimate] | None = None,
    store: Pieces | None = None,
) -> Ranking:
    """Rank the columns of a checked table; the parameters are those of `rank`.

    The relevance of the columns in `known` is taken over rather than measured again; finished pieces are kept
    in the `store` and found there.
    """
    start = time.perf_counter()
    goal = table[target]
    names = [n for n in table.fields if n != target]
    if not names:
        raise ValueError(f"the table has no column beside the target {target!r}")
    if not goal.present.any():
        raise ValueError(f"target {target!r} has no values")
    for_relevance, for_pairs, for_path = seeds(random_state, 3)
    whole_work = planned(table, max_pairs)
    diagnostics = [*table.gaps(), *target_notes(goal)]
    measured: dict[Key, Estimate] = {}
    rows: tuple[Relevance, ...] = ()
    found: dict[Key, Pair] = {}
    chosen: list[tuple[str, str]] = []
    pairs: list[Pair] = []
    path: list[Step] = []
    repeats: dict[str, str] = {}
    entropy = _target_entropy(table, goal, confidence)
    try:
        tasks: dict[Key, tuple[str, np.random.Generator]] = {
            (name,): (name, rng) for name, rng in zip(names, seeds(for_relevance, len(names)))
        }
        for name, told in (known or {}).items():
            if tasks.pop((name,), None) is not None:
                measured[name,] = told
                progress.step("relevance")
        options = {"confidence": confidence, "permutations": permutations}
        collect(
            lambda task: relevance(table, estimator, task[0], target, task[1], options),
            tasks,
            measured,
            what="relevance",
            progress=progress,
            n_jobs=n_jobs,
            store=store,
        )
        rows = _rows(table, names, measured, entropy)
        usable = [r for r in rows if _usable(r)]
        chosen = choose_pairs(table, target, [r.name for r in usable], max_pairs, for_pairs)
        collect(
            lambda pair: measure_pair(table, pair[0], pair[1], target, confidence),
            {pair: pair for pair in chosen},
            found,
            what="pairs",
            progress=progress,
            n_jobs=n_jobs,
            store=store,
        )
        pairs = adjusted([found[pair] for pair in chosen])
        repeats = repeated_by(usable, pairs)
        progress.reach(whole_work - MAX_STEPS, "pairs")
        notes = sufficient_path(
            table,
            estimator,
            target,
            usable,
            [f.interaction for f in pairs],
            path,
            entropy,
            confidence=confidence,
            permutations=permutations,
            random_state=for_path,
            n_jobs=n_jobs,
            progress=progress,
            store=store,
        )
        diagnostics += notes
        progress.reach(whole_work, "path")
    except KeyboardInterrupt:
        rows = rows or _rows(table, names, measured, entropy)
        pairs = pairs or adjusted([found[pair] for pair in chosen if pair in found])
        diagnostics.append(
            Diagnostic(
                "interrupted",
                f"interrupted: {len(rows)} of {len(names)} columns, {len(pairs)} pairs and {len(path)} steps "
                "of the path were measured",
                "warning",
            )
        )
    return Ranking(
        target=target,
        target_kind=goal.kind,
        target_entropy=entropy,
        rows=_with_repeats(rows, repeats),
        interactions=_strongest_first([f.interaction for f in pairs]),
        path=tuple(path),
        n=table.n,
        diagnostics=tuple(diagnostics),
        settings={
            "method": estimator.name,
            "confidence": confidence,
            "permutations": permutations,
            "max_pairs": max_pairs,
            "random_state": seed_told(random_state),
        },
        seconds=time.perf_counter() - start,
    )


def seed_told(random_state: int | np.random.Generator | None) -> int | str | None:
    """Return the seed for the settings; a generator has no name."""
    return "generator" if isinstance(random_state, np.random.Generator) else random_state


def _usable(row: Relevance) -> bool:
    return (
        not row.information.flags & {"identifier", "constant", "degenerate"}
        and row.information.n >= LEAST_ROWS
    )


def _rows(
    table: Table, names: Sequence[str], measured: Mapping[Key, Estimate], entropy: Estimate | None
) -> tuple[Relevance, ...]:
    """Return the measured columns, most informative first, p-values adjusted over the table."""
    from adami.estimators.resampling import benjamini_hochberg

    # equal values stay in the order of the table
    order = sorted((n for n in names if (n,) in measured), key=lambda n: -measured[n,].value)
    p = [measured[n,].details.get("tail_p", measured[n,].p_value) for n in order]
    adjusted = benjamini_hochberg([np.nan if v is None else v for v in p]) if order else np.empty(0)
    whole = None if entropy is None or not entropy.value > 0 else entropy.value
    return tuple(
        Relevance(
            n,
            table[n].kind,
            measured[n,],
            None if whole is None else measured[n,].value / whole,
            table[n].missing,
            None if np.isnan(q) else float(q),
        )
        for n, q in zip(order, adjusted)
    )


def _with_repeats(rows: Sequence[Relevance], repeats: Mapping[str, str]) -> tuple[Relevance, ...]:
    return tuple(
        Relevance(r.name, r.kind, r.information, r.share, r.missing, r.adjusted_p, repeats.get(r.name))
        for r in rows
    )


def _strongest_first(pairs: Sequence[Interaction]) -> tuple[Interaction, ...]:
    return tuple(sorted(pairs, key=lambda i: (-abs(i.synergy.value), i.first, i.second)))


def _target_entropy(table: Table, goal: Field, confidence: float) -> Estimate | None:
    from adami.estimators.resampling import assess

    if goal.kind != "discrete":
        return None
    return assess(get("miller_madow"), goal.cut(table.complete([goal.name])), confidence=confidence)
