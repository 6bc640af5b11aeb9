"""From the numbers of a profile to what each section of the page shows: templates compute nothing."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterable, Sequence
from typing import Any

from adami.report.figures import Figures
from adami.report.glossary import DIRECTIONS, FLAGS, KINDS
from adami.report.headline import LEVEL, beyond_chance, measured, p_value
from adami.report.page_numbers import Scale, Unit, p_text, percent
from adami.report.results import ColumnSummary, Interaction, Profile, Relevance, Step
from adami.result import Diagnostic

MOST_ROWS = 300
"""Columns listed; the page stays readable and small for tables with thousands."""
SHOWN_ROWS = 24
SHOWN_TOGETHER = 5
SHOWN_REPEATING = 8
MOST_PICTURES = 60

View = dict[str, Any]

_NAMED = re.compile(r"""column ('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"): """)


def relevance(profile: Profile, unit: Unit) -> View:
    """Bars of what each column tells, on one scale, with H(target) where it is near."""
    ranking = profile.ranking
    rows = sorted(ranking.rows, key=lambda r: not measured(r))[:MOST_ROWS]
    ends = [v for r in rows for v in (r.information.value, *(r.information.interval or ()))]
    reach = max([v for v in ends if math.isfinite(v)], default=0.0)
    entropy = None if ranking.target_entropy is None else ranking.target_entropy.value
    # a far-off H(target) would squeeze all bars into a corner
    near = entropy is not None and entropy > 0.0 and reach >= 0.3 * entropy
    scale = Scale.of([*ends, entropy if near else None])
    lines = [_relevance_row(r, scale, unit) for r in rows]
    return {
        "rows": lines[:SHOWN_ROWS],
        "more": lines[SHOWN_ROWS:],
        "left_out": len(ranking.rows) - len(rows),
        "entropy_at": scale.at(entropy) if near and entropy is not None else None,
        "entropy": unit.say(entropy) if entropy else None,
        "zero_at": scale.at(0.0),
        "tested": any(r["p"] != "–" for r in lines),
        "adjusted": any(r.adjusted_p is not None for r in rows),
        "shares": any(r.share is not None for r in rows),
        "intervals": any(r["whisker"] for r in lines),
        "confidence": percent(rows[0].information.confidence) if rows else "",
    }


def _relevance_row(row: Relevance, scale: Scale, unit: Unit) -> View:
    info = row.information
    p = p_value(row)
    known = measured(row)
    return {
        "name": row.name,
        "known": known,
        "value": unit.say(info.value if known else None),
        "interval": unit.interval(info),
        "bar": scale.bar(0.0, info.value),
        "whisker": scale.whisker(info),
        "share": percent(row.share if known else None),
        "p": p_text(p),
        "faint": p is not None and p > LEVEL,
        "repeats": row.repeats,
    }


def interactions(profile: Profile, unit: Unit) -> View:
    """Diverging bars of pairs: the strongest of both signs in view, synergy first, the rest folded."""
    pairs = sorted(profile.ranking.interactions, key=lambda i: -abs(i.synergy.value))[:MOST_ROWS]
    ends = [v for i in pairs for v in (i.synergy.value, *(i.synergy.interval or ()))]
    scale = Scale.of(ends, symmetric=True)
    # redundancy is common and large: without places of its own, synergy would drown in it
    together = [i for i in pairs if i.synergy.value > 0][:SHOWN_TOGETHER]
    repeating = [i for i in pairs if not i.synergy.value > 0][:SHOWN_REPEATING]
    rest = [i for i in pairs if i not in together and i not in repeating]
    shown = [*together, *sorted(repeating, key=lambda i: -i.synergy.value)]
    return {
        "rows": [_interaction_row(i, scale, unit) for i in shown],
        "more": [_interaction_row(i, scale, unit) for i in rest],
        "faint": any(not beyond_chance(i.synergy) for i in pairs),
    }


def _interaction_row(pair: Interaction, scale: Scale, unit: Unit) -> View:
    value = pair.synergy.value
    return {
        "first": pair.first,
        "second": pair.second,
        "value": unit.signed(value),
        "together": unit.say(pair.together),
        "interval": unit.interval(pair.synergy),
        "bar": scale.bar(0.0, value),
        "whisker": scale.whisker(pair.synergy),
        "side": "synergy" if value > 0 else "redundancy",
        "verdict": "more together" if value > 0 else "repeat each other",
        "faint": not beyond_chance(pair.synergy),
    }


def path(profile: Profile, unit: Unit) -> View:
    """Steps that climb from nothing towards H(target)."""
    ranking = profile.ranking
    entropy = None if ranking.target_entropy is None else ranking.target_entropy.value
    scale = Scale.of([*(s.total for s in ranking.path), entropy])
    lines: list[View] = []
    before = 0.0
    for step in ranking.path:
        finite = math.isfinite(step.total)
        lines.append(
            {
                "name": step.name,
                "gain": unit.signed(step.gain.value),
                "total": unit.say(step.total),
                "share": percent(min(step.total / entropy, 1.0)) if entropy and finite else "–",
                "bar": scale.bar(before, step.total),
                "p": p_text(_step_p(step)),
                "accepted": step.accepted,
            }
        )
        if step.accepted:
            before = step.total
    return {
        "rows": lines,
        "stopped": any(not s.accepted for s in ranking.path),
        "entropy": None if entropy is None else unit.say(entropy),
        "entropy_at": None if entropy is None else scale.at(entropy),
        "zero_at": scale.at(0.0),
        "shares": entropy is not None,
        "tested": any(_step_p(s) is not None for s in ranking.path),
        "adjusted": any("adjusted_p" in s.gain.details for s in ranking.path),
    }


def _step_p(step: Step) -> float | None:
    """Return the p-value that decided: corrected for having picked the best of several candidates."""
    adjusted = step.gain.details.get("adjusted_p")
    return step.gain.p_value if adjusted is None else float(adjusted)


def cards(profile: Profile, unit: Unit) -> View:
    """One card a column: the target first, then the most telling ones."""
    figures = Figures(profile)
    ranking = profile.ranking
    known_first = sorted(ranking.rows, key=lambda r: not measured(r))
    place = {r.name: i for i, r in enumerate(known_first)}
    told = {r.name: r for r in ranking.rows}
    ordered = sorted(
        profile.columns, key=lambda c: (c.name != ranking.target, place.get(c.name, len(place)))
    )[:MOST_ROWS]
    drawn = {c.name for c in ordered[: MOST_PICTURES + 1]}
    return {
        "cards": [
            _card(c, told.get(c.name), figures.draw(c.name) if c.name in drawn else None, profile, unit)
            for c in ordered
        ],
        "left_out": len(profile.columns) - len(ordered),
        "undrawn": max(0, len(ordered) - len(drawn)),
        "classes": figures.classes,
    }


def _card(column: ColumnSummary, row: Relevance | None, figure: Any, profile: Profile, unit: Unit) -> View:
    is_target = column.name == profile.ranking.target
    own = list(column.diagnostics) + (list(row.information.diagnostics) if row else [])
    row = row if row is not None and measured(row) else None
    symbol = "h" if column.kind != "discrete" else "H"
    missing = column.missing
    n = profile.ranking.n
    return {
        "name": column.name,
        "kind": column.kind,
        "kind_words": KINDS.get(column.kind, column.kind),
        "missing": "none missing"
        if not missing
        else f"{missing:,} missing ({percent(missing / n) if n else '–'})",
        "all_missing": bool(n) and missing >= n,
        "distinct": f"{column.distinct:,} distinct",
        "entropy": None if column.entropy is None else f"{symbol} = {unit.say(column.entropy.value)}",
        "value": unit.say(row.information.value) if row else None,
        "share": percent(row.share) if row and row.share is not None else None,
        "faint": bool(row and (p := p_value(row)) is not None and p > LEVEL),
        "target": is_target,
        "figure": figure,
        "notes": _notes(own, column.name),
    }


def _notes(diagnostics: Sequence[Diagnostic], name: str) -> list[View]:
    """Return the diagnostics of one column by heading, warnings first."""
    grouped: dict[str, View] = {}
    for d in sorted(dict.fromkeys(diagnostics), key=lambda d: d.severity != "warning"):
        who, message = _about(d.message, name)
        note = grouped.setdefault(flag_title(d), {"severity": d.severity, "messages": []})
        note["messages"].append(message if who == name else f"{who}: {message}")
    return [{"title": title, **note} for title, note in grouped.items()]


def warnings(profile: Profile) -> list[View]:
    """All diagnostics, grouped by flag, warnings before notes, each message once."""
    groups: dict[tuple[str, str], View] = {}
    for where, diagnostic in _all_diagnostics(profile):
        key = (diagnostic.severity, diagnostic.flag)
        group = groups.setdefault(
            key,
            {
                "title": flag_title(diagnostic),
                "severity": diagnostic.severity,
                "said": {},
            },
        )
        side = DIRECTIONS.get(diagnostic.direction or "", "")
        where, message = _about(diagnostic.message, where)
        said = group["said"].setdefault((message, side), [])
        if where and where not in said:
            said.append(where)
    ordered = sorted(groups.values(), key=lambda g: (g["severity"] != "warning", -len(g["said"]), g["title"]))
    for group in ordered:
        group["messages"] = [
            {"message": message, "side": side, "where": where[:6], "others": max(0, len(where) - 6)}
            for (message, side), where in group.pop("said").items()
        ]
    return ordered


def flag_title(diagnostic: Diagnostic) -> str:
    """Return the heading of a diagnostic."""
    return FLAGS.get(diagnostic.flag, diagnostic.flag.replace("_", " ").capitalize())


def _about(message: str, where: str) -> tuple[str, str]:
    """Return the column that a message names at its start, else `where`, and the message without it."""
    found = _NAMED.match(message)
    if found is None:
        return where, message
    return str(ast.literal_eval(found[1])), message[found.end() :]


def _all_diagnostics(profile: Profile) -> Iterable[tuple[str, Diagnostic]]:
    ranking = profile.ranking
    for column in profile.columns:
        yield from ((column.name, d) for d in column.diagnostics)
    for row in ranking.rows:
        yield from ((row.name, d) for d in row.information.diagnostics)
    for pair in ranking.interactions:
        yield from ((f"{pair.first} + {pair.second}", d) for d in pair.synergy.diagnostics)
    for step in ranking.path:
        yield from ((step.name, d) for d in step.gain.diagnostics)
    shared: Sequence[Diagnostic] = (*ranking.diagnostics, *profile.matrix.diagnostics)
    if ranking.target_entropy is not None:
        shared = (*ranking.target_entropy.diagnostics, *shared)
    yield from (("", d) for d in shared)
