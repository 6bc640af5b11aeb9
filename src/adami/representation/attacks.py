"""Small changes of the input that hurt a regression most: tests of robustness."""

from __future__ import annotations

from collections.abc import Callable

try:
    import torch
    from torch import Tensor
except ImportError as problem:
    raise ImportError("adami.representation needs PyTorch: pip install 'adami[torch]'") from problem


def fgsm(predict: Callable[[Tensor], Tensor], x: Tensor, y: Tensor, epsilon: float = 0.2) -> Tensor:
    """Move inputs by one step along the sign of the gradient of their squared error.

    Parameters
    ----------
    predict : callable
        Differentiable, from inputs to predictions of the shape of `y`.
    x : tensor of shape (n, d)
    y : tensor of shape (n,) or (n, k)
    epsilon : float
        Largest change of an input.

    Returns
    -------
    tensor of shape (n, d)

    Raises
    ------
    ValueError
        If `epsilon` is negative or the predictions have another shape than `y`.

    References
    ----------
    Goodfellow, Shlens and Szegedy, "Explaining and harnessing adversarial examples", 2015; used by paper 46
    of adami's register.

    Examples
    --------
    >>> import torch
    >>> from adami.representation import fgsm
    >>> fgsm(lambda x: 2 * x[:, 0], torch.tensor([[1.0, 5.0]]), torch.tensor([0.0]), epsilon=0.5).tolist()
    [[1.5, 5.0]]
    """
    if epsilon < 0:
        raise ValueError(f"epsilon={epsilon}: a change is at least 0")
    return (x + epsilon * _slope(predict, x, y).sign()).detach()


def pgd(
    predict: Callable[[Tensor], Tensor],
    x: Tensor,
    y: Tensor,
    epsilon: float = 0.3,
    *,
    step: float = 0.05,
    iterations: int = 5,
) -> Tensor:
    """Move inputs by several such steps, within a box around where they were.

    Parameters
    ----------
    predict, x, y
        As in `fgsm`.
    epsilon : float
        Half the side of the box.
    step : float
        Change of an input in one step.
    iterations : int

    Returns
    -------
    tensor of shape (n, d)

    Raises
    ------
    ValueError
        As in `fgsm`, or without any iteration.

    References
    ----------
    Madry and others, "Towards deep learning models resistant to adversarial attacks", 2018; used by paper 46
    of adami's register.

    Examples
    --------
    >>> import torch
    >>> from adami.representation import pgd
    >>> moved = pgd(lambda x: 2 * x[:, 0], torch.tensor([[1.0, 5.0]]), torch.tensor([0.0]), 0.12)
    >>> [round(v, 4) for v in moved[0].tolist()]
    [1.12, 5.0]
    """
    if epsilon < 0 or step <= 0 or iterations < 1:
        raise ValueError(
            f"epsilon={epsilon}, step={step}, iterations={iterations}: the box is at least 0 wide, and "
            "there is at least one step, longer than 0"
        )
    moved = x.detach()
    for _ in range(iterations):
        change = (moved + step * _slope(predict, moved, y).sign() - x).clamp(-epsilon, epsilon)
        moved = (x + change).detach()
    return moved


def _slope(predict: Callable[[Tensor], Tensor], x: Tensor, y: Tensor) -> Tensor:
    at = x.detach().clone().requires_grad_(True)
    said = predict(at)
    if said.shape != y.shape:
        raise ValueError(f"predictions have shape {tuple(said.shape)} and y has {tuple(y.shape)}")
    # each row's own error: the sum leaves the sign of every row's gradient as it is
    return torch.autograd.grad(((said - y) ** 2).sum(), at)[0]
