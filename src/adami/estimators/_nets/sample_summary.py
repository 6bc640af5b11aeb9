"""What a learned estimator is told about a sample: closed forms of normal scores, and canonical columns."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

PAIRS = 4
"""Most canonical pairs that are shown row by row."""
SHRINKAGES = (0.03, 0.1, 0.3)
"""Fixed shrinkages at which the Gaussian information is told, beside the one the sample asks for."""
LEAST_SHRINKAGE = 0.01
SPECTRUM = 8
"""Canonical correlations that are told."""
N_FEATURES = 26 + 2 * SPECTRUM
TOKEN_WIDTH = 5


class Summary(NamedTuple):
    """A batch of samples, as the network sees it."""

    features: Tensor
    """Shape (b, N_FEATURES): the same for any order of rows and columns, and of x and y."""
    tokens: Tensor
    """Shape (b, n, 2 k + 2, TOKEN_WIDTH): canonical columns of x, their partners of y, and the two radii."""
    gaussian: Tensor
    """Shape (b,): square root of twice the shrunk Gaussian information."""


def summarize(x: Tensor, y: Tensor) -> Summary:
    """Describe samples whose columns are normal scores.

    Parameters
    ----------
    x : tensor, shape (b, n, dim_x)
    y : tensor, shape (b, n, dim_y)
    """
    n, dim_x, dim_y = x.shape[1], x.shape[2], y.shape[2]
    z = torch.cat([x, y], dim=2)
    z = z / z.pow(2).mean(1, keepdim=True).sqrt().clamp_min(1e-6)
    x, y = z[..., :dim_x], z[..., dim_x:]
    r = z.transpose(1, 2) @ z / n
    shrinkage = _shrinkage(r, n)
    u, v, rho = _canonical(x, y, r, shrinkage)
    radius_x, radius_y = _radius(x), _radius(y)
    joint = (radius_x * radius_y).mean(1, keepdim=True)
    sides = [
        torch.cat([_pair_tokens(a, b, rho), _radial_token(p, q, joint)], dim=2)
        for a, b, p, q in ((u, v, radius_x, radius_y), (v, u, radius_y, radius_x))
    ]
    shrunk = _root(_gaussian(r, dim_x, shrinkage))
    fixed = [_root(_gaussian(r, dim_x, torch.full_like(shrinkage, s))) for s in SHRINKAGES]
    whole = _root(_plain_gaussian(r, dim_x, n))
    size = [
        math.log(n) / 5,
        math.log(dim_x + dim_y) / 3,
        abs(math.log(dim_x / dim_y)),
        math.log(min(dim_x, dim_y)) / 3,
        min((dim_x + dim_y) / n, 5.0),
        float(n > dim_x + dim_y + 2),
    ]
    told = [
        x.new_tensor(size).expand(len(x), -1),
        torch.stack([shrunk, *fixed, whole, shrinkage], dim=1),
        _padded(rho, SPECTRUM),
        _padded(torch.linalg.svdvals(r[:, :dim_x, dim_x:].detach()), SPECTRUM),
        _moments(z, r, dim_x),
        joint,
        _both(x.pow(2).mean(2).var(1) * dim_x, y.pow(2).mean(2).var(1) * dim_y).clamp(max=10) / 3,
    ]
    return Summary(torch.cat(told, dim=1), torch.cat(sides, dim=2), shrunk)


def _shrinkage(r: Tensor, n: int) -> Tensor:
    """Return the share of the identity that brings correlations nearest to the truth, shape (b,).

    Schäfer and Strimmer, "A shrinkage approach to large-scale covariance matrix estimation", 2005, with the
    variance that a correlation of normal scores has.
    """
    squares = r.pow(2)
    off = squares.sum((1, 2)) - squares.diagonal(dim1=1, dim2=2).sum(1)
    noise = ((1 - squares).pow(2).sum((1, 2)) / (n - 1)).detach()
    return (noise / off.clamp_min(1e-9)).clamp(LEAST_SHRINKAGE, 1.0).detach()


def _shrunk(r: Tensor, shrinkage: Tensor) -> Tensor:
    s = shrinkage[:, None, None]
    return (1 - s) * r + s * torch.eye(r.shape[1], dtype=r.dtype, device=r.device)


def _canonical(x: Tensor, y: Tensor, r: Tensor, shrinkage: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return the first canonical columns of x and y and all shrunk canonical correlations.

    The directions are held fixed for gradients: the correlations are stationary in them, and derivatives of
    singular vectors blow up where singular values meet.
    """
    d = x.shape[2]
    with torch.no_grad():
        shrunk = _shrunk(r, shrinkage)
        root_x, root_y = torch.linalg.cholesky(shrunk[:, :d, :d]), torch.linalg.cholesky(shrunk[:, d:, d:])
        half = torch.linalg.solve_triangular(root_x, shrunk[:, :d, d:], upper=False)
        white = torch.linalg.solve_triangular(root_y, half.transpose(1, 2), upper=False).transpose(1, 2)
        left, _, right = torch.linalg.svd(white, full_matrices=False)
        a = torch.linalg.solve_triangular(root_x.transpose(1, 2), left, upper=True)
        b = torch.linalg.solve_triangular(root_y.transpose(1, 2), right.transpose(1, 2), upper=True)
    rho = torch.einsum("bik,bij,bjk->bk", a, (1 - shrinkage)[:, None, None] * r[:, :d, d:], b)
    k = min(PAIRS, rho.shape[1])
    return _unit(x @ a[..., :k]), _unit(y @ b[..., :k]), rho


def _unit(columns: Tensor) -> Tensor:
    return columns / columns.pow(2).mean(1, keepdim=True).sqrt().clamp_min(1e-6)


def _radius(block: Tensor) -> Tensor:
    """Return the standardised logarithm of each row's length, shape (b, n)."""
    length = block.pow(2).mean(2).clamp_min(1e-6).log()
    length = length - length.mean(1, keepdim=True)
    return length / length.pow(2).mean(1, keepdim=True).sqrt().clamp_min(1e-3)


def _pair_tokens(own: Tensor, partner: Tensor, rho: Tensor) -> Tensor:
    own, partner = own.clamp(-5, 5), partner.clamp(-5, 5)
    told = rho[:, None, : own.shape[2]].expand(-1, own.shape[1], -1)
    return torch.stack([own, own.pow(2) - 1, own * partner, told, torch.zeros_like(own)], dim=-1)


def _radial_token(own: Tensor, partner: Tensor, joint: Tensor) -> Tensor:
    own, partner = own.clamp(-5, 5), partner.clamp(-5, 5)
    told = [own, own.pow(2) - 1, own * partner, joint.expand_as(own), torch.ones_like(own)]
    return torch.stack(told, dim=-1)[:, :, None]


def _gaussian(r: Tensor, dim_x: int, shrinkage: Tensor) -> Tensor:
    """Return the information of a Gaussian with shrunk correlations, shape (b,), in nats."""
    shrunk = _shrunk(r, shrinkage)
    blocks = (shrunk[:, :dim_x, :dim_x], shrunk[:, dim_x:, dim_x:], shrunk)
    logs = [torch.linalg.cholesky(block).diagonal(dim1=1, dim2=2).log().sum(1) for block in blocks]
    return (logs[0] + logs[1] - logs[2]).clamp_min(0)


def _plain_gaussian(r: Tensor, dim_x: int, n: int) -> Tensor:
    """Return the Gaussian information without its bias, or 0 where there are too few rows for it."""
    d = r.shape[1]
    if n <= d + 2:
        return r.new_zeros(len(r))
    raw = _gaussian(r, dim_x, torch.full((len(r),), 1e-5, dtype=r.dtype, device=r.device))
    return raw - (_log_det_bias(dim_x, n) + _log_det_bias(d - dim_x, n) - _log_det_bias(d, n))


def _log_det_bias(d: int, n: int) -> float:
    m = torch.arange(1, d + 1, dtype=torch.float64)
    return float(d / 2 * math.log(2 / (n - 1)) + 0.5 * torch.special.digamma((n - m) / 2).sum())


def _root(information: Tensor) -> Tensor:
    """Return the signed root of twice the information: an angle-like scale on which errors are even."""
    return information.sign() * (2 * information.abs() + 1e-12).sqrt()


def _padded(values: Tensor, width: int) -> Tensor:
    return torch.nn.functional.pad(values[:, :width], (0, max(0, width - values.shape[1])))


def _both(a: Tensor, b: Tensor) -> Tensor:
    """Return two numbers of x and y so that their order does not matter."""
    return torch.stack([(a + b) / 2, (a - b).abs()], dim=1)


def _moments(z: Tensor, r: Tensor, dim_x: int) -> Tensor:
    """Return means of correlations and of their squares, and what squares of columns share beyond them."""
    n = z.shape[1]
    squares = r.pow(2)
    of_squares = z.pow(2).clamp(max=16)
    of_squares = of_squares - of_squares.mean(1, keepdim=True)
    of_squares = _unit(of_squares)
    beyond = of_squares.transpose(1, 2) @ of_squares / n - squares
    told = []
    for matrix, offset in ((r, 0.0), (squares, 1 / n), (beyond, 0.0)):
        inside = [_off_mean(block) for block in (matrix[:, :dim_x, :dim_x], matrix[:, dim_x:, dim_x:])]
        told.append(_both(inside[0] - offset, inside[1] - offset))
        told.append((matrix[:, :dim_x, dim_x:].mean((1, 2)) - offset)[:, None])
    cross = squares[:, :dim_x, dim_x:]
    strongest = cross.amax(2).mean(1) + cross.amax(1).mean(1)
    total = (cross - 1 / n).sum((1, 2)) / min(cross.shape[1:])
    return torch.cat([*told, strongest[:, None], total[:, None]], dim=1)


def _off_mean(block: Tensor) -> Tensor:
    d = block.shape[1]
    if d == 1:
        return block.new_zeros(len(block))
    return (block.sum((1, 2)) - block.diagonal(dim1=1, dim2=2).sum(1)) / (d * (d - 1))
