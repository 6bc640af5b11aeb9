"""The small plots: the right picture for the kinds, well-formed, small, escaped, and true to the data."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import numpy as np
import pytest

from adami.report.figures import Figures
from adami.report.figures_axes import Axis, axis, levels, nice_step, number, quantities, short
from adami.report.figures_scatter import scatter


def tree(figure):
    return ET.fromstring(str(figure))


def classes(figure, kind):
    return [e for e in tree(figure).iter() if kind in e.get("class", "").split()]


@pytest.mark.parametrize(
    ("target", "name", "marks", "words"),
    [
        ("species", "species", "share", "Rows of species"),
        ("species", "bill_length_mm", "ridge", "Distribution of bill_length_mm by species"),
        ("species", "seen", "ridge", "Distribution of seen by species"),
        ("species", "island", "share", "Shares of species in each level of island"),
        ("species", "year", "share", "Shares of species in each level of year"),
        ("species", "rain", "stem", "Distribution of rain by species"),
        ("body_mass_g", "body_mass_g", "ridge", "Distribution of body_mass_g"),
        ("body_mass_g", "bill_length_mm", "dots", "body_mass_g against bill_length_mm"),
        ("body_mass_g", "seen", "dots", "body_mass_g against seen"),
        ("body_mass_g", "sex", "ridge", "Distribution of body_mass_g by sex"),
    ],
)
def test_the_kinds_choose_the_picture(birds, built, target, name, marks, words):
    figure = Figures(built(birds, target)).draw(name)
    root = tree(figure)
    assert root.get("role") == "img"
    assert words in root.get("aria-label")
    assert classes(figure, marks)
    assert not re.search(r"nan|inf\b", str(figure))


def test_missing_rows_are_not_drawn(birds, built):
    figure = Figures(built(birds, "body_mass_g")).draw("bill_length_mm")
    assert "342 rows" in tree(figure).get("aria-label")
    assert sum(e.get("d").count("M") for e in classes(figure, "dots")) == 342


def test_many_rows_become_hexagons_and_stay_small():
    rng = np.random.default_rng(0)
    x = rng.normal(size=50_000)
    figure = scatter(x, x + rng.normal(size=50_000), "x", "y")
    assert classes(figure, "hex")
    assert not classes(figure, "dots")
    assert len(figure) < 60_000


def test_every_row_falls_into_a_hexagon_near_it():
    from adami.report.figures_scatter import _RADIUS, _hexagons

    points = np.random.default_rng(1).uniform(0, 200, (400, 2))
    starts = np.array(
        [[float(v) for v in m] for p in _hexagons(*points.T) for m in re.findall(r"M(\S+) ([\d.-]+)l", p)]
    )
    centres = starts + [0, _RADIUS]
    nearest = np.sqrt(((points[:, None] - centres) ** 2).sum(2)).min(1)
    assert nearest.max() < _RADIUS * 1.01


def test_medians_are_told():
    from adami.report.figures_ridges import ridges

    raw = np.concatenate([np.linspace(0, 10, 21), np.linspace(90, 100, 21)])
    codes = np.repeat([0, 1], 21)
    assert "low 5, high 95" in str(ridges(raw, codes, ["low", "high"], of="x", by="y"))


def test_a_few_rows_are_strokes_not_densities():
    from adami.report.figures_ridges import ridges

    figure = ridges(np.arange(6.0), np.array([0, 0, 0, 1, 1, 1]), ["a", "b"], of="x", by="y")
    assert classes(figure, "strip")
    assert not classes(figure, "ridge")


def test_shares_add_up():
    from adami.report.figures_shares import shares

    figure = shares(np.array([0, 0, 0, 1]), ["a", "b"], np.array([0, 1, 1, 1]), ["u", "v"], of="x", by="y")
    widths = [float(e.get("width")) for e in classes(figure, "share")]
    assert widths[0] + widths[1] == pytest.approx(widths[2], abs=0.2)
    assert widths[1] == pytest.approx(2 * widths[0], rel=0.01)
    assert "v: 2 of 3 (67%)" in str(figure)


def test_far_outliers_do_not_squeeze_the_picture():
    values = np.concatenate([np.random.default_rng(0).normal(size=500), [1e9]])
    made = axis(values, 0, 100)
    assert made.high < 10
    assert made.outside >= 1


@pytest.mark.parametrize(
    "values", [[3.0], [0.0, 0.0], [-1e-12, 1e-12], [1e12, 2e12], [-5e-324, 0.0], [1e300, 2e300]]
)
def test_axes_of_odd_ranges(values):
    made = axis(np.array(values), 0, 100)
    assert np.isfinite([made.low, made.high]).all()
    assert made.low < made.high
    assert all(-1 <= x <= 101 for x, _ in made.ticks())


def test_crowded_positive_numbers_get_a_log_scale():
    values, scale = quantities(np.exp(3 * np.random.default_rng(0).normal(size=500)))
    assert scale == "log"
    made = axis(values, 0, 100, scale)
    assert {"1", "100"} <= {label for _, label in made.ticks()}
    assert made.say(2.0) == "100"
    assert quantities(np.arange(1.0, 100.0))[1] == "plain"
    assert quantities(np.random.default_rng(0).normal(size=500))[1] == "plain"


@pytest.mark.parametrize(("low", "high"), [(0.0, 0.9), (-3.0, 3.0), (0.2, 0.9), (-12.0, 12.0)])
def test_log_ticks(low, high):
    assert 2 <= len(Axis(low, high, 0, 100, scale="log").ticks()) <= 8


@pytest.mark.parametrize("days", [0.5, 3, 20, 90, 700, 5000, 100000])
def test_date_ticks(days):
    ticks = Axis(1.6e9, 1.6e9 + days * 86400, 0, 100, scale="dates").ticks()
    assert 1 <= len(ticks) <= 8
    assert len({label for _, label in ticks}) == len(ticks)


@pytest.mark.parametrize(
    ("value", "step", "expected"),
    [
        (0, 1, "0"),
        (2500, 500, "2500"),
        (25000, 5000, "25k"),
        (0.25, 0.05, "0.25"),
        (0.3, 0.1, "0.3"),
        (-3, 1, "−3"),
        (1_500_000, 500_000, "1.5M"),
        (1e-7, 1e-7, "1.0e−7"),
    ],
)
def test_numbers_are_short(value, step, expected):
    assert number(value, step) == expected


def test_steps_are_nice():
    assert [nice_step(s, 4) for s in (1.0, 7.0, 100.0, 0.03)] == pytest.approx([0.5, 2.0, 50.0, 0.01])


def test_rare_levels_are_joined():
    raw = np.array([str(i) for i in range(20)] + ["19"] * 5, dtype=object)
    names, codes = levels(raw)
    assert len(names) == 8
    assert names[0] == "19"
    assert names[-1] == "13 others"
    assert np.bincount(codes).sum() == 25


def test_number_levels_keep_their_order():
    names, _ = levels(np.array([10, 2, 2, 2, 7]))
    assert names == ["2", "7", "10"]


def test_hostile_names_are_text(built):
    rng = np.random.default_rng(0)
    bad = "<script>alert(1)</script>"
    data = {bad: rng.normal(size=60), "y": np.array([bad, '" onload="x', "&amp;"] * 20, dtype=object)}
    for target in data:
        for name in data:
            figure = Figures(built(data, target)).draw(name)
            assert "<script" not in str(figure)
            assert not any(key.startswith("on") for e in tree(figure).iter() for key in e.attrib)


def test_no_rows_no_picture(birds, built):
    profile = built(birds, "species")
    assert Figures(replace(profile, data={})).draw("rain") is None
    gone = {**birds, "rain": np.full(len(birds["rain"]), np.nan)}
    assert Figures(replace(profile, data=gone)).draw("rain") is None


def test_same_data_same_picture(birds, built):
    first, second = (Figures(built(birds, "body_mass_g")).draw("rain") for _ in range(2))
    assert first == second


def test_short_keeps_both_ends():
    assert short("a_very_long_name_mm") == "a_very_lo…e_mm"
    assert short("brief") == "brief"
