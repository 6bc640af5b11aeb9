"""Digits as eight tokens, one row of pixels each, read by one layer of attention."""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import Tensor, nn

from adami.exact import attention_entropy, prune_attention

Penalty = Literal["none", "entropy", "l1"]


class RowAttention(nn.Module):
    """One layer of attention over the rows of a digit, with a residual, averaged and classified."""

    def __init__(self, width: int = 32, heads: int = 4) -> None:
        super().__init__()
        self.heads = heads
        self.embed = nn.Linear(8, width)
        self.place = nn.Parameter(0.1 * torch.randn(8, width))
        self.query, self.key, self.value, self.out = (nn.Linear(width, width) for _ in range(4))
        self.label = nn.Linear(width, 10)

    def forward(self, rows: Tensor, sparsity: float = 0.0) -> tuple[Tensor, Tensor]:
        tokens = self.embed(rows) + self.place
        query, key, value = (self._split(f(tokens)) for f in (self.query, self.key, self.value))
        scores = query @ key.transpose(-1, -2) / query.shape[-1] ** 0.5
        weights = scores.softmax(-1)
        if sparsity:
            weights = prune_attention(weights, sparsity)
        mixed = (weights @ value).transpose(1, 2).flatten(2)
        return self.label(torch.relu(tokens + self.out(mixed)).mean(1)), scores

    def _split(self, tokens: Tensor) -> Tensor:
        return tokens.unflatten(-1, (self.heads, -1)).transpose(1, 2)


SPARSITIES = {"whole": 0.0, "pruned": 0.8, "one key": 0.9}
"""Shares of weights to prune; the last leaves each query its largest weight alone, 7 of 8 pruned."""


def accuracies(seed: int, penalty: Penalty, weight: float, epochs: int) -> dict[str, tuple[float, float]]:
    """Train once; return accuracy on held-out and on test digits for each way to prune."""
    digits, labels = load_digits(return_X_y=True)
    rows = torch.tensor(digits.reshape(-1, 8, 8) / 16, dtype=torch.float32)
    truth = torch.tensor(labels)
    learn, test = train_test_split(np.arange(len(labels)), test_size=0.3, random_state=seed, stratify=labels)
    learn, held = train_test_split(learn, test_size=0.2, random_state=seed, stratify=labels[learn])
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = RowAttention()
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
        for _ in range(epochs):
            for batch in torch.as_tensor(learn)[torch.randperm(len(learn))].split(128):
                logits, scores = model(rows[batch])
                loss = nn.functional.cross_entropy(logits, truth[batch])
                if penalty == "entropy":
                    loss = loss + weight * attention_entropy(scores, from_logits=True, check=False).mean()
                elif penalty == "l1":
                    # rows of weights sum to one, so that L1 says something about scores only
                    loss = loss + weight * scores.abs().mean()
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()

    @torch.no_grad()
    def accuracy(rows_of: np.ndarray, share: float) -> float:
        return float((model(rows[rows_of], share)[0].argmax(1) == truth[rows_of]).double().mean())

    return {name: (accuracy(held, share), accuracy(test, share)) for name, share in SPARSITIES.items()}
