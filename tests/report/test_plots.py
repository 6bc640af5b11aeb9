"""The figures for notebooks."""

import importlib
import sys

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

import adami

TABLE = {"copy": [0, 1] * 60, "other": [0, 0, 1, 1] * 30, "y": [0, 1] * 60}


def test_the_ranking_draws_one_bar_a_column_at_its_value():
    ranking = adami.rank(TABLE, "y", permutations=19)
    ax = ranking.plot()
    assert [bar.get_width() for bar in ax.patches] == [r.information.value for r in ranking]
    assert "about y" in ax.get_xlabel()
    plt.close(ax.figure)


def test_the_matrix_draws_into_given_axes():
    m = adami.matrix(TABLE, method="plugin")
    figure, ax = plt.subplots()
    assert m.plot(ax) is ax
    np.testing.assert_array_equal(ax.get_images()[0].get_array(), m.normalized)
    assert any(t.get_text() == "1.00" for t in ax.texts)
    plt.close(figure)


def test_a_profile_in_a_notebook_keeps_its_style_to_itself():
    shown = adami.profile(TABLE, "y", permutations=19)._repr_html_()
    assert shown.startswith('<iframe srcdoc="')
    assert "<style" not in shown


def test_without_matplotlib_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    monkeypatch.delitem(sys.modules, "adami.report.plots", raising=False)
    with pytest.raises(ImportError, match=r"adami\[plot\]"):
        importlib.import_module("adami.report.plots")
