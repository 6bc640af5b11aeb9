"""The page: every section, one file, no network, hostile names harmless, and alive in a real browser."""

from __future__ import annotations

import json
import math
import re
import shutil
import subprocess
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from adami.report.page import render, visible
from adami.report.page_matrix import heat_map
from adami.report.page_numbers import Scale, p_text, unit
from adami.report.page_views import interactions, relevance, warnings
from adami.report.results import Interaction, Matrix, Profile, Ranking, Relevance
from adami.result import LN2, Diagnostic, Estimate

SECTIONS = (
    "headline",
    "relevance",
    "path",
    "interactions",
    "matrix",
    "columns",
    "warnings",
    "method",
    "glossary",
)
HOSTILE = "</script><script>alert('x')</script><img src=x onerror=alert(1)>\"'&{{7*7}}"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


class Page(HTMLParser):
    """Collects the elements of a page and checks that they close in order."""

    VOID = {"meta", "link", "br", "img", "input", "hr"}

    def __init__(self, text):
        super().__init__()
        self.elements, self.open, self.texts = [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)

    def all(self, tag, **wanted):
        return [a for t, a in self.elements if t == tag and all(a.get(k) == v for k, v in wanted.items())]


@pytest.fixture(scope="module")
def page(birds, built):
    return Page(render(built(birds, "species")))


@pytest.mark.parametrize("target", ["species", "body_mass_g", "rain", "seen", "year"])
def test_every_section_for_every_kind_of_target(birds, built, target):
    made = Page(render(built(birds, target)))
    ids = [a["id"] for _, a in made.elements if "id" in a]
    assert len(set(ids)) == len(ids)
    assert set(SECTIONS) <= set(ids)


def test_links_inside_the_page_lead_somewhere(page):
    ids = {a["id"] for _, a in page.elements if "id" in a}
    assert {a["href"][1:] for a in page.all("a")} <= ids


def test_nothing_is_asked_of_a_network(birds, built):
    text = render(built(birds, "species"))
    assert not re.search(r"https?://", text)
    assert not re.search(r"@import|url\(", text)
    made = Page(text)
    assert not [a for _, a in made.elements if "src" in a]
    assert "default-src 'none'" in made.all("meta", **{"http-equiv": "Content-Security-Policy"})[0]["content"]


def test_tables_and_pictures_speak(page):
    tables = len(page.all("table"))
    assert tables >= 5
    assert len(page.all("caption")) == tables
    assert all(a.get("scope") in ("col", "row") for a in page.all("th"))
    assert all(a.get("role") == "img" and a.get("aria-label") for a in page.all("svg"))
    assert page.all("a", **{"class": "skip"})
    assert page.all("html", lang="en")


def test_numbers_are_on_the_page(birds, built):
    profile = built(birds, "species")
    text = render(profile)
    for row in profile.ranking.rows:
        assert f"{row.information.value:.3f}" in text
    assert "small_class" not in text
    assert "Small classes" in text


def test_messages_do_not_repeat_the_name_of_their_column(birds, built):
    profile = built(birds, "species")
    told = Diagnostic("ties", "column 'rain': many rows share a value", "warning", "low")
    columns = tuple(replace(c, diagnostics=(told,)) if c.name == "rain" else c for c in profile.columns)
    group = next(g for g in warnings(replace(profile, columns=columns)) if g["title"] == "Repeated numbers")
    assert group["messages"] == [
        {
            "message": "many rows share a value",
            "side": "the value is likely too low",
            "where": ["rain"],
            "others": 0,
        }
    ]


def test_bits(birds, built):
    profile = built(birds, "species")
    text = render(profile, bits=True)
    assert f"{profile.ranking.rows[0].information.value / LN2:.3f}" in text
    assert "bits" in text


def test_same_profile_same_bytes(birds, built):
    assert render(built(birds, "species")) == render(built(birds, "species"))


def test_hostile_names_and_levels_stay_text(built):
    rng = np.random.default_rng(0)
    n = 80
    data = {
        HOSTILE: rng.normal(size=n),
        "": rng.integers(0, 3, n),
        "level": np.array([HOSTILE, "b"], dtype=object)[rng.integers(0, 2, n)],
        "{% raw %}": rng.normal(size=n),
    }
    for target in data:
        profile = built(data, target, source=HOSTILE)
        loud = Diagnostic("odd_flag", HOSTILE, "warning")
        made = Page(render(replace(profile, ranking=replace(profile.ranking, diagnostics=(loud,)))))
        assert len(made.all("script")) == 3
        assert not made.all("img")
        assert not [k for _, a in made.elements for k in a if k.startswith("on")]
        data_block = next(t for t in made.texts if t.strip().startswith('{"amounts"'))
        assert HOSTILE in json.loads(data_block)["names"]


def test_wide_tables_stay_small(built):
    rng = np.random.default_rng(0)
    n, p = 3000, 60
    base = rng.normal(size=n)
    data = {f"a_rather_long_column_name_{i}": base * (i % 5) + rng.normal(size=n) for i in range(p)}
    data["y"] = base + rng.normal(size=n)
    text = render(built(data, "y"))
    assert len(text.encode()) < 5_000_000
    assert len(Page(text).all("article")) == p + 1


def test_hundreds_of_columns_are_cut_and_said_to_be():
    p = 400
    names = tuple(f"c{i}" for i in range(p))
    rows = tuple(Relevance(c, "continuous", Estimate(1.0 - i / p, n=50)) for i, c in enumerate(names))
    matrix = Matrix(
        (*names, "y"), ("continuous",) * (p + 1), *(np.eye(p + 1),) * 2, None, np.ones((p + 1, p + 1), int)
    )
    text = render(Profile("wide", Ranking("y", "continuous", None, rows, n=50), matrix, ()))
    assert len(text) < 5_000_000
    assert "341 columns that tell less are left out" in text
    assert "100 columns that tell less are left out of this page" in text


@pytest.mark.parametrize("value", [math.inf, math.nan, -0.02, 0.0])
def test_odd_values_are_shown(birds, built, value):
    profile = built(birds, "body_mass_g")
    rows = (replace(profile.ranking.rows[0], information=Estimate(value, n=344)), *profile.ranking.rows[1:])
    text = render(replace(profile, ranking=replace(profile.ranking, rows=rows)))
    assert not re.search(r"(left|width):(nan|inf)", text)
    Page(text)


def test_a_tiny_table(built):
    data = {"x": np.array([1.5, 2.5, np.nan, 4.5, 5.5, 6.5]), "y": np.array(list("aabbab"), dtype=object)}
    Page(render(built(data, "y")))
    Page(render(built(data, "x")))


def test_an_all_missing_column(birds, built):
    data = {**birds, "gone": np.full(len(birds["rain"]), np.nan)}
    text = render(built(data, "species"))
    assert "Every value is missing." in text
    assert "344 missing (100\u00a0%)" in text


def test_what_could_not_be_measured_is_not_called_zero(birds, built):
    profile = built(birds, "species")
    void = Estimate(0.0, n=0, diagnostics=(Diagnostic("degenerate", "no values", "warning"),))
    rows = (*profile.ranking.rows[:-1], replace(profile.ranking.rows[-1], information=void, adjusted_p=None))
    made = replace(profile, ranking=replace(profile.ranking, rows=rows))
    assert relevance(made, unit(False))["rows"][-1]["value"] == "–"
    assert render(made).count("not measured") == 2


def test_synergy_has_its_place_beside_strong_redundancy(birds, built):
    profile = built(birds, "species")
    loud = tuple(Interaction("a", f"b{i}", 1.0, Estimate(-0.5 - i / 100)) for i in range(30))
    quiet = Interaction("c", "d", 0.2, Estimate(0.1))
    made = interactions(
        replace(profile, ranking=replace(profile.ranking, interactions=(*loud, quiet))), unit(False)
    )
    assert [r["first"] for r in made["rows"]] == ["c", *"aaaaaaaa"]
    assert made["rows"][-1]["value"] == "−0.790"
    assert len(made["rows"]) + len(made["more"]) == 31


def test_choices_of_auto_are_explained(birds, built):
    profile = built(birds, "species")
    details = {
        "chosen": "model_plus_neighbours",
        "reason": "<b>neighbours differ</b>",
        "candidates": {"ksg": 0.25},
    }
    told = profile.ranking.rows[0].information.replace(method="auto", details=details)
    rows = (replace(profile.ranking.rows[0], information=told), *profile.ranking.rows[1:])
    text = render(replace(profile, ranking=replace(profile.ranking, rows=rows)))
    assert "auto: model plus neighbours" in text
    assert "&lt;b&gt;neighbours differ&lt;/b&gt;" in text
    assert "ksg 0.250" in text
    assert "Why each estimator was chosen" not in render(profile)


def test_a_profile_without_rows_of_the_table(birds, built):
    Page(render(replace(built(birds, "species"), data={})))


def test_scale_holds_zero_and_all_finite_values():
    scale = Scale.of([0.2, -0.1, math.inf, None])
    assert (scale.at(-0.1), scale.at(0.2), scale.at(math.inf)) == (0.0, 100.0, 100.0)
    assert Scale.of([0.3, -0.5], symmetric=True).at(0.0) == 50.0
    assert Scale.of([]).at(0.0) == 0.0


def test_numbers_in_words():
    nats = unit(False)
    assert [nats.say(v) for v in (1.0, -0.5, -1e-9, math.inf, math.nan, None)] == [
        "1.000",
        "−0.500",
        "0.000",
        "∞",
        "–",
        "–",
    ]
    assert [nats.signed(v) for v in (0.5, -0.5, 0.0)] == ["+0.500", "−0.500", "0.000"]
    assert [p_text(p) for p in (None, 0.0001, 0.005, 1.0)] == ["–", "< 0.001", "0.005", "1.000"]


def test_names_can_be_seen():
    assert visible("  ") == "(blank name)"
    assert len(visible("x" * 500)) == 64


# -- in a browser ------------------------------------------------------------------------------------------


def browse(path, folder, *options):
    flags = (
        "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
        "--disable-component-update --disable-sync --enable-logging=stderr --v=0"
    )
    command = [CHROMIUM, *flags.split(), f"--user-data-dir={folder / 'browser'}", *options, path.as_uri()]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
@pytest.mark.parametrize("target", ["species", "body_mass_g"])
def test_chromium_shows_the_page_without_complaint(birds, built, tmp_path, target):
    file = tmp_path / "page.html"
    hostile = {**birds, HOSTILE: birds["rain"]}
    file.write_text(render(built(hostile, target)), encoding="utf-8")
    seen = browse(file, tmp_path, "--dump-dom")
    complaints = [line for line in seen.stderr.splitlines() if "CONSOLE" in line]
    assert complaints == []
    assert all(f'id="{name}"' in seen.stdout for name in SECTIONS)
    # the script has run: it labels and shows the theme button
    assert re.search(
        r'<button id="theme" type="button" aria-label="[^"]+">(Dark|Light)</button>', seen.stdout
    )


HANDS = """<!doctype html><p id="o"></p>
<iframe id="f" src="page.html" style="width:360px;height:900px"></iframe>
<script>onload = () => {
  const page = document.getElementById("f").contentDocument;
  const said = () => page.getElementById("heat-readout").textContent;
  const told = {wide: page.documentElement.scrollWidth};
  const cell = page.querySelector("#heat td[tabindex='0']");
  cell.focus();
  told.first = said();
  const press = (key) => page.activeElement.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true}));
  press("ArrowDown"); press("ArrowRight"); press("End");
  told.last = said();
  told.stops = page.querySelectorAll("#heat td[tabindex='0']").length;
  const root = page.documentElement;
  page.getElementById("theme").click();
  const turned = root.dataset.theme;
  for (root.dataset.theme of ["light", "dark"]) {
    told[root.dataset.theme] = getComputedStyle(page.body).backgroundColor;
  }
  root.dataset.theme = turned;
  page.getElementById("theme").click();
  told.back = root.dataset.theme !== turned;
  told.pictures = [...page.querySelectorAll("svg")].map((e) => [e.clientWidth, e.clientHeight]);
  document.getElementById("o").textContent = "TOLD" + JSON.stringify(told) + "END";
};</script>"""


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
def test_chromium_on_a_phone_with_a_keyboard(birds, built, tmp_path):
    profile = built({"a_name_that_goes_on_and_on_" * 4: birds["rain"], **birds}, "species")
    (tmp_path / "page.html").write_text(render(profile), encoding="utf-8")
    frame = tmp_path / "frame.html"
    frame.write_text(HANDS, encoding="utf-8")
    loose = ["--allow-file-access-from-files", "--disable-web-security", "--virtual-time-budget=4000"]
    seen = browse(frame, tmp_path, *loose, "--dump-dom")
    told = json.loads(re.search(r"TOLD({.*})END", seen.stdout.replace("&amp;", "&"))[1])
    names = heat_map(profile, unit(False))["names"]
    assert told["wide"] <= 360
    assert told["first"].startswith(f"species × {names[1]}: ")
    assert told["last"].startswith(f"{names[1]} × {names[-1]}: ")
    value = profile.matrix[names[1], names[-1]]
    assert f"normalised, {value:.3f} nats, p = 0.005, 344 rows, by ksg" in told["last"]
    assert told["stops"] == 1
    assert told["back"]
    assert told["light"] == "rgb(251, 250, 247)"
    assert told["dark"] == "rgb(21, 24, 27)"
    assert len(told["pictures"]) == len(profile.columns)
    assert all(wide > 200 and high > 50 for wide, high in told["pictures"])
