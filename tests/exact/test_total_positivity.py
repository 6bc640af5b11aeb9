"""Precision matrices under total positivity: optimality, existence, and what can go wrong."""

from __future__ import annotations

import itertools
import warnings

import numpy as np
import pytest

from adami.exact import (
    AdaptiveMTP2,
    adaptive_mtp2,
    edge_weights,
    mtp2_precision,
    project_dominant,
    project_signs,
)


def sample(seed: int = 0, n: int = 60, size: int = 6) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, 1)) + rng.normal(size=(n, size)) * np.linspace(0.5, 2, size)


def covariance(seed: int = 0, n: int = 60, size: int = 6) -> np.ndarray:
    X = sample(seed, n, size)
    return X.T @ X / n


def cone_projection(matrix: np.ndarray) -> np.ndarray:
    """Project on the cone of e_i e_i' and (e_i - e_j)(e_i - e_j)' by non-negative least squares."""
    from scipy.optimize import nnls

    eye = np.eye(len(matrix))
    rays = [*eye, *(eye[i] - eye[j] for i, j in itertools.combinations(range(len(matrix)), 2))]
    atoms = np.array([np.outer(r, r).ravel() for r in rays]).T
    return (atoms @ nnls(atoms, matrix.ravel())[0]).reshape(matrix.shape)


@pytest.mark.parametrize("seed", range(5))
def test_dominant_projection_is_that_on_the_cone(seed: int) -> None:
    matrix = np.random.default_rng(seed).normal(size=(6, 6)) * 3
    even = (matrix + matrix.T) / 2
    found = project_dominant(matrix, tol=1e-11)
    np.testing.assert_allclose(found, cone_projection(even), atol=1e-8)
    np.testing.assert_allclose(project_dominant(found), found, atol=1e-8)
    # the signs alone are another projection
    assert np.abs(project_signs(matrix) - cone_projection(even)).max() > 1e-3


def test_projections_lie_in_their_sets() -> None:
    matrix = np.random.default_rng(3).normal(size=(7, 7))
    for project in (project_signs, project_dominant):
        found = project(matrix)
        np.testing.assert_array_equal(found, found.T)
        assert np.all(found[~np.eye(7, dtype=bool)] <= 0)
    assert np.all(project_dominant(matrix).sum(axis=1) >= 0)
    assert project_dominant([[-2.0]]).tolist() == [[0.0]]


@pytest.mark.parametrize("weight", [0.0, 0.1])
@pytest.mark.parametrize("solver", ["newton", "gradient"])
def test_optimality_conditions_over_m_matrices(solver: str, weight: float) -> None:
    S = covariance()
    found = mtp2_precision(S, weight, solver=solver, tol=1e-7)
    gradient = S - weight * (1 - np.eye(6)) - np.linalg.inv(found.precision)
    edge = found.precision < -1e-8
    assert found.converged
    assert np.abs(gradient[edge]).max() < 1e-5
    assert gradient[~edge & ~np.eye(6, dtype=bool)].max(initial=-1.0) < 1e-5
    np.testing.assert_allclose(np.diag(np.linalg.inv(found.precision)), np.diag(S), atol=1e-5)


def test_optimum_over_dominant_matrices_is_that_of_a_generic_solver() -> None:
    from scipy.optimize import minimize

    S = covariance(2, size=4)
    eye = np.eye(4)
    rays = np.array([*eye, *(eye[i] - eye[j] for i, j in itertools.combinations(range(4), 2))])

    def objective(w: np.ndarray) -> tuple[float, np.ndarray]:
        theta = (rays.T * w) @ rays
        gradient = S - np.linalg.inv(theta)
        value = -np.linalg.slogdet(theta)[1] + np.sum(theta * S)
        return value, np.einsum("ri,ij,rj->r", rays, gradient, rays)

    generic = minimize(
        objective, np.ones(len(rays)), jac=True, bounds=[(1e-9, None)] * len(rays), options={"ftol": 1e-15}
    )
    found = mtp2_precision(S, constraint="dd")
    assert found.converged
    assert found.value <= generic.fun + 1e-6
    assert np.all(found.precision.sum(axis=1) >= -1e-9)
    np.testing.assert_allclose(found.precision, (rays.T * generic.x) @ rays, atol=2e-3)


@pytest.mark.parametrize("constraint", ["m", "dd"])
def test_both_solvers_agree(constraint: str) -> None:
    S = covariance(4)
    first, second = (
        mtp2_precision(S, 0.05, constraint=constraint, solver=solver) for solver in ("newton", "gradient")
    )
    np.testing.assert_allclose(first.precision, second.precision, atol=1e-4)
    assert first.value == pytest.approx(second.value, abs=1e-8)
    assert np.all(np.diff(first.trace) <= 1e-12)
    # the trace is that of the search; the value is the objective
    expected = -np.linalg.slogdet(first.precision)[1] + np.sum(
        first.precision * (S - 0.05 * (1 - np.eye(len(S))))
    )
    assert first.value == pytest.approx(expected, abs=1e-10)


def test_unconstrained_likelihood_where_it_already_has_the_sign() -> None:
    theta = np.array([[2.0, -0.5, 0.0], [-0.5, 1.5, -0.4], [0.0, -0.4, 1.0]])
    np.testing.assert_allclose(mtp2_precision(np.linalg.inv(theta)).precision, theta, atol=1e-5)
    flipped = theta * np.array([[1, -1, 1], [-1, 1, 1], [1, 1, 1]])
    assert np.abs(mtp2_precision(np.linalg.inv(flipped)).precision - flipped).max() > 0.1


def test_two_rows_are_enough_for_an_m_matrix() -> None:
    X = np.random.default_rng(1).normal(size=(2, 8))
    found = mtp2_precision(X.T @ X / 2)
    assert found.converged
    assert np.all(np.isfinite(found.precision))
    np.testing.assert_allclose(np.diag(np.linalg.inv(found.precision)), np.diag(X.T @ X / 2), rtol=1e-5)


@pytest.mark.parametrize("size", [4, 6, 8])
def test_one_row_is_enough_for_a_dominant_matrix(size: int) -> None:
    x = np.random.default_rng(size).normal(size=size)
    found = mtp2_precision(np.outer(x, x), constraint="dd")
    assert found.converged
    assert np.linalg.eigvalsh(found.precision)[0] > 0


def test_where_no_optimum_exists() -> None:
    tied = np.array([[1.0, 2.0], [2.0, 4.0]])
    with pytest.raises(ValueError, match="features 0 and 1 are perfectly correlated"):
        mtp2_precision(tied)
    assert mtp2_precision(tied, constraint="dd").converged
    with pytest.raises(ValueError, match="features 0 and 1 are equal"):
        mtp2_precision(np.ones((2, 2)), constraint="dd")
    # a weight on the edge keeps the two apart
    assert mtp2_precision(tied, 0.1).converged
    with pytest.raises(ValueError, match="feature 1 has variance 0"):
        mtp2_precision(np.diag([1.0, 0.0]))


def test_weights_fall_from_the_penalty_to_zero() -> None:
    x = np.linspace(0, 1, 21)
    for rule in ("mcp", "scad", "exponential", "inverse"):
        weights = np.array([edge_weights([[1.0, -v], [-v, 1.0]], 0.2, rule)[0, 1] for v in x])
        assert np.all(np.diff(weights) <= 1e-15)
        assert weights[0] == pytest.approx(0.2 / 1e-3 if rule == "inverse" else 0.2)
    assert edge_weights([[1.0, -0.4], [-0.4, 1.0]], 0.2)[0, 1] == 0
    assert edge_weights([[1.0, -0.74], [-0.74, 1.0]], 0.2, "scad")[0, 1] == pytest.approx(0)
    assert np.all(edge_weights(np.eye(3), 0.0) == 0)
    with pytest.raises(ValueError, match="none of"):
        edge_weights(np.eye(2), 0.1, "lasso")
    with pytest.raises(ValueError, match="penalty"):
        edge_weights(np.eye(2), -0.1)


def chain(size: int = 20, n: int = 200) -> tuple[np.ndarray, np.ndarray]:
    theta = 1.1 * np.eye(size) - 0.5 * (np.eye(size, k=1) + np.eye(size, k=-1))
    X = np.random.default_rng(0).multivariate_normal(np.zeros(size), np.linalg.inv(theta), n)
    sd = np.sqrt(np.diag(np.linalg.inv(theta)))
    return X / sd, theta * np.outer(sd, sd)


@pytest.mark.parametrize("rule", ["mcp", "scad", "exponential", "inverse"])
def test_stages_undo_the_shrinkage(rule: str) -> None:
    X, truth = chain()
    S = X.T @ X / len(X)
    alpha = 0.02 if rule == "inverse" else 0.12
    found = adaptive_mtp2(S, alpha=alpha, weights=rule)

    def error(theta: np.ndarray) -> float:
        return float(np.linalg.norm(theta - truth) / np.linalg.norm(truth))

    plain = mtp2_precision(S, 0.12)
    assert error(found.precision) < 0.6 * error(plain.precision)
    assert found.converged
    assert len(found.stages) <= 5
    true_edges = np.triu(truth < 0, 1)
    edges = np.triu(found.edges, 1)
    assert 2 * (edges & true_edges).sum() / (edges.sum() + true_edges.sum()) > 0.6


def test_criterion_chooses_the_least() -> None:
    X, _ = chain()
    S, n = X.T @ X / len(X), len(X)
    found = adaptive_mtp2(S, n)
    assert [a for a, _ in found.bic_trace] == pytest.approx(
        [c * np.sqrt(np.log(20) / n) for c in (0.5, 1, 1.5, 2)]
    )
    assert found.bic == min(b for _, b in found.bic_trace)
    for alpha, bic in found.bic_trace:
        again = adaptive_mtp2(S, n, alpha=alpha)
        edges = int(again.edges.sum()) // 2
        expected = -n * again.value + edges * np.log(n)
        assert bic == pytest.approx(expected)
        assert again.value == pytest.approx(
            np.linalg.slogdet(again.precision)[1] - np.sum(again.precision * S)
        )


@pytest.mark.parametrize("constraint", ["m", "dd"])
def test_units_do_not_matter(constraint: str) -> None:
    S = covariance(5)
    units = np.full(6, 1e4) if constraint == "dd" else 10.0 ** np.arange(-3, 3)
    first = adaptive_mtp2(S, 60, constraint=constraint)
    second = adaptive_mtp2(S * np.outer(units, units), 60, constraint=constraint)
    np.testing.assert_allclose(
        second.precision * np.outer(units, units), first.precision, rtol=1e-5, atol=1e-7
    )
    np.testing.assert_array_equal(first.edges, second.edges)
    # in raw units, a penalty is another one
    raw = adaptive_mtp2(S * 1e4, 60, alpha=0.1, standardize=False)
    assert not np.allclose(raw.precision * 1e4, adaptive_mtp2(S, 60, alpha=0.1).precision, rtol=1e-3)


def test_estimator_and_its_information() -> None:
    X = sample(6, n=300)
    model = AdaptiveMTP2(alpha=0.05).fit(X)
    assert model.converged_
    assert np.all(model.partial_correlations_ >= 0)
    np.testing.assert_allclose(np.diag(model.partial_correlations_), 1.0)
    rho2 = model.covariance_[0, 1] ** 2 / (model.covariance_[0, 0] * model.covariance_[1, 1])
    assert model.mutual_information([0], [1]) == pytest.approx(-0.5 * np.log1p(-rho2))
    assert model.mutual_information([0], [1], base=2) == pytest.approx(-0.5 * np.log2(1 - rho2))
    whole = model.mutual_information([0, 1])
    assert whole == pytest.approx(model.mutual_information([0, 1], [2, 3, 4, 5]))
    chain_rule = model.mutual_information([0], [2, 3]) - model.mutual_information([0], [2])
    assert chain_rule >= -1e-12
    from scipy.stats import multivariate_normal

    law = multivariate_normal(model.location_, model.covariance_)
    assert model.score(X) == pytest.approx(float(np.mean(law.logpdf(X))))


def test_follows_scikit_learn() -> None:
    from sklearn.utils.estimator_checks import check_estimator

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        results = check_estimator(AdaptiveMTP2(), on_fail=None)
    assert [r["check_name"] for r in results if r["status"] not in ("passed", "skipped")] == []


def test_estimator_bad_input() -> None:
    X = sample(7, n=30)
    with pytest.raises(ValueError, match="give three"):
        AdaptiveMTP2().fit(X[:2])
    assert AdaptiveMTP2(assume_centered=True).fit(X[:2]).converged_
    constant = X.copy()
    constant[:, 2] = 0.1
    with pytest.raises(ValueError, match="feature 2 has no variance"):
        AdaptiveMTP2().fit(constant)
    with pytest.raises(ValueError, match="perfectly correlated"):
        AdaptiveMTP2().fit(np.column_stack([X, 3 * X[:, 0]]))
    with pytest.raises(ValueError, match="NaN"):
        AdaptiveMTP2().fit(np.where(X > 1, np.nan, X))
    for setting, words in (
        ({"alpha": -1.0}, "alpha"),
        ({"alpha": "aic"}, "neither a number nor 'bic'"),
        ({"constraint": "psd"}, "neither 'm' nor 'dd'"),
        ({"stages": 0}, "stages=0"),
        ({"weights": "l0"}, "none of"),
        ({"solver": "lbfgs"}, "solver"),
        ({"tol": 0.0}, "positive"),
    ):
        with pytest.raises(ValueError, match=words):
            AdaptiveMTP2(**setting).fit(X)
    model = AdaptiveMTP2().fit(X)
    for groups in (([0], [0]), ([], [1]), ([0], [6]), ([0, 0], [1]), ([0.5], [1])):
        with pytest.raises(ValueError, match=r"feature|first|second"):
            model.mutual_information(*groups)


def test_matrix_bad_input() -> None:
    S = covariance()
    with pytest.raises(ValueError, match="not symmetric"):
        mtp2_precision(np.triu(S))
    with pytest.raises(ValueError, match="square matrix"):
        mtp2_precision(S[:3])
    with pytest.raises(ValueError, match="NaN"):
        mtp2_precision(S * np.nan)
    with pytest.raises(ValueError, match="not negative"):
        mtp2_precision(S, -0.1)
    with pytest.raises(ValueError, match="weights have shape"):
        mtp2_precision(S, np.zeros((2, 2)))
    with pytest.raises(ValueError, match="start is not positive definite"):
        mtp2_precision(S, start=-np.eye(6))
    with pytest.raises(ValueError, match="needs n_samples"):
        adaptive_mtp2(S)


def test_says_when_the_steps_ran_out() -> None:
    found = mtp2_precision(covariance(), solver="gradient", max_iter=2)
    assert not found.converged
    assert found.residual > 1e-6
