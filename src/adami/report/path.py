"""The greedy path to the smallest set of columns that tells what all of them tell about a target."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from adami._parallel import seeds
from adami.estimators._base import Estimator
from adami.estimators.registry import get
from adami.estimators.selection import sidak
from adami.estimators.shared_radius import SharedRadius
from adami.report._pieces import Pieces
from adami.report._progress import Key, Progress, collect, once
from adami.report._table import Table
from adami.report.relevance import with_p_value
from adami.report.results import Interaction, Relevance, Step
from adami.result import Diagnostic, Estimate
from adami.variables import Variable

MAX_STEPS = 8
MAX_CANDIDATES = 30
ALPHA = 0.05
TEST_ROWS = 2_000
"""Most rows that carry one test of the path: what 2,000 rows cannot show is hardly worth a column."""
LOCAL = 0.5
"""Share of an axis that a neighbourhood may span before a conditional estimate is no longer local."""
LOCAL_NEIGHBOURS = 5


def sufficient_path(
    table: Table,
    estimator: Estimator,
    target: str,
    ranked: Sequence[Relevance],
    pairs: Sequence[Interaction],
    path: list[Step],
    entropy: Estimate | None,
    *,
    confidence: float,
    permutations: int,
    random_state: np.random.Generator,
    n_jobs: int | None,
    progress: Progress,
    store: Pieces | None = None,
) -> list[Diagnostic]:
    """Add columns while they tell something new, testing each by (local) permutation.

    Each step takes the column with the largest I(column; target | chosen). It is accepted when a permutation
    test, corrected for having picked the best of all candidates, is significant; otherwise a pair whose
    synergy is significant gets a chance to enter together, and the path ends.

    Parameters
    ----------
    table : Table
    estimator : Estimator
        Of the gains; "auto", and a method without a conditional form, gives way to nearest neighbours with
        one radius for all terms (to "miller_madow" between labels).
    target : str
    ranked : sequence of Relevance
        Usable columns, most informative first.
    pairs : sequence of Interaction
    path : list of Step
        Filled in place, so that an interruption keeps what is there.
    entropy : Estimate or None
        H(target) when the target is discrete.
    confidence, permutations, random_state, n_jobs, progress
        As in `rank`.
    store : Pieces, optional
        Where finished gains and tests are kept and found.

    Returns
    -------
    list of Diagnostic
        Why the path ended where it did.
    """
    generators = seeds(random_state, 2 * MAX_STEPS)
    walk = _Walk(table, target, estimator, confidence, permutations, n_jobs, generators, store)
    left = _candidates(ranked, pairs)
    known = {r.name: r.information for r in ranked}
    notes: list[Diagnostic] = []
    while left and len(path) < MAX_STEPS:
        chosen = [s.name for s in path]
        total = path[-1].total if path else 0.0
        if entropy is not None and path and total >= entropy.value:
            notes.append(Diagnostic("path_full", f"the path ends where H({target}) is reached"))
            break
        if not walk.is_local([*chosen, left[0]]):
            notes.append(walk.too_wide(chosen))
            break
        gains = [known[c].value for c in left] if not chosen else walk.gains(left, chosen)
        best = int(np.argmax(gains))
        gain = walk.test(left[best], chosen, len(left), 2 * len(path))
        accepted = _significant(gain)
        duo = None if accepted else _partners(pairs, left, chosen)
        if duo is not None and walk.is_local([*chosen, *duo]):
            first, second = duo
            after = walk.test(second, [*chosen, first], len(pairs), 2 * len(path) + 1)
            if _significant(after):
                before = walk.gain(first, chosen)
                path.append(Step(first, before, total + before.value))
                path.append(Step(second, after, total + before.value + after.value))
                left = [c for c in left if c not in duo]
                progress.step("path", 2)
                continue
        path.append(Step(left[best], gain, total + gain.value, accepted))
        progress.step("path")
        if not accepted:
            break
        left.pop(best)
    if len(path) >= MAX_STEPS and left and path[-1].accepted:
        notes.append(
            Diagnostic("path_limit", f"the path ends after {MAX_STEPS} columns; more may tell something")
        )
    return notes + _above_entropy(path, entropy, target)


class _Walk:
    """Gains along the path, each on the rows that are complete for it.

    All gains that involve numbers come from one estimator, the first included, so that they add up by the
    chain rule; the adaptive choice would mix several.
    """

    def __init__(
        self,
        table: Table,
        target: str,
        estimator: Estimator,
        confidence: float,
        permutations: int,
        n_jobs: int | None,
        generators: Sequence[np.random.Generator],
        store: Pieces | None,
    ) -> None:
        self.table, self.target, self.estimator = table, target, estimator
        self.confidence, self.permutations, self.n_jobs = confidence, permutations, n_jobs
        self.generators, self.store = generators, store

    def gains(self, candidates: Sequence[str], chosen: Sequence[str]) -> list[float]:
        measure = partial(_gain, self.table, self.target, self.estimator)
        tasks: dict[Key, tuple[str, ...]] = {(c, *chosen): (c, *chosen) for c in candidates}
        found: dict[Key, Estimate] = {}
        collect(measure, tasks, found, what="gain", n_jobs=self.n_jobs, store=self.store, fine=True)
        return [found[name].value for name in tasks]

    def gain(self, name: str, chosen: Sequence[str]) -> Estimate:
        return _gain(self.table, self.target, self.estimator, (name, *chosen))

    def test(self, name: str, chosen: Sequence[str], tried: int, place: int) -> Estimate:
        """Test a gain with the generator of that place, unless a store holds it."""
        key = (str(place), name, *chosen)
        return once(lambda: self._test(name, chosen, tried, self.generators[place]), "test", key, self.store)

    def _test(self, name: str, chosen: Sequence[str], tried: int, rng: np.random.Generator) -> Estimate:
        """Measure a gain with interval and p-value; the details hold it corrected for the candidates.

        The estimator's own statistic and that of the chain both get a chance, at half the level each: one may
        be sharp for smooth dependence and blind to a parity, the other the reverse.
        """
        from adami.estimators.resampling import assess

        slots = _slots(self.table, self.target, (name, *chosen))
        chain = _chain(self.estimator, slots)
        for_interval, *for_tests = rng.spawn(3)
        gain = assess(chain, *slots, confidence=self.confidence, random_state=for_interval)
        if not self.permutations:
            return gain
        testers = {e.name: e for e in (self.estimator, chain) if _is_conditional(e)}
        p, adjusted = 1.0, 1.0
        for tester, own in zip(testers.values(), for_tests):
            gain = with_p_value(
                tester, gain, slots, self.permutations, own, max_rows=TEST_ROWS, n_jobs=self.n_jobs
            )
            p = min(p, (gain.p_value or 0.0) * len(testers))
            adjusted = min(adjusted, sidak(float(gain.details["tail_p"]), tried * len(testers)))
            if adjusted <= ALPHA:
                break
        return gain.replace(p_value=p, details={**gain.details, "adjusted_p": adjusted, "candidates": tried})

    def is_local(self, names: Sequence[str]) -> bool:
        """Tell whether the rows fill the space of these columns and the target densely enough."""
        dim = sum(self.table[n].kind != "discrete" for n in [*names, self.target])
        n = len(self.table.complete([*names, self.target]))
        return n > LOCAL_NEIGHBOURS and (dim <= 2 or (LOCAL_NEIGHBOURS / n) ** (1 / dim) <= LOCAL)

    def too_wide(self, chosen: Sequence[str]) -> Diagnostic:
        return Diagnostic(
            "too_few_samples",
            f"the path ends after {len(chosen)} column(s): {self.table.n:,} rows are too few to measure what "
            "a further one adds to them; more columns may tell something",
            "note",
            "low",
        )


def _gain(table: Table, target: str, estimator: Estimator, names: Sequence[str]) -> Estimate:
    """Measure what the first of the columns adds to the others."""
    from adami.estimators.resampling import assess

    slots = _slots(table, target, names)
    return assess(_chain(estimator, slots), *slots, interval=False)


def _slots(table: Table, target: str, names: Sequence[str]) -> tuple[Variable, Variable, Variable | None]:
    """Return the first column, the target and the other columns."""
    name, *chosen = names
    if not chosen:
        x, y = table.slots([name], [target])
        return x, y, None
    x, y, given = table.slots([name], [target], chosen)
    return x, y, given


def _chain(estimator: Estimator, slots: Sequence[Variable | None]) -> Estimator:
    """Return the estimator of the gains: the one asked for if it can, and stays the same all along."""
    labels = all(v is None or v.kind == "discrete" for v in slots)
    if _is_conditional(estimator) and estimator.name != "auto":
        return estimator
    return get("miller_madow") if labels else SharedRadius()


def _is_conditional(estimator: Estimator) -> bool:
    return type(estimator)._conditional is not Estimator._conditional


def _candidates(ranked: Sequence[Relevance], pairs: Sequence[Interaction]) -> list[str]:
    """Return the most relevant columns, and before the last of them those that speak in pairs."""
    paired = [n for i in pairs if _speaks(i) for n in (i.first, i.second)]
    wanted = set(dict.fromkeys([*paired[: MAX_CANDIDATES // 2], *[r.name for r in ranked]][:MAX_CANDIDATES]))
    return [r.name for r in ranked if r.name in wanted]


def _speaks(pair: Interaction) -> bool:
    p = pair.synergy.p_value if pair.adjusted_p is None else pair.adjusted_p
    return pair.synergy.value > 0 and p is not None and p < ALPHA


def _partners(
    pairs: Sequence[Interaction], left: Sequence[str], chosen: Sequence[str]
) -> tuple[str, str] | None:
    """Return the pair not yet chosen with the largest synergy that is beyond its error."""
    able = [i for i in pairs if _speaks(i) and i.first in left and i.second in left]
    if not able:
        return None
    best = max(able, key=lambda i: (i.synergy.value, i.first, i.second))
    return best.first, best.second


def _significant(gain: Estimate) -> bool:
    if np.isinf(gain.value):
        return True
    if "adjusted_p" in gain.details:
        return gain.value > 0 and float(gain.details["adjusted_p"]) <= ALPHA
    return gain.interval is not None and gain.interval[0] > 0


def _above_entropy(path: Sequence[Step], entropy: Estimate | None, target: str) -> list[Diagnostic]:
    """Say that the gains add up to more than there is: a note within their error, a warning beyond."""
    accepted = [s for s in path if s.accepted]
    if entropy is None or not accepted or accepted[-1].total <= entropy.value * (1 + 1e-9):
        return []
    total = accepted[-1].total
    widths = [(s.gain.interval[1] - s.gain.interval[0]) / 2 for s in accepted if s.gain.interval]
    said = f"the gains of the path add up to {total:.4g} nats, more than H({target}) = {entropy.value:.4g}"
    if total - entropy.value <= float(np.linalg.norm(widths)):
        message = f"{said}, within their error: the columns tell (nearly) all there is to tell"
        return [Diagnostic("above_entropy", message, "note", "high")]
    message = f"{said}, beyond their error: the last ones are likely too high"
    return [Diagnostic("above_entropy", message, "warning", "high")]
