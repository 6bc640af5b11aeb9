"""Cross-entropy of a conditional sequence model, weighted by what the condition tells about each token."""

from __future__ import annotations

import math
import warnings
from typing import Literal, get_args

try:
    import torch
    from torch import Tensor, nn
except ImportError as problem:
    raise ImportError("adami.training needs PyTorch: pip install 'adami[torch]'") from problem

Reweight = Literal["cmi", "none"]
SMALL = 1e-6
"""Added to the deviations, so that equal informations give weights of one."""


class CMIReweightedLoss(nn.Module):  # type: ignore[misc]
    """Loss of a sequence model p(y | x) and of a prior model p(y), where tokens that x tells of count more.

    The pointwise conditional information of a token, I = ln p(y_j | x, y_<j) - ln p(y_j | y_<j), is what the
    source x tells about it beyond the tokens before. In each sequence it moves the weights of the tokens
    around 1; over the batch the mean of each sequence moves the weight of the sequence around 1. Any pair of
    models will do: translation, captions, speech, peptides. The prior must not see the token it predicts.

    Parameters
    ----------
    s1 : float
        Deviation of the weights within a sequence; 0 leaves them at 1.
    s2 : float
        Deviation of the weights of sequences within a batch; 0 leaves them at 1.
    detach_weights : bool
        Whether weights are constants. With False gradients flow through them, and a model can lower its loss
        by giving little weight to what it gets wrong.
    reweight : {"cmi", "none"}
        ``"none"`` is plain cross-entropy of both models.

    Raises
    ------
    ValueError
        If a deviation is negative.

    References
    ----------
    "AdaNovo: Adaptive De Novo Peptide Sequencing with Conditional Mutual Information", 2024; paper 1 of
    adami's register.

    Examples
    --------
    >>> import torch
    >>> from adami.training import CMIReweightedLoss
    >>> told = torch.tensor([[[9.0, 0.0], [0.0, 0.0], [0.0, 0.0]]])
    >>> prior = torch.zeros(1, 3, 2)
    >>> target, mask = torch.zeros(1, 3, dtype=torch.long), torch.ones(1, 3, dtype=torch.bool)
    >>> terms = CMIReweightedLoss(s1=0.3)(told, prior, target, mask)
    >>> [round(float(v), 2) for v in terms["information"][0]]
    [0.69, 0.0, 0.0]
    >>> [round(float(v), 2) for v in terms["weights"][0]]
    [1.35, 0.83, 0.83]
    """

    def __init__(
        self, s1: float = 0.3, s2: float = 0.1, *, detach_weights: bool = True, reweight: Reweight = "cmi"
    ) -> None:
        super().__init__()
        for name, value in (("s1", s1), ("s2", s2)):
            if not (math.isfinite(value) and value >= 0):
                raise ValueError(f"{name}={value}: the deviation of weights is a number of at least 0")
        if reweight not in get_args(Reweight):
            raise ValueError(f"reweight={reweight!r}: choose one of {', '.join(get_args(Reweight))}")
        self.s1, self.s2, self.detach_weights, self.reweight = s1, s2, detach_weights, reweight

    def forward(
        self, conditional: Tensor, prior: Tensor, target: Tensor, mask: Tensor | None = None
    ) -> dict[str, Tensor]:
        """Return the terms of the loss, their sum first.

        Parameters
        ----------
        conditional, prior : tensor, shape (b, l, v)
            Logits of both models; position j of either predicts token j.
        target : tensor of int, shape (b, l)
            Tokens; padding may hold any index below v.
        mask : tensor of bool, shape (b, l), optional
            True at the tokens that count, ends of sequences included; by default all.

        Returns
        -------
        dict of str to tensor
            ``total``, its summands ``conditional`` and ``prior`` (nats a token), and ``information``,
            ``weights``, ``token_weights`` of shape (b, l) and ``sequence_weights`` of shape (b,).

        Raises
        ------
        ValueError
            If shapes do not match or a sequence has no token.
        """
        mask = torch.ones_like(target, dtype=torch.bool) if mask is None else mask
        _check(conditional, prior, target, mask)
        kept = mask.to(conditional.dtype)
        told = _log_probability(conditional, target)
        guessed = _log_probability(prior, target)
        information = told - guessed
        tokens, sequences = self.weights(information, mask)
        weights = tokens * sequences[:, None]
        if self.detach_weights:
            weights = weights.detach()
        count = kept.sum()
        if not bool((weights > 0).any()):
            warnings.warn(
                "all weights were clipped to 0: s1 and s2 are too large for this batch", stacklevel=2
            )
        first = -(weights * told * kept).sum() / count
        second = -(guessed * kept).sum() / count
        return {
            "total": first + second,
            "conditional": first,
            "prior": second,
            "information": information * kept,
            "weights": weights,
            "token_weights": tokens,
            "sequence_weights": sequences,
        }

    def weights(self, information: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Return the weights of tokens, shape (b, l) and 0 beside `mask`, and of sequences, shape (b,).

        Parameters
        ----------
        information : tensor, shape (b, l)
            Pointwise conditional information in nats.
        mask : tensor of bool, shape (b, l)
        """
        kept = mask.to(information.dtype)
        if self.reweight == "none":
            return kept, information.new_ones(len(information))
        source = information.detach() if self.detach_weights else information
        n = kept.sum(1)
        means = (kept * source).sum(1) / n
        apart = kept * (source - means[:, None])
        # a square root of 0 has no gradient: one token, or equal informations, weigh 1 in any case
        spread = _root((apart**2).sum(1) / (n - 1).clamp_min(1))
        tokens = (1 + self.s1 * apart / (spread + SMALL)[:, None]).clamp_min(0) * kept
        if len(means) == 1:
            return tokens, torch.ones_like(means)
        gap = means - means.mean()
        overall = _root((gap**2).sum() / (len(means) - 1))
        return tokens, (1 + self.s2 * gap / (overall + SMALL)).clamp_min(0)


def _root(value: Tensor) -> Tensor:
    return torch.where(value > 0, value, 1.0).sqrt() * (value > 0)


def _log_probability(logits: Tensor, target: Tensor) -> Tensor:
    return logits.log_softmax(-1).gather(-1, target[..., None]).squeeze(-1)


def _check(conditional: Tensor, prior: Tensor, target: Tensor, mask: Tensor) -> None:
    if conditional.shape != prior.shape or conditional.ndim != 3:
        raise ValueError(
            f"logits have the shapes {tuple(conditional.shape)} and {tuple(prior.shape)}; both models give "
            "(sequences, length, tokens)"
        )
    if target.shape != conditional.shape[:2] or mask.shape != target.shape:
        raise ValueError(
            f"target {tuple(target.shape)} and mask {tuple(mask.shape)} do not fit logits of shape "
            f"{tuple(conditional.shape)}"
        )
    if not bool(mask.any(1).all()):
        empty = int((~mask.any(1)).nonzero()[0])
        raise ValueError(f"sequence {empty} of the batch has no token that counts: leave it out")
