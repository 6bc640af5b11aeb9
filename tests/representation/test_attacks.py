"""Attacks on regressions."""

import pytest
import torch

from adami.representation import fgsm, pgd


def linear(x):
    return x @ torch.tensor([2.0, -1.0, 0.0])


def test_steps_go_where_the_error_grows():
    x, y = torch.tensor([[1.0, 1.0, 1.0], [0.0, 5.0, 0.0]]), torch.tensor([0.0, 0.0])
    moved = fgsm(linear, x, y, 0.1)
    assert (moved - x).tolist() == [pytest.approx([0.1, -0.1, 0.0]), pytest.approx([-0.1, 0.1, 0.0])]
    assert bool(((linear(moved) - y).abs() > (linear(x) - y).abs()).all())
    assert not moved.requires_grad


def test_several_steps_stay_in_the_box():
    x, y = torch.randn(20, 3, generator=torch.Generator().manual_seed(0)), torch.zeros(20)
    near, far = (pgd(linear, x, y, epsilon, step=0.05, iterations=5) for epsilon in (0.1, 9.0))
    assert float((near - x).abs().max()) == pytest.approx(0.1, abs=1e-6)
    assert float((far - x).abs().max()) == pytest.approx(0.25, abs=1e-6)
    assert torch.equal(pgd(linear, x, y, 0.0), x)


def test_bad_input():
    x = torch.zeros(2, 3)
    with pytest.raises(ValueError, match="epsilon=-1"):
        fgsm(linear, x, torch.zeros(2), -1)
    with pytest.raises(ValueError, match="iterations=0"):
        pgd(linear, x, torch.zeros(2), iterations=0)
    with pytest.raises(ValueError, match=r"shape \(2,\) and y has \(2, 1\)"):
        fgsm(linear, x, torch.zeros(2, 1))
