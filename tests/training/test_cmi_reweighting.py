"""The information-weighted loss against loops, and what must be so of its weights."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from adami.training import CMIReweightedLoss

LENGTHS = (7, 3, 5, 1)


def example(seed: int = 0) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    told, prior = torch.randn(2, 4, 7, 6, generator=generator, dtype=torch.float64)
    target = torch.randint(0, 6, (4, 7), generator=generator)
    mask = torch.arange(7) < torch.tensor(LENGTHS)[:, None]
    return told.requires_grad_(), prior.requires_grad_(), target, mask


def by_loops(
    told: torch.Tensor, prior: torch.Tensor, target: torch.Tensor, s1: float, s2: float, detach: bool
) -> tuple[torch.Tensor, list[list[float]]]:
    """The equations of the paper, one number at a time."""

    def log_p(logits: torch.Tensor, b: int, j: int) -> torch.Tensor:
        row = logits[b, j]
        return row[target[b, j]] - torch.log(torch.exp(row).sum())

    first, second, count = torch.zeros((), dtype=torch.float64), 0.0, sum(LENGTHS)
    information, means = [], []
    for b, n in enumerate(LENGTHS):
        row = [log_p(told, b, j) - log_p(prior, b, j) for j in range(n)]
        if detach:
            row = [v.detach() for v in row]
        information.append(row)
        means.append(sum(row) / n)
    middle = sum(means) / len(means)
    spread = torch.sqrt(sum((m - middle) ** 2 for m in means) / (len(means) - 1))
    weights = []
    for b, n in enumerate(LENGTHS):
        sequence = torch.clamp(1 + s2 * (means[b] - middle) / (spread + 1e-6), min=0)
        own: list[float] = []
        if n > 1:
            sigma = torch.sqrt(sum((v - means[b]) ** 2 for v in information[b]) / (n - 1))
        for j in range(n):
            token = torch.ones((), dtype=torch.float64)
            if n > 1:
                token = torch.clamp(1 + s1 * (information[b][j] - means[b]) / (sigma + 1e-6), min=0)
            own.append(float((token * sequence).detach()))
            first = first - token * sequence * log_p(told, b, j)
            second = second - log_p(prior, b, j)
        weights.append(own)
    return (first + second) / count, weights


@pytest.mark.parametrize("detach", [True, False])
@pytest.mark.parametrize("deviations", [(0.3, 0.1), (2.0, 1.5)])
def test_against_loops(detach: bool, deviations: tuple[float, float]) -> None:
    told, prior, target, mask = example()
    terms = CMIReweightedLoss(*deviations, detach_weights=detach)(told, prior, target, mask)
    wanted, weights = by_loops(told, prior, target, *deviations, detach)
    assert float(terms["total"].detach()) == pytest.approx(float(wanted.detach()), abs=1e-10)
    for b, row in enumerate(weights):
        np.testing.assert_allclose(terms["weights"][b, : len(row)].detach(), row, atol=1e-10)
        assert not terms["weights"][b, len(row) :].any()
    ours = torch.autograd.grad(terms["total"], (told, prior))
    theirs = torch.autograd.grad(wanted, (told, prior))
    for a, b in zip(ours, theirs):
        torch.testing.assert_close(a, b, atol=1e-10, rtol=0)


def test_constants_and_gradients_are_told_apart() -> None:
    told, prior, target, mask = example()
    grads = [
        torch.autograd.grad(CMIReweightedLoss(detach_weights=d)(told, prior, target, mask)["total"], told)[0]
        for d in (True, False)
    ]
    assert (grads[0] - grads[1]).abs().max() > 1e-3


def test_weights_average_to_one() -> None:
    told, prior, target, mask = example()
    terms = CMIReweightedLoss(0.3, 0.1)(told, prior, target, mask)
    means = terms["token_weights"].sum(1) / mask.sum(1)
    torch.testing.assert_close(means, torch.ones_like(means), atol=1e-10, rtol=0)
    assert float(terms["sequence_weights"].mean().detach()) == pytest.approx(1, abs=1e-10)
    spread = terms["token_weights"][0].std()
    assert float(spread) == pytest.approx(0.3, rel=1e-5)


@pytest.mark.parametrize("loss", [CMIReweightedLoss(0, 0), CMIReweightedLoss(reweight="none")])
def test_plain_cross_entropy(loss: CMIReweightedLoss) -> None:
    told, prior, target, mask = example()
    terms = loss(told, prior, target, mask)
    plain = [torch.nn.functional.cross_entropy(x[mask], target[mask]) for x in (told, prior)]
    assert float(terms["conditional"].detach()) == pytest.approx(float(plain[0].detach()), abs=1e-12)
    assert float(terms["total"].detach()) == pytest.approx(float(sum(plain).detach()), abs=1e-12)
    assert next(iter(terms)) == "total"


def test_one_sequence_one_token_and_equal_informations() -> None:
    told, prior, target, mask = example()
    alone = CMIReweightedLoss()(told[3:], prior[3:], target[3:], mask[3:])
    assert alone["weights"][0, 0] == 1
    same = CMIReweightedLoss(detach_weights=False)(told, told, target, mask)
    assert float(same["information"].abs().max().detach()) == 0
    (grad,) = torch.autograd.grad(same["total"], told)
    assert bool(grad.isfinite().all())
    torch.testing.assert_close(same["weights"], mask.double())


def test_rare_tokens_do_not_underflow() -> None:
    told = torch.tensor([[[0.0, -2000.0], [0.0, 1.0]]])
    terms = CMIReweightedLoss()(told, torch.zeros(1, 2, 2), torch.tensor([[1, 1]]))
    assert math.isfinite(float(terms["total"]))


def test_all_weights_clipped_is_told() -> None:
    told = torch.zeros(2, 2, 2)
    target = torch.zeros(2, 2, dtype=torch.long)

    class Clipped(CMIReweightedLoss):
        def weights(self, information: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            return torch.zeros_like(information), torch.zeros(len(information))

    with pytest.warns(UserWarning, match="clipped to 0"):
        Clipped()(told, told, target)


def test_bad_input() -> None:
    told, prior, target, mask = example()
    with pytest.raises(ValueError, match="s1=-1"):
        CMIReweightedLoss(-1)
    with pytest.raises(ValueError, match="s2=nan"):
        CMIReweightedLoss(0.1, math.nan)
    with pytest.raises(ValueError, match="reweight='mi'"):
        CMIReweightedLoss(reweight="mi")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="logits have the shapes"):
        CMIReweightedLoss()(told, prior[:, :3], target, mask)
    with pytest.raises(ValueError, match="do not fit"):
        CMIReweightedLoss()(told, prior, target[:, :2], mask)
    with pytest.raises(ValueError, match="sequence 3"):
        CMIReweightedLoss()(told, prior, target, mask & (torch.arange(4) < 3)[:, None])
