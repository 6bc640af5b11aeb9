"""What the profile says, in plain words: one headline sentence and a few remarks."""

from __future__ import annotations

import math
from collections.abc import Sequence

from adami.report.results import Interaction, Profile, Ranking, Relevance
from adami.result import LN2, Estimate

ENOUGH = 0.95
"""Share of H(target) from which a set of columns is said to be enough to know the target."""
LEVEL = 0.05
"""p-values above this one are called chance."""

_COUNTS = [
    "no",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
]


class Name(str):
    """A column name inside a sentence; a page may set it apart."""

    __slots__ = ()


Words = tuple[str, ...]
"""A sentence in pieces: ``"".join(words)`` is the plain text; pieces of type `Name` are column names."""


def headline(profile: Profile, bits: bool = False) -> Words:
    """Return the one sentence that answers which few columns are enough.

    Parameters
    ----------
    profile : Profile
    bits : bool
        Say amounts in bits instead of nats.

    Returns
    -------
    tuple of str
        Pieces of the sentence; column names are of type `Name`.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.report.headline import headline
    >>> from adami.report.results import Matrix, Profile, Ranking
    >>> empty = Matrix((), (), np.empty((0, 0)), np.empty((0, 0)), None, np.empty((0, 0)))
    >>> "".join(headline(Profile("t", Ranking("y", "discrete", None, ()), empty, ())))
    'There is no column beside y to tell anything about it.'
    """
    ranking = profile.ranking
    target = Name(ranking.target)
    if not ranking.rows:
        return ("There is no column beside ", target, " to tell anything about it.")
    if ranking.target_entropy is not None and ranking.target_entropy.value <= 0.0:
        return (target, " never changes in this table, so there is nothing to tell about it.")
    chosen = [Name(n) for n in ranking.sufficient]
    if not chosen:
        return _nothing(ranking, target)
    amount, share = _amount(ranking, bits)
    one = len(chosen) == 1
    if share is not None and share >= ENOUGH:
        lead = (
            f"{count_word(len(chosen)).capitalize()} {'column is' if one else 'columns are'} enough to know "
        )
    else:
        lead = (
            f"{count_word(len(chosen)).capitalize()} {'column carries' if one else 'columns carry'} "
            "all that this table measurably tells about "
        )
    tail = f": {'alone it tells' if one else 'together they tell'} {amount}."
    return (lead, target, ": ", *_listed(chosen), tail.replace(": ", "; ", 1))


def remarks(profile: Profile, bits: bool = False) -> list[Words]:
    """Return a few more sentences: the strongest column, repeats, synergy, columns that tell nothing.

    Parameters
    ----------
    profile : Profile
    bits : bool
        Say amounts in bits instead of nats.
    """
    ranking = profile.ranking
    said = [
        _strongest(ranking, bits),
        _repeats(ranking.rows),
        _synergy(ranking.interactions, bits),
        _chance(ranking.rows) if ranking.sufficient else (),
        _sampled(ranking),
    ]
    return [s for s in said if s]


def count_word(count: int) -> str:
    """Return a small number in letters, a large one in digits."""
    return _COUNTS[count] if 0 <= count < len(_COUNTS) else f"{count:,}"


def p_value(row: Relevance) -> float | None:
    """Return the adjusted p-value of a column, or the plain one where there is no other."""
    return row.adjusted_p if row.adjusted_p is not None else row.information.p_value


def measured(row: Relevance) -> bool:
    """Tell whether a column could be measured: one of row names or without values stands at zero untested."""
    info = row.information
    untested = info.value == 0.0 and info.interval is None and info.p_value is None
    return not (untested and info.flags & {"degenerate", "identifier"})


def beyond_chance(estimate: Estimate) -> bool:
    """Tell whether an amount of either sign stands clear of zero, as far as was tested."""
    if estimate.interval is not None:
        low, high = estimate.interval
        return low > 0.0 or high < 0.0
    return estimate.p_value is None or estimate.p_value <= LEVEL


def _nothing(ranking: Ranking, target: Name) -> Words:
    if not any(measured(r) for r in ranking.rows):
        return ("Nothing could be measured about ", target, f" in {ranking.n:,} rows.")
    tested = any(p_value(r) is not None for r in ranking.rows) or any(not s.accepted for s in ranking.path)
    if not tested:
        return ("What each column tells about ", target, " was measured without a test against chance.")
    return (
        "No column of this table tells anything about ",
        target,
        f" that could not be chance in {ranking.n:,} rows.",
    )


def _amount(ranking: Ranking, bits: bool) -> tuple[str, float | None]:
    total = [s for s in ranking.path if s.accepted][-1].total
    entropy = None if ranking.target_entropy is None else ranking.target_entropy.value
    unit = "bits" if bits else "nats"
    if entropy is None:
        if not math.isfinite(total):
            return "everything: the dependence is exact", None
        like = math.sqrt(-math.expm1(-2.0 * max(total, 0.0)))
        return f"{_say(total, bits)} {unit}, as much as a correlation of {like:.2f} would", None
    share = total / entropy
    # an estimate may exceed the entropy a little; nobody can know more than everything
    shown = min(total, entropy)
    return f"{_say(shown, bits)} of {_say(entropy, bits)} {unit} ({_percent(share)})", share


def _say(nats: float, bits: bool) -> str:
    value = nats / LN2 if bits else nats
    if not math.isfinite(value):
        return "infinitely many"
    return f"{value:.2f}" if abs(value) >= 0.095 else f"{value:.3f}"


def _percent(share: float) -> str:
    whole = round(100 * min(max(share, 0.0), 1.0))
    return "less than 1 %" if whole == 0 and share > 0 else f"{whole} %"


def _listed(names: Sequence[str], most: int = 6) -> Words:
    shown: list[str] = list(names if len(names) <= most else names[: most - 1])
    if len(names) > most:
        shown.append(f"{count_word(len(names) - most + 1)} more")
    pieces: list[str] = []
    for i, name in enumerate(shown):
        if i:
            pieces.append(" and " if i == len(shown) - 1 else ", ")
        pieces.append(name)
    return tuple(pieces)


def _strongest(ranking: Ranking, bits: bool) -> Words:
    if len(ranking.rows) < 2 or not ranking.rows[0].information.value > 0.0:
        return ()
    top = ranking.rows[0]
    p = p_value(top)
    if p is not None and p > LEVEL:
        return ()
    unit = "bits" if bits else "nats"
    said = f" tells most by itself: {_say(top.information.value, bits)} {unit}"
    if top.share is not None:
        said += f", {_percent(top.share)} of what there is to know"
    if top.information.interval is not None:
        low, high = (_say(v, bits) for v in top.information.interval)
        said += f" ({top.information.confidence:.0%} interval {low} to {high})".replace("%", " %")
    return (Name(top.name), said + ".")


def _repeats(rows: Sequence[Relevance]) -> Words:
    pairs = [(Name(r.name), Name(r.repeats)) for r in rows if r.repeats is not None]
    if not pairs:
        return ()
    names, others = [name for name, _ in pairs], {other for _, other in pairs}
    verb = " mostly repeats what " if len(names) == 1 else " mostly repeat what "
    if len(others) == 1:
        return (*_listed(names), verb, *others, " already tells.")
    return (*_listed(names), verb, "stronger columns already tell.")


def _synergy(interactions: Sequence[Interaction], bits: bool) -> Words:
    clear = [i for i in interactions if i.synergy.value > 0.0 and beyond_chance(i.synergy)]
    if not clear:
        return ()
    best = max(clear, key=lambda i: i.synergy.value)
    more = f"{_say(best.synergy.value, bits)} {'bits' if bits else 'nats'}"
    return (Name(best.first), " and ", Name(best.second), f" tell {more} more together than apart.")


def _sampled(ranking: Ranking) -> Words:
    """Say how many rows of a table in an engine carry the numbers."""
    notes = {d.flag: d.message for d in ranking.diagnostics}
    sampled = notes.get("sampled", notes.get("sample_budget"))
    if sampled is None:
        return ()
    counted = notes.get("counted")
    said = sampled if counted is None else f"{counted}; {sampled}"
    return (f"{said[0].upper()}{said[1:]}.",)


def _chance(rows: Sequence[Relevance]) -> Words:
    tested = [(r, p) for r in rows if (p := p_value(r)) is not None]
    weak = [Name(r.name) for r, p in tested if p > LEVEL]
    if not weak or len(weak) == len(rows):
        return ()
    if len(weak) <= 3:
        verb = "does" if len(weak) == 1 else "do"
        return (
            "By itself " if len(weak) == 1 else "By themselves ",
            *_listed(weak),
            f" {verb} no better than chance.",
        )
    many = f"{count_word(len(weak)).capitalize()} of the {count_word(len(rows))} columns"
    return (f"{many} do no better than chance by themselves.",)
