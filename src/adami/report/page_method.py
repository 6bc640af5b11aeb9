"""How the numbers of the page came about: settings, estimators, and the choices that `auto` made."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from typing import Any

import numpy as np

from adami._version import __version__
from adami.report.glossary import SETTINGS
from adami.report.page_numbers import Unit, seconds_text
from adami.report.results import Profile
from adami.result import Estimate

MOST_CHOICES = 300


def settings(profile: Profile) -> list[tuple[str, str]]:
    """Return what was asked for, how long it took and which versions did it, in words."""
    merged: dict[str, Any] = {**profile.matrix.settings, **profile.ranking.settings}
    told = [
        (SETTINGS.get(k, str(k).replace("_", " ").capitalize()), _setting(v))
        for k, v in merged.items()
        if k != "versions" and v is not None
    ]
    different = profile.matrix.settings.get("permutations")
    if different is not None and different != profile.ranking.settings.get("permutations"):
        told.append(("Permutations per pair of the matrix", _setting(different) if different else "none"))
    versions = merged.get("versions") or {
        "adami": __version__,
        "NumPy": np.__version__,
        "Python": platform.python_version(),
    }
    timed = (
        ("Time", profile.seconds),
        ("of which ranking", profile.ranking.seconds),
        ("of which matrix", profile.matrix.seconds),
    )
    told += [(label, seconds_text(s)) for label, s in timed if s > 0.0]
    told.append(("Versions", _setting(versions)))
    return told


def _setting(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{k} {_setting(v)}" for k, v in value.items()) or "none"
    if isinstance(value, list | tuple):
        return ", ".join(_setting(v) for v in value) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def methods(profile: Profile) -> list[dict[str, Any]]:
    """Return each estimator that was used, with the columns it measured against the target."""
    used: dict[tuple[str, str], list[str]] = {}
    for row in profile.ranking.rows:
        info = row.information
        used.setdefault((_estimator(info), info.interval_kind or "none"), []).append(row.name)
    return [
        {"method": method, "interval": kind, "names": names[:12], "others": max(0, len(names) - 12)}
        for (method, kind), names in used.items()
    ]


def choices(profile: Profile, unit: Unit) -> list[dict[str, Any]]:
    """Return, for columns whose estimator was chosen among several, which one and why."""
    made = []
    for row in profile.ranking.rows[:MOST_CHOICES]:
        info = row.information
        if "chosen" not in info.details:
            continue
        found = info.details.get("candidates")
        candidates = found if isinstance(found, Mapping) else {}
        made.append(
            {
                "name": row.name,
                "rows": f"{info.n:,}",
                "chosen": _plain_name(info.details["chosen"]),
                "reason": str(info.details.get("reason", "")),
                "candidates": ", ".join(
                    f"{_plain_name(k)} {unit.say(float(v))}" for k, v in candidates.items()
                ),
            }
        )
    return made


def _estimator(info: Estimate) -> str:
    chosen = info.details.get("chosen")
    method = info.method or "not named"
    return f"{method}: {_plain_name(chosen)}" if chosen and chosen != method else method


def _plain_name(name: Any) -> str:
    return str(name).replace("_", " ")
