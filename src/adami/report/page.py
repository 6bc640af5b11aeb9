"""The page: one self-contained HTML file that shows an information profile."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from adami.report import page_views as views
from adami.report.glossary import KINDS, TERMS
from adami.report.headline import Name, Words, count_word, headline, remarks
from adami.report.page_matrix import heat_map
from adami.report.page_method import choices, methods, settings
from adami.report.page_numbers import unit
from adami.report.results import Profile

_TEMPLATES = Path(__file__).parent / "templates"


def render(profile: Profile, bits: bool = False) -> str:
    """Return a profile as one HTML file that needs no network.

    The same profile gives the same bytes. Every name and level is escaped, and the page's own policy forbids
    scripts other than its two.

    Parameters
    ----------
    profile : Profile
    bits : bool
        Show amounts in bits instead of nats.

    Returns
    -------
    str
        The HTML document.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.report.page import render
    >>> from adami.report.results import Matrix, Profile, Ranking
    >>> empty = Matrix((), (), np.empty((0, 0)), np.empty((0, 0)), None, np.empty((0, 0)))
    >>> render(Profile("a table", Ranking("y", "discrete", None, ()), empty, ()))[:15]
    '<!doctype html>'
    """
    amounts = unit(bits)
    early, late = _asset("theme.js"), _asset("page.js")
    warned = views.warnings(profile)
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            profile=profile,
            ranking=profile.ranking,
            unit=amounts.name,
            css=_asset("page.css"),
            early=early,
            late=late,
            policy=_policy(early, late),
            headline=headline(profile, bits),
            headline_plain="".join(headline(profile, bits)),
            remarks=remarks(profile, bits),
            relevance=views.relevance(profile, amounts),
            matrix=heat_map(profile, amounts),
            interactions=views.interactions(profile, amounts),
            path=views.path(profile, amounts),
            columns=views.cards(profile, amounts),
            warnings=[g for g in warned if g["severity"] == "warning"],
            notes=[g for g in warned if g["severity"] != "warning"],
            settings=settings(profile),
            methods=methods(profile),
            choices=choices(profile, amounts),
            terms=TERMS,
        )
    )


def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["words"] = _marked
    made.filters["visible"] = visible
    made.filters["count"] = count_word
    made.filters["kind_words"] = lambda kind: KINDS.get(kind, kind)
    return made


def _asset(name: str) -> Markup:
    return Markup((_TEMPLATES / name).read_text(encoding="utf-8").strip())


def _policy(*scripts: str) -> str:
    """Allow these scripts by their digests, inline styles, and nothing from anywhere else."""
    digests = (base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() for s in scripts)
    allowed = " ".join(f"'sha256-{d}'" for d in digests)
    rest = "style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    return f"default-src 'none'; script-src {allowed}; {rest}"


def visible(name: str, most: int = 64) -> str:
    """Return a name that can be seen: blank ones are said to be so, endless ones are cut in the middle."""
    said = " ".join(str(name).split())
    if not said:
        return "(blank name)"
    if len(said) <= most:
        return said
    return f"{said[: most - most // 3 - 1]}…{said[-(most // 3) :]}"


def _marked(words: Words) -> Markup:
    parts = [
        Markup('<b class="name" title="{}"><bdi>{}</bdi></b>').format(w, visible(w, 40))
        if isinstance(w, Name)
        else Markup.escape(w.replace(" %", "\u00a0%"))
        for w in words
    ]
    return Markup("").join(parts)
