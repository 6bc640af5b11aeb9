"""A sample of the rows of a table in an engine: seeded, the same on every engine, as large as it must be.

Every row has a fingerprint, a hash of its values (or of the columns of a key) and the seed. The rows with the
smallest fingerprints are the sample, so a larger sample contains a smaller one, and no engine sorts anything.
Rows that are alike share their fingerprint, yet each of them must have a chance of its own: where repeats are
common the engine counts each distinct row, and its copies are drawn one by one from that count.

Two scans do it, however far the sample grows: one counts the rows of each bucket of fingerprints, which tells
how many rows there are and whether they repeat; one brings the rows of the largest sample allowed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from adami._inputs import RawColumns, raw_columns
from adami.engines._errors import explained
from adami.engines._hashing import BUCKET_DIGITS, COARSE, DIGITS, fingerprint, leading_number, plain
from adami.engines._interrupts import interruptible
from adami.engines.source import open_source
from adami.result import Diagnostic, Estimate

BUCKETS = 16**BUCKET_DIGITS
UNEVEN = 1.03
"""Variance over mean of the buckets' counts from which rows are taken to repeat; 1 for rows all different."""
MOST_NAMED = 1_000
"""Most buckets with repeats that are named to the engine one by one."""
MOST_CELLS = 2**25
"""Most values that a sample may hold."""
SAME_FATE = 0.01
"""Largest share of different rows that may have a fingerprint in common."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """Rows drawn from a table, in an order whose every beginning is a sample.

    Parameters
    ----------
    columns : mapping of name -> raw column
    total : int
        Rows of the whole table.
    table : pyarrow.Table
        The rows as they came.
    """

    columns: RawColumns
    total: int
    table: Any

    @classmethod
    def of(cls, table: Any, total: int) -> Drawn:
        """Return rows as an engine gave them."""
        return cls(raw_columns(table), total, table)

    @property
    def rows(self) -> int:
        """Number of rows drawn."""
        return len(next(iter(self.columns.values()))) if self.columns else 0

    @property
    def whole(self) -> bool:
        """Whether these are all the rows there are."""
        return self.rows == self.total

    def first(self, rows: int) -> RawColumns:
        """Return the sample of so many rows."""
        return {name: values[:rows] for name, values in self.columns.items()}


def draw(
    source: Any,
    columns: Sequence[str],
    rows: int,
    random_state: int | None = 0,
    *,
    key: str | Sequence[str] | None = None,
) -> Drawn:
    """Draw rows at random in the engine; only these rows leave it.

    Parameters
    ----------
    source : Source or ibis table
    columns : sequence of str
    rows : int
        As many, or all rows of a smaller table.
    random_state : int
        The same seed draws the same rows on every engine.
    key : str or sequence of str, optional
        Column(s) that are different in every row. Reading only these is cheaper than reading all of a row to
        tell it from others.

    Returns
    -------
    Drawn

    Raises
    ------
    ValueError
        If there are no rows, or the rows cannot be told apart.
    KeyError
        If a column does not exist.
    TypeError
        For a column of vectors, structures or bytes.

    Examples
    --------
    >>> import ibis
    >>> from adami.engines.sample import draw
    >>> table = ibis.range(1_000).unnest().name("i").as_table()
    >>> drawn = draw(table, ["i"], 5)
    >>> drawn.total, drawn.columns["i"].tolist()
    (1000, [791, 311, 225, 568, 499])
    """
    source = open_source(source)
    table = source.table
    names = list(dict.fromkeys(columns))
    keys = [key] if isinstance(key, str) else list(key or ())
    source.require((*names, *keys))
    if rows < 1:
        raise ValueError(f"a sample of {rows} rows holds nothing")
    rows = max(1, min(rows, MOST_CELLS // max(len(names), 1)))
    seed = int(np.random.SeedSequence(random_state).generate_state(1, np.uint64)[0])
    values = {f"c{i}": plain(table[name]) for i, name in enumerate(names)}
    told_by = [plain(table[name]) for name in keys] or list(values.values())
    hashed = table.select(**values, h=fingerprint(told_by, seed))
    with explained(source.name, source.origin):
        counts = _bucket_counts(hashed)
    total = int(counts.sum())
    if total == 0:
        raise ValueError(f"{source.name} has no rows")
    crowded = np.ones(BUCKETS, dtype=bool) if total <= rows else _crowded(counts)
    wanted = min(rows, total)
    share = 1.0 if wanted == total else min(1.0, (wanted + 6 * math.sqrt(wanted) + 10) / total)
    while True:
        with explained(source.name, source.origin):
            found = _fetch(hashed, list(values), crowded, share)
        order = _copies(found, crowded, share)
        if len(order) >= wanted or share == 1.0:
            break
        share = min(1.0, 1.5 * share)
    _refuse_common_fate(found, keys)
    chosen = found.take(order[:wanted]).select(list(values)).rename_columns(names)
    return Drawn.of(chosen, total)


def sample(
    source: Any,
    columns: Sequence[str],
    rows: int,
    random_state: int | None = 0,
    *,
    key: str | Sequence[str] | None = None,
) -> RawColumns:
    """Return rows drawn at random in the engine, or all rows of a smaller table.

    The parameters are those of `draw`.

    Examples
    --------
    >>> import ibis
    >>> from adami.engines.sample import sample
    >>> table = ibis.range(1_000).unnest().name("i").as_table()
    >>> few, more = (sample(table, ["i"], n)["i"].tolist() for n in (10, 20))
    >>> few == more[:10]
    True
    """
    return draw(source, columns, rows, random_state, key=key).columns


def adaptive_sample(
    source: Any,
    columns: Sequence[str],
    measure: Callable[[RawColumns], Estimate],
    *,
    tol: float = 0.02,
    first: int = 2_000,
    max_rows: int = 200_000,
    random_state: int | None = 0,
    key: str | Sequence[str] | None = None,
) -> Estimate:
    """Measure on a sample that grows until the number is sure enough, or the budget ends.

    Parameters
    ----------
    source : Source or ibis table
    columns : sequence of str
    measure : callable
        Raw columns -> Estimate with an interval.
    tol : float
        Largest width of the interval, from its lower to its upper end, in nats.
    first, max_rows : int
        Rows of the smallest and of the largest sample. The sample doubles in between.
    random_state : int
    key : str or sequence of str, optional
        As in `draw`.

    Returns
    -------
    Estimate
        With the diagnostic ``"sampled"``, or ``"sample_budget"`` where the budget ended first; the details
        hold ``"rows"``, ``"table_rows"`` and ``"tol"``.

    Examples
    --------
    >>> import adami, ibis
    >>> from adami.engines.sample import adaptive_sample
    >>> i = ibis.range(50_000).unnest().name("i").as_table()
    >>> table = i.mutate(x=(i.i * 0.1).sin(), y=(i.i * 0.1).sin() + (i.i * 1.7).cos())
    >>> found = adaptive_sample(table, ["x", "y"], lambda rows: adami.information(rows, "x", "y"), tol=0.1)
    >>> found.interval[1] - found.interval[0] < 0.1
    True
    """
    drawn = draw(source, columns, max_rows, random_state, key=key)
    return grow(drawn, measure, tol=tol, first=first)


def grow(
    drawn: Drawn, measure: Callable[[RawColumns], Estimate], *, tol: float = 0.02, first: int = 2_000
) -> Estimate:
    """Measure on growing beginnings of drawn rows; the parameters are those of `adaptive_sample`."""
    check_growth(tol, first)
    rows = min(first, drawn.rows)
    while True:
        found = measure(drawn.first(rows))
        wide = width(found)
        if wide < tol or rows == drawn.rows:
            break
        rows = next_size(rows, wide, tol, drawn.rows)
    note = told(drawn, rows, {"the interval": wide}, tol)
    numbers = {"rows": rows, "table_rows": drawn.total, "tol": tol}
    return found.replace(details={**found.details, **numbers}).with_diagnostics(note)


def check_growth(tol: float, first: int) -> None:
    """Refuse a width or a size that means nothing."""
    if not tol > 0:
        raise ValueError(f"tol={tol}: the width of an interval must be above 0")
    if first < 5:
        raise ValueError(f"first={first}: a sample needs at least 5 rows")


def width(estimate: Estimate) -> float:
    """Return how wide the interval is: 0 for an infinite amount, which no more rows will change."""
    if math.isinf(estimate.value):
        return 0.0
    if estimate.interval is None:
        return math.inf
    return estimate.interval[1] - estimate.interval[0]


def next_size(rows: int, wide: float, tol: float, most: int) -> int:
    """Return the next size: doubled, and doubled again while it will hardly do.

    A width falls with the root of the rows; the sizes skipped need less than a quarter of the rows that this
    foretells.
    """
    foretold = rows * (wide / tol) ** 2
    rows *= 2
    while rows < min(most, foretold / 4):
        rows *= 2
    return min(rows, most)


def told(drawn: Drawn, rows: int, widths: dict[str, float], tol: float) -> Diagnostic:
    """Say how many rows were used and whether the width was reached."""
    if rows == drawn.total:
        return Diagnostic("all_rows", f"all {rows:,} rows were measured")
    widest = max(widths, key=lambda k: widths[k]) if widths else ""
    said = f"measured on a random sample of {rows:,} of {drawn.total:,} rows"
    if not widths or widths[widest] < tol:
        return Diagnostic("sampled", f"{said}: tol reached, no interval is as wide as {tol:g} nats")
    how = "has no width" if math.isinf(widths[widest]) else f"is {widths[widest]:.3g} nats wide"
    return Diagnostic(
        "sample_budget",
        f"{said}: the budget ended before tol={tol:g} nats was reached, {widest} {how}; more rows "
        "(max_rows=) narrow it",
        "warning",
    )


def _bucket_counts(hashed: Any) -> np.ndarray:
    bucket = hashed.h.substr(0, BUCKET_DIGITS)
    asked = hashed.group_by(bucket=bucket).agg(rows=hashed.count())
    table = interruptible(asked._find_backend(use_default=True), asked.to_pyarrow)
    counts = np.zeros(BUCKETS, dtype=np.int64)
    places = [int(b, 16) for b in table["bucket"].to_pylist()]
    counts[places] = table["rows"].to_numpy()
    return counts


def _crowded(counts: np.ndarray) -> np.ndarray:
    """Return the buckets in which rows repeat: they hold more than chance puts there."""
    middle = float(np.median(counts))
    crowded = np.asarray(counts > middle + 8 * math.sqrt(middle) + 8)
    rest = counts[~crowded]
    mean = float(rest.mean()) if len(rest) else 0.0
    uneven = mean == 0.0 or float(rest.var()) / mean > UNEVEN
    if uneven or np.count_nonzero(crowded) > MOST_NAMED:
        crowded[:] = True
    return crowded


def _fetch(hashed: Any, names: list[str], crowded: np.ndarray, share: float) -> Any:
    """Bring the distinct rows that can have a copy among this share of all rows, and count them.

    Of c copies that draw a number in [0, 1) each, the smallest is below `share` with a probability of at most
    c times the share; so a distinct row comes along when its fingerprint, as a number, is below that.
    """
    import ibis

    light = hashed.h < f"{min(int(share * 2**DIGITS) + 1, 2**DIGITS - 1):012x}"
    everywhere = bool(crowded.all())
    if not crowded.any():
        hashed = hashed.filter(light)
    elif not everywhere:
        named = [f"{i:0{BUCKET_DIGITS}x}" for i in np.flatnonzero(crowded)]
        hashed = hashed.filter(light | hashed.h.substr(0, BUCKET_DIGITS).isin(named))
    groups = hashed.group_by(["h", *names]).agg(copies=hashed.count())
    if crowded.any() and share < 1.0:
        able = leading_number(groups.h) < ibis.least(groups.copies, 2**COARSE) * math.ceil(share * 2**COARSE)
        groups = groups.filter(able)
    return interruptible(groups._find_backend(use_default=True), groups.to_pyarrow)


def _copies(found: Any, crowded: np.ndarray, share: float) -> np.ndarray:
    """Return which distinct row each copy below `share` is of, in the order of the copies' numbers."""
    digests = found["h"].to_pylist()
    copies = found["copies"].to_numpy().astype(np.int64)
    numbers = np.array([int(h[: DIGITS // 4], 16) for h in digests], dtype=np.float64) / 2.0**DIGITS
    drawn_apart = crowded[[int(h[:BUCKET_DIGITS], 16) for h in digests]] & (copies > 1)
    # the least of c uniform numbers, by its own distribution from one uniform number
    least = np.where(drawn_apart, -np.expm1(np.log1p(-numbers) / copies), numbers)
    place, at, turn = [np.arange(len(copies))], [least], [np.zeros(len(copies), dtype=np.int64)]
    for i in np.flatnonzero((copies > 1) & (least < share)):
        more = (
            _further(digests[i], int(copies[i]), float(least[i]), share)
            if drawn_apart[i]
            else np.full(copies[i] - 1, least[i])
        )
        place.append(np.full(len(more), i))
        at.append(more)
        turn.append(np.arange(1, len(more) + 1))
    places, ats, turns = (np.concatenate(p) for p in (place, at, turn))
    kept = np.flatnonzero(ats < share)
    rank_of = np.empty(len(digests), dtype=np.int64)
    rank_of[np.argsort(np.array(digests, dtype="U32"), kind="stable")] = np.arange(len(digests))
    order = np.lexsort((turns[kept], rank_of[places[kept]], ats[kept]))
    return np.asarray(places[kept][order])


def _further(digest: str, copies: int, least: float, share: float) -> np.ndarray:
    """Return the second, third, ... smallest of `copies` uniform numbers that lie below `share`.

    Given the smaller ones, the logarithm of what is left above steps on by an exponential over how many are
    left.
    """
    goal, at = -math.log1p(-share) if share < 1.0 else math.inf, -math.log1p(-least)
    rng = np.random.default_rng([int(digest[i : i + 8], 16) for i in range(0, 32, 8)])
    out: list[np.ndarray] = []
    left = copies - 1
    while left and at < goal:
        size = min(left, 64 if not out else 4096)
        steps = at + np.cumsum(rng.standard_exponential(size) / np.arange(left, left - size, -1))
        out.append(steps)
        left, at = left - size, float(steps[-1])
    numbers = -np.expm1(-np.concatenate(out)) if out else np.empty(0)
    return np.asarray(numbers[numbers < share])


def _refuse_common_fate(found: Any, keys: Sequence[str]) -> None:
    """Refuse a sample in which different rows come along together: it would be one of clusters."""
    digests = found["h"].to_pylist()
    common = len(digests) - len(set(digests))
    if common <= SAME_FATE * len(digests):
        return
    if keys:
        raise ValueError(
            f"key {', '.join(map(repr, keys))} is the same for many different rows; a key must be different "
            "in every row: add a column to it, or leave it out"
        )
    raise ValueError(
        "many different rows cannot be told apart by their values, which lie beyond 1e-45 or 1e45; name a "
        "column that is different in every row with key=, or measure in other units"
    )
