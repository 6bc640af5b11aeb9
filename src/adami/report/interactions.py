"""Which columns speak only together about a target, and which repeat each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from adami.estimators._base import normal_interval
from adami.estimators.co_information import CoInformation, co_information
from adami.report._table import Field, Table
from adami.report.results import Interaction, Relevance
from adami.result import Diagnostic, Estimate

PAIR_ROWS = 10_000
"""Most rows that carry one pair: its error is far below any effect worth showing then."""
SMALLEST_P = 1e-12
"""A normal test says no more than this about its far tail."""
SCREEN_ROWS = 2_000
SCREEN_COLUMNS = 150
"""Most columns among which all pairs are screened; the most relevant ones, and others in their order."""
REPEATS_SHARE = 0.10
REPEATS_SHARE_UNSURE = 0.25


@dataclass(frozen=True, slots=True)
class Pair:
    """One measured pair and the terms behind it."""

    interaction: Interaction
    terms: CoInformation


def measure_pair(table: Table, first: str, second: str, target: str, confidence: float) -> Pair:
    """Measure the synergy of two columns about a target.

    Parameters
    ----------
    table : Table
    first, second, target : str
    confidence : float
        Level of the interval.

    Returns
    -------
    Pair
        The p-value is that of a normal test of synergy = 0 with the pointwise standard error.
    """
    from scipy.special import ndtr

    a, b, y = table.slots([first], [second], [target])
    notes: tuple[Diagnostic, ...] = ()
    if a.n > PAIR_ROWS:
        rows = np.linspace(0, a.n - 1, PAIR_ROWS).astype(np.intp)
        notes = (Diagnostic("subsampled", f"{PAIR_ROWS:,} of {a.n:,} rows, evenly spread, carry the pair"),)
        a, b, y = a.take(rows), b.take(rows), y.take(rows)
    terms = co_information(a, b, y)
    error = terms.standard_error
    p = max(SMALLEST_P, float(2 * ndtr(-abs(terms.synergy) / error))) if error > 0 else 1.0
    synergy = Estimate(
        terms.synergy,
        quantity="synergy",
        method=terms.method,
        n=terms.n,
        kinds=(a.kind, b.kind, y.kind),
        interval=normal_interval(terms.synergy, error, confidence),
        interval_kind="pointwise",
        confidence=confidence,
        p_value=p,
        diagnostics=notes,
        details={
            f"I({first}; {target} | {second})": terms.given_second,
            f"I({second}; {target} | {first})": terms.given_first,
        },
    )
    return Pair(Interaction(first, second, terms.together, synergy), terms)


def adjusted(pairs: Sequence[Pair]) -> list[Pair]:
    """Return the pairs with p-values adjusted over all of them."""
    from adami.estimators.resampling import benjamini_hochberg

    if not pairs:
        return []
    p = benjamini_hochberg([f.interaction.synergy.p_value for f in pairs])
    return [replace(f, interaction=replace(f.interaction, adjusted_p=float(q))) for f, q in zip(pairs, p)]


def repeated_by(ranked: Sequence[Relevance], pairs: Sequence[Pair]) -> dict[str, str]:
    """Find the columns that a more relevant one already says.

    Column b repeats a when a is at least as relevant, the two overlap about the target (the synergy is
    negative beyond its error), and with a known at most a tenth of what b tells is left, or at most a quarter
    that cannot be told from nothing.

    Parameters
    ----------
    ranked : sequence of Relevance
        Most informative first.
    pairs : sequence of Pair

    Returns
    -------
    dict of name -> name
    """
    place = {r.name: i for i, r in enumerate(ranked)}
    sure = {r.name for r in ranked if r.adjusted_p is None or r.adjusted_p <= 0.05}
    out: dict[str, str] = {}
    for pair in pairs:
        names = (pair.interaction.first, pair.interaction.second)
        a, b = sorted(names, key=place.__getitem__)
        t = pair.terms
        swapped = a != pair.interaction.first
        alone = t.first if swapped else t.second
        left, error = (
            (t.given_second, t.given_second_error) if swapped else (t.given_first, t.given_first_error)
        )
        if b not in sure or alone <= 0 or t.synergy + 2 * t.standard_error >= 0:
            continue
        share = left / alone
        if share <= REPEATS_SHARE or (share <= REPEATS_SHARE_UNSURE and left < 2 * error):
            out[b] = min(out.get(b, a), a, key=place.__getitem__)
    return out


def choose_pairs(
    table: Table, target: str, ranked: Sequence[str], max_pairs: int, rng: np.random.Generator
) -> list[tuple[str, str]]:
    """Choose the pairs worth measuring: all when they are few, else those that a coarse table singles out.

    Marginal relevance cannot choose them, since columns may speak only together; so numbers are cut into few
    quantile bins on at most `SCREEN_ROWS` rows and the co-information of every pair with the target is
    counted. Half of the places go to the strongest of these, of either sign and in units of their chance
    fluctuation, and half to pairs among the most relevant columns.

    Parameters
    ----------
    table : Table
    target : str
    ranked : sequence of str
        Usable columns, most relevant first.
    max_pairs : int
    rng : numpy.random.Generator

    Returns
    -------
    list of (str, str)
        The more relevant column first.
    """
    every = list(combinations(ranked, 2))
    if len(every) <= max_pairs:
        return [p for p in every if len(table.complete([*p, target])) >= 20]
    top = _top_pairs(ranked, max_pairs // 2)
    rows = np.flatnonzero(table[target].present)
    if len(rows) > SCREEN_ROWS:
        rows = np.sort(rng.choice(rows, SCREEN_ROWS, replace=False))
    screened = list(combinations(ranked[:SCREEN_COLUMNS], 2))
    scores = _screen(table, screened, target, rows)
    chosen = dict.fromkeys(top)
    for i in np.argsort(-scores, kind="stable"):
        if len(chosen) >= max_pairs:
            break
        chosen[screened[i]] = None
    return [p for p in chosen if len(table.complete([*p, target])) >= 20]


def _top_pairs(ranked: Sequence[str], count: int) -> list[tuple[str, str]]:
    pairs = [(ranked[i], ranked[j]) for j in range(1, len(ranked)) for i in range(j)]
    return pairs[:count]


def _screen(table: Table, pairs: Sequence[tuple[str, str]], target: str, rows: np.ndarray) -> np.ndarray:
    """Return the binned co-information of each pair in units of its chance fluctuation."""
    bins = int(np.clip((len(rows) / 20) ** (1 / 3), 2, 5))
    coarse = {n: _coarse(table[n], rows, bins) for n in {n for p in pairs for n in p}}
    y, y_levels = _coarse(table[target], rows, bins)
    with_target = {
        n: (np.bincount(c * y_levels + y, minlength=levels * y_levels).reshape(levels, y_levels))
        for n, (c, levels) in coarse.items()
    }
    out = np.empty(len(pairs))
    for i, (a, b) in enumerate(pairs):
        (ca, la), (cb, lb) = coarse[a], coarse[b]
        cube = np.bincount((ca * lb + cb) * y_levels + y, minlength=la * lb * y_levels).reshape(
            la * lb, y_levels
        )
        freedom = (la - 1) * (lb - 1) * (y_levels - 1)
        together, df = _g_statistic(cube)
        (first, df_a), (second, df_b) = _g_statistic(with_target[a]), _g_statistic(with_target[b])
        # a g-statistic of df degrees of freedom has mean df and variance 2 df without dependence
        excess = (together - df) - (first - df_a) - (second - df_b)
        out[i] = abs(excess) / np.sqrt(2 * max(freedom, 1))
    return out


def _g_statistic(counts: np.ndarray) -> tuple[float, int]:
    """Return 2 n times the plug-in information of a table, and its degrees of freedom."""
    rows, cols = counts.sum(axis=1), counts.sum(axis=0)

    def weight(c: np.ndarray) -> float:
        c = c[c > 0]
        return float((c * np.log(c)).sum())

    n = int(rows.sum())
    g = 2 * (weight(counts.ravel()) - weight(rows) - weight(cols) + n * np.log(max(n, 1)))
    return g, int((np.count_nonzero(rows) - 1) * (np.count_nonzero(cols) - 1))


def _coarse(field: Field, rows: np.ndarray, bins: int) -> tuple[np.ndarray, int]:
    """Cut a column into few labels: quantiles of numbers, frequent labels and the rest, gaps apart."""
    values, present = field.values[rows], field.present[rows]
    out = np.full(len(rows), -1, dtype=np.int64)
    here = values[present]
    if field.kind == "discrete":
        sizes = np.bincount(here, minlength=1)
        common = np.argsort(-sizes, kind="stable")[: bins + 1]
        lookup = np.full(len(sizes), len(common), dtype=np.int64)
        lookup[common] = np.arange(len(common))
        out[present] = lookup[here]
    else:
        edges = np.unique(np.quantile(here, np.arange(1, bins) / bins)) if len(here) else np.empty(0)
        out[present] = np.searchsorted(edges, here, side="right")
    _, codes = np.unique(out, return_inverse=True)
    return codes, int(codes.max()) + 1
