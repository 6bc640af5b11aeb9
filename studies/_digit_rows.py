"""Digits as eight tokens, one row of pixels each, read by one layer of attention.

The comparison of two penalties on attention, set down on seeds from 1000 on before others were run:

- Digits are cut into folds. Each fold is the test part once and then chooses nothing; of the others 20 % are
  held out to choose by. So all digits test, and each choice is made without those that test it.
- Entropy and L1 get as many weights, no penalty and `COMMON` among them, around the best of the pilots. All
  rise from zero over the first half of the training. From several seeds a model is trained for each, all from
  the same parameters with the same batches, with Adam at steps that fall linearly to zero.
- At equal weights the models with `COMMON` are compared. Tuned, each penalty takes for each fold and each way
  to prune the weight of the best mean accuracy on held-out digits, and the lowest index wins a tie.
  Accuracies on the test part are compared in pairs of one fold and seed.

80 % of 8 keys are 6.4 keys. Pruned within each row to at least 80 %, one key a query is left, 87.5 % pruned.
Two keys a query, 75 %, and 80 % of the 8 by 8 matrix of a head, where the largest weight of each row stays,
are compared as well.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import StratifiedKFold, train_test_split
from torch import Tensor, nn

from adami.exact import attention_entropy, prune_attention

Penalty = Literal["entropy", "l1"]

CUTS: dict[str, tuple[float, Literal["row", "head"]]] = {
    "one key": (0.8, "row"),
    "two keys": (0.75, "row"),
    "80 % of a head": (0.8, "head"),
    "all keys": (0.0, "row"),
}


COMMON = 0.1
"""The weight that both penalties are compared at before each is tuned: the common default."""


@dataclass(frozen=True, slots=True)
class Protocol:
    """The weights tried, on how many folds, from how many seeds each, and for how long."""

    entropy: tuple[float, ...]
    l1: tuple[float, ...]
    folds: int
    seeds: int
    epochs: int

    def __post_init__(self) -> None:
        if len(self.entropy) != len(self.l1):
            raise ValueError(f"{len(self.entropy)} weights of entropy and {len(self.l1)} of L1: give as many")


FULL = Protocol(
    entropy=(0.0, 0.01, 0.03, COMMON, 0.3),
    l1=(0.0, 0.0003, 0.001, 0.003, COMMON),
    folds=3,
    seeds=8,
    epochs=25,
)
QUICK = Protocol(entropy=(0.0, 0.03, COMMON), l1=(0.0, 0.001, COMMON), folds=2, seeds=6, epochs=10)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one penalty reaches on the test parts, each array of shape (folds, seeds).

    `chosen` are the weights tuned for a way to prune, by fold, `tuned` is the accuracy with them and `common`
    that with the common weight. `attended` counts the keys a query attends to with the common weight.
    """

    chosen: dict[str, tuple[float, ...]]
    tuned: dict[str, np.ndarray]
    common: dict[str, np.ndarray]
    attended: np.ndarray


class RowAttention(nn.Module):
    """Several models of one architecture, trained side by side.

    Each is one layer of attention over the rows of a digit, with a residual, averaged and classified. All
    have the same start.
    """

    def __init__(self, models: int, width: int = 32, heads: int = 4) -> None:
        super().__init__()
        self.models, self.heads = models, heads
        sizes = {"embed": (8, width), "label": (width, 10)}
        sizes |= dict.fromkeys(("query", "key", "value", "out"), (width, width))
        self.maps, self.shifts = nn.ParameterDict(), nn.ParameterDict()
        for name, (into, out) in sizes.items():
            reach = into**-0.5
            self.maps[name] = self._same(torch.empty(into, out).uniform_(-reach, reach))
            self.shifts[name] = self._same(torch.empty(1, out).uniform_(-reach, reach))
        self.place = self._same(0.1 * torch.randn(8, width))

    def forward(
        self, rows: Tensor, share: float = 0.0, scope: Literal["row", "head"] = "row"
    ) -> tuple[Tensor, Tensor]:
        """Return logits, shape (models, digits, 10), and scores, shape (models, digits, heads, 8, 8)."""
        flat = rows.reshape(1, -1, 8).expand(self.models, -1, -1)
        tokens = self._map("embed", flat).unflatten(1, (-1, 8)) + self.place.unsqueeze(1)
        flat = tokens.flatten(1, 2)
        query, key, value = (self._split(self._map(name, flat)) for name in ("query", "key", "value"))
        scores = query @ key.transpose(-1, -2) / query.shape[-1] ** 0.5
        weights = scores.softmax(-1)
        if share:
            weights = prune_attention(weights, share, scope=scope)
        mixed = self._map("out", (weights @ value).transpose(2, 3).flatten(3).flatten(1, 2))
        return self._map("label", torch.relu(tokens + mixed.unflatten(1, (-1, 8))).mean(2)), scores

    def _same(self, start: Tensor) -> nn.Parameter:
        return nn.Parameter(start.expand(self.models, *start.shape).clone())

    def _map(self, name: str, x: Tensor) -> Tensor:
        return torch.baddbmm(self.shifts[name], x, self.maps[name])

    def _split(self, x: Tensor) -> Tensor:
        return x.unflatten(1, (-1, 8)).unflatten(-1, (self.heads, -1)).transpose(2, 3)


def train(
    penalty: Penalty, weights: tuple[float, ...], rows: Tensor, truth: Tensor, seed: int, epochs: int
) -> RowAttention:
    """Return one model a weight, all from the same start and the same batches."""
    weight = torch.tensor(weights)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = RowAttention(len(weights))
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
        total, step = epochs * math.ceil(len(rows) / 128), 0
        for _ in range(epochs):
            for batch in torch.randperm(len(rows)).split(128):
                optimizer.param_groups[0]["lr"] = 1e-2 * (1 - step / total)
                logits, scores = model(rows[batch])
                target = truth[batch].expand(len(weights), -1)
                task = nn.functional.cross_entropy(logits.transpose(1, 2), target, reduction="none").mean(1)
                # rows of attention sum to one, so that L1 says something about scores only
                extra = _entropy(scores) if penalty == "entropy" else scores.abs().mean((1, 2, 3, 4))
                optimizer.zero_grad()
                # models share nothing: the gradient of the sum is that of each
                (task + min(1.0, 2 * step / total) * weight * extra).sum().backward()
                optimizer.step()
                step += 1
    return model


def compare(seed: int, protocol: Protocol) -> dict[Penalty, Outcome]:
    """Train both penalties, compare them at the common weight and with weights tuned on held-out digits."""
    digits, labels = load_digits(return_X_y=True)
    rows = torch.tensor(digits.reshape(-1, 8, 8) / 16, dtype=torch.float32)
    truth = torch.tensor(labels)
    cutter = StratifiedKFold(protocol.folds, shuffle=True, random_state=_seed(seed, 0))
    parts = [
        (*train_test_split(rest, test_size=0.2, random_state=_seed(seed, 1, f), stratify=labels[rest]), test)
        for f, (rest, test) in enumerate(cutter.split(digits, labels))
    ]
    found: dict[Penalty, Outcome] = {}
    tried: tuple[tuple[Penalty, tuple[float, ...]], ...] = (
        ("entropy", protocol.entropy),
        ("l1", protocol.l1),
    )
    for penalty, weights in tried:
        shape = (len(CUTS), protocol.folds, protocol.seeds, len(weights))
        held, tested, attended = np.empty(shape), np.empty(shape), np.empty(shape[1:])
        for f, s in np.ndindex(*shape[1:3]):
            learn, out, test = parts[f]
            model = train(penalty, weights, rows[learn], truth[learn], _seed(seed, 2, f, s), protocol.epochs)
            for c, cut in enumerate(CUTS):
                held[c, f, s] = _accuracy(model, rows[out], truth[out], cut)
                tested[c, f, s] = _accuracy(model, rows[test], truth[test], cut)
            attended[f, s] = _attended(model, rows[test])
        best, at = held.mean(axis=2).argmax(axis=-1), weights.index(COMMON)
        folds = np.arange(protocol.folds)
        found[penalty] = Outcome(
            chosen={cut: tuple(weights[i] for i in best[c]) for c, cut in enumerate(CUTS)},
            tuned={cut: tested[c, folds, :, best[c]] for c, cut in enumerate(CUTS)},
            common={cut: tested[c, ..., at] for c, cut in enumerate(CUTS)},
            attended=attended[..., at],
        )
    return found


@torch.no_grad()
def _attended(model: RowAttention, rows: Tensor) -> np.ndarray:
    """Return the keys a query attends to, by model: ``exp`` of the mean entropy of a row, mean over heads."""
    keys = attention_entropy(model(rows)[1], from_logits=True, check=False).exp()
    return np.asarray(keys.double().mean((1, 2)))


@torch.no_grad()
def _accuracy(model: RowAttention, rows: Tensor, truth: Tensor, cut: str) -> np.ndarray:
    share, scope = CUTS[cut]
    return np.asarray((model(rows, share, scope)[0].argmax(-1) == truth).double().mean(-1))


def _entropy(scores: Tensor) -> Tensor:
    return attention_entropy(scores, from_logits=True, check=False).mean((1, 2))


def _seed(*key: int) -> int:
    return int(np.random.default_rng(key).integers(2**31))
