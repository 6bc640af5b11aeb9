"""The model of costs: its units, its growth, and what it said of the stored runs beforehand."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from adami.engines import counts
from benchmarks import _scale_page as stored
from benchmarks import scale_model as model

COSTS = model.Costs(start=0.8, look=2e-8, ask=1e-2, copy=5e-9, group=6e-9)


def test_a_plan_adds_up():
    plan = model.plan(COSTS, 1_000_000, 20, 32, 20)
    assert (plan.pairs, plan.tables, plan.batches) == (190, 190, 1)
    assert plan.copy == 20e6
    assert plan.held == 190 * 32**2 * 24
    assert plan.cpu == pytest.approx(COSTS.kinds(1e6, 20) + COSTS.counts(1e6, 20, 190))
    assert replace(plan, cpu=86_400.0 * 7).days(7) == 1


@pytest.mark.parametrize("grown", ["rows", "columns", "levels"])
def test_more_of_a_table_never_costs_less(grown):
    table = {"rows": 10**8, "columns": 300, "levels": 4}
    plans = [model.plan(COSTS, **(table | {grown: v * table[grown]}), batch=100) for v in (1, 2, 3, 8)]
    told = ["pairs", "tables", "batches", "read", "copy", "held", "cpu"]
    # with more levels fewer columns share a joint table, whose cells may then be fewer in all
    for name in told if grown == "levels" else [*told, "shuffled"]:
        values = [getattr(p, name) for p in plans]
        assert values == sorted(values), name
    assert plans[-1].cpu > plans[0].cpu


def test_seconds_are_linear_in_rows():
    one, two, three = (model.plan(COSTS, n * 10**9, 100, 8, 100).cpu for n in (1, 2, 3))
    assert three - two == pytest.approx(two - one)


def test_larger_batches_read_less_and_hold_more():
    plans = [model.plan(COSTS, 10**9, 10_000, 16, batch) for batch in (50, 200, 1_000, 10_000)]
    assert [p.read for p in plans] == sorted((p.read for p in plans), reverse=True)
    assert [p.held for p in plans] == sorted(p.held for p in plans)
    assert plans[-1].read == 10**9 * 10_000 / 2


@pytest.mark.parametrize(("columns", "levels"), [(20, 2), (50, 2), (50, 4), (50, 8), (30, 16), (50, 32)])
def test_joint_tables_are_about_those_of_the_planner(columns, levels):
    names = [f"c{i}" for i in range(columns)]
    planned = len(counts.blocks(list(combinations(names, 2)), dict.fromkeys(names, levels)))
    assert model.joint_tables(columns, levels) == pytest.approx(planned, rel=0.25)


def test_a_shuffle_has_no_more_counts_than_cells_or_rows():
    assert model.shuffle_records(10**9, 5, 1_000, 10) == pytest.approx(5 * 1_000 * 10)
    assert model.shuffle_records(100, 5, 10_000, 1) == pytest.approx(5 * 100, rel=0.01)


def test_screening_error_is_that_of_independent_columns():
    rng = np.random.default_rng(0)
    levels, rows = 6, 4_000
    found = []
    for _ in range(300):
        joint = np.bincount(rng.integers(0, levels**2, rows), minlength=levels**2).reshape(levels, levels)
        p = joint / rows
        found.append(float((p * np.log(p / np.outer(p.sum(1), p.sum(0)))).sum()))
    bias, spread = model.screening_error(levels, rows)
    assert np.mean(found) == pytest.approx(bias, rel=0.05)
    assert np.std(found) == pytest.approx(spread, rel=0.15)


def test_the_fit_finds_constants_that_made_the_runs():
    runs = [
        {
            "rows": rows,
            "columns": columns,
            "tables": tables,
            "cpu": {"kinds": COSTS.kinds(rows, columns), "counts": COSTS.counts(rows, columns, tables)},
        }
        for rows in (10**6, 5 * 10**6)
        for columns, tables in ((10, 5), (20, 58))
    ]
    found = model.fit(runs)
    for name in ("start", "look", "ask", "copy", "group"):
        assert getattr(found, name) == pytest.approx(getattr(COSTS, name), rel=1e-6)


def test_small_runs_foretold_the_large_ones():
    runs = stored.stored(stored.RUNS)
    large = [p for p in stored.predictions(runs) if p[0]["rows"] > stored.FITTED]
    assert len(large) >= 2
    for run, kinds, counted in large:
        assert kinds + counted == pytest.approx(run["cpu"]["kinds"] + run["cpu"]["counts"], rel=0.35)


def test_the_shuffles_on_spark_were_as_foretold():
    for run, records in stored.spark_predictions(stored.stored(stored.SPARK_RUNS)):
        assert records == pytest.approx(run["records"], rel=0.02)
        assert run["written"] / run["records"] == pytest.approx(model.SHUFFLED_PER_CELL, rel=0.1)


def test_stored_growth_is_linear():
    slope, fits = stored.growth(stored.stored(stored.RUNS))
    assert slope > 0
    assert fits > 0.98
    assert math.isfinite(slope)
