"""The soft entropy of kd-cells: its limit, its gradient, and that a loss on balls alone does not lower it."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from adami.exact import convex_hull, kd_structural_entropy  # noqa: E402
from adami.representation import fit_entropy_net, soft_kd_entropy  # noqa: E402


@pytest.fixture(autouse=True)
def the_same_everywhere():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def planes_of(X: np.ndarray) -> torch.Tensor:
    corners = convex_hull(X)
    along = np.roll(corners, -1, axis=0) - corners
    normal = np.column_stack([-along[:, 1], along[:, 0]]) / np.linalg.norm(along, axis=1, keepdims=True)
    return torch.tensor(np.column_stack([normal, np.sum(normal * corners, axis=1)]))


@pytest.mark.parametrize("n", [3, 4, 37, 128, 301])
def test_without_softness_it_is_the_entropy_of_the_cells(n: int) -> None:
    X = np.random.default_rng(n).random((n, 2))
    soft = soft_kd_entropy(torch.tensor(X), planes_of(X), softness=1e-12)
    assert float(soft) == pytest.approx(kd_structural_entropy(X).value, abs=1e-9)
    # cells of a wider hull are disposed of earlier
    wide = planes_of(30 * (X - X.mean(axis=0)) + X.mean(axis=0))
    assert float(soft_kd_entropy(torch.tensor(X), wide, softness=1e-12)) == pytest.approx(0.0, abs=1e-9)


def test_softness_disposes_later_and_one_point_has_no_entropy() -> None:
    X = np.random.default_rng(0).random((200, 2))
    values = [float(soft_kd_entropy(torch.tensor(X), planes_of(X), softness=s)) for s in (1e-4, 1e-2, 1.0)]
    assert values == sorted(values)
    assert values[-1] < np.log(200) + 1e-9
    assert float(soft_kd_entropy(torch.tensor(X[:1]), planes_of(X))) == 0.0


def test_gradient_by_differences() -> None:
    rng = np.random.default_rng(1)
    X, way = torch.tensor(rng.random((60, 2))), torch.tensor(rng.normal(size=(60, 2)))
    planes = planes_of(X.numpy())
    at = X.clone().requires_grad_()
    soft_kd_entropy(at, planes, softness=0.03).backward()
    ahead, back = (float(soft_kd_entropy(X + t * way, planes, softness=0.03)) for t in (1e-7, -1e-7))
    assert float((at.grad * way).sum()) == pytest.approx((ahead - back) / 2e-7, rel=1e-5)
    assert float(at.grad.abs().max()) > 1e-3


def test_the_term_lowers_the_entropy_that_balls_alone_leave() -> None:
    X = np.random.default_rng(0).random((120, 2))
    options = {"k": 8, "max_chamfer": 0.003, "keep_hull": True, "steps": 150, "random_state": 0}
    before = kd_structural_entropy(X).value
    balls = fit_entropy_net(X, **options)
    cells = fit_entropy_net(X, kd_weight=0.5, **options)
    assert cells.chamfer <= 0.003
    assert cells.after < cells.before
    assert kd_structural_entropy(cells.moved).value < before
    assert kd_structural_entropy(cells.moved).value < kd_structural_entropy(balls.moved).value


def test_bad_input() -> None:
    X = torch.rand(5, 2)
    with pytest.raises(ValueError, match="in the plane"):
        soft_kd_entropy(torch.rand(5, 3), torch.rand(4, 3))
    with pytest.raises(ValueError, match="three numbers"):
        soft_kd_entropy(X, torch.rand(4, 2))
    with pytest.raises(ValueError, match="softness"):
        soft_kd_entropy(X, torch.rand(4, 3), softness=0.0)
    with pytest.raises(ValueError, match="keep_hull"):
        fit_entropy_net(X.numpy(), k=2, kd_weight=1.0)
