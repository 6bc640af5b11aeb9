"""Closed forms against Monte Carlo of the pointwise information, and what a task promises."""

import numpy as np
import pytest

from adami import tasks
from adami.tasks import _maps

PUBLISHED = {
    "1v1-normal-0.75": 0.41333928659223396,
    "1v1-additive-0.1": 1.7094379663467407,
    "1v1-additive-0.75": 0.3333333333333333,
    "student-identity-1-1-1": 0.22417142752924,
    "multinormal-dense-5-5-0.5": 0.5928118328,
    "multinormal-sparse-25-25-2-2.0": 1.0216512475,
}


@pytest.mark.parametrize("name", [n for n in tasks.names() if tasks.get(n).log_ratio is not None])
def test_the_closed_form_is_the_mean_of_the_pointwise_information(name):
    task = tasks.get(name)
    x, y = task.sample(20_000, random_state=1)
    local = task.density_ratio(x, y)
    error = 4 * local.std() / np.sqrt(len(local)) + task.mi_error
    assert abs(local.mean() - task.mi) < error


@pytest.mark.full
@pytest.mark.parametrize("name", [n for n in tasks.names() if tasks.get(n).log_ratio is not None])
def test_the_closed_form_with_many_rows(name):
    task = tasks.get(name)
    local = np.concatenate([task.density_ratio(*task.sample(50_000, random_state=s)) for s in range(8)])
    assert abs(local.mean() - task.mi) < 4 * local.std() / np.sqrt(len(local)) + task.mi_error


@pytest.mark.parametrize(("name", "mi"), PUBLISHED.items())
def test_published_values(name, mi):
    assert tasks.get(name).mi == pytest.approx(mi, abs=2e-6)


def test_there_are_forty_benchmark_tasks():
    assert len(tasks.names("benchmark")) == 40
    assert set(tasks.BENCHMARK) <= set(tasks.names())


@pytest.mark.parametrize("name", tasks.names())
def test_shapes_seeds_and_names(name):
    task = tasks.get(name)
    assert task.name == name
    x, y = task.sample(7, random_state=3)
    again, _ = task.sample(7, random_state=3)
    other, _ = task.sample(7, random_state=4)
    for side, dim, kind in zip((x, y), (task.dim_x, task.dim_y), task.kinds):
        assert side.shape == ((7,) if kind == "discrete" else (7, dim))
    np.testing.assert_array_equal(x, again)
    assert not np.array_equal(x, other) or task.kinds[0] == "discrete"


def test_waves_are_strictly_increasing():
    grid = np.linspace(-8, 8, 100_001)
    assert np.diff(_maps.wiggly_x(grid)).min() > 0
    assert np.diff(_maps.wiggly_y(grid)).min() > 0


def test_a_clean_poisson_channel_has_the_known_value():
    from adami.tasks._mixed import zero_inflated_poisson

    k = np.arange(1, 80)
    clean = 2 * np.log(2) - np.euler_gamma - np.sum(np.log(k) * 2.0**-k)
    assert zero_inflated_poisson(0.0).mi == pytest.approx(clean, abs=1e-6)
    assert zero_inflated_poisson(0.15).mi < 0.85 * clean


def test_bad_names_and_sizes():
    with pytest.raises(ValueError, match="did you mean"):
        tasks.get("1v1-norml-0.75")
    with pytest.raises(ValueError, match="at least one row"):
        tasks.get("1v1-normal-0.75").sample(0)
    x, y = tasks.get("wiggly-1v1-normal-0.75").sample(5)
    with pytest.raises(ValueError, match="no simple density ratio"):
        tasks.get("wiggly-1v1-normal-0.75").density_ratio(x, y)


def test_filters():
    assert tasks.names(lambda task: task.kinds == ("discrete", "discrete")) == tasks.names("discrete-")
