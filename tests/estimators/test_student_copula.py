"""Student-t copula: a shared scale is information."""

import numpy as np
import pytest

from adami import tasks
from adami.estimators import GaussianCopula, StudentCopula


@pytest.mark.parametrize("name", [n for n in tasks.names("student-identity") if "asinh" not in n])
def test_closed_forms(name):
    task = tasks.get(name)
    result = StudentCopula().estimate(*task.sample(3000, random_state=4))
    assert abs(result - task.mi) < 0.05
    assert result.details["degrees_of_freedom"] == pytest.approx(float(name.rsplit("-", 1)[1]), rel=0.15)


def test_margins_do_not_matter():
    x, y = tasks.get("student-identity-2-2-2").sample(1000, random_state=0)
    assert float(StudentCopula().estimate(np.arcsinh(x), y)) == pytest.approx(
        float(StudentCopula().estimate(x, y))
    )


def test_gaussian_rows_get_the_gaussian_limit():
    x, y = tasks.get("multinormal-dense-3-3-0.5").sample(1000, random_state=0)
    result = StudentCopula().estimate(x, y)
    assert result.details["degrees_of_freedom"] > 30
    assert float(result) == pytest.approx(float(GaussianCopula().estimate(x, y)), abs=0.01)


def test_independent_heavy_tails_are_zero():
    rng = np.random.default_rng(0)
    values = [float(StudentCopula().estimate(*rng.standard_cauchy((2, 500)))) for _ in range(50)]
    assert abs(np.mean(values)) < 0.004


def test_conditional_of_a_common_law():
    # I(X;Y|Z) = I(X;YZ) - I(X;Z) in closed form
    from adami.tasks._student import student_correction

    rng = np.random.default_rng(1)
    rows = rng.normal(size=(4000, 3)) / np.sqrt(rng.chisquare(2, (4000, 1)) / 2)
    truth = student_correction(1, 2, 2.0) - student_correction(1, 1, 2.0)
    assert StudentCopula().estimate(rows[:, 0], rows[:, 1], rows[:, 2]) == pytest.approx(truth, abs=0.04)


def test_many_rows_are_thinned_for_the_fit_only():
    task = tasks.get("student-identity-2-2-1")
    x, y = task.sample(6000, random_state=0)
    assert StudentCopula(max_rows=2000).estimate(x, y) == pytest.approx(task.mi, abs=0.06)
    again = [float(StudentCopula(max_rows=2000).estimate(x, y)) for _ in range(2)]
    assert again[0] == again[1]


def test_bad_input():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(100, 2))
    with pytest.raises(ValueError, match="functions of each other"):
        StudentCopula().estimate(x, np.exp(x))
    with pytest.raises(ValueError, match="too few"):
        StudentCopula().estimate(x[:6], x[6:12])
    with pytest.raises(TypeError):
        StudentCopula().estimate(x, ["a", "b"] * 50)
