"""Pairs of labels with a known table of probabilities."""

from __future__ import annotations

import numpy as np

from adami.tasks.task import Task


def table(name: str, joint: np.ndarray) -> Task:
    """Return the task of a joint probability table."""
    joint = joint / joint.sum()
    with np.errstate(divide="ignore"):
        ratios = np.log(joint) - np.log(np.outer(joint.sum(axis=1), joint.sum(axis=0)))
    held = joint > 0
    mi = float((joint[held] * ratios[held]).sum())
    levels = joint.shape[1]

    def draw(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        cells = rng.choice(joint.size, size=n, p=joint.ravel())
        return cells // levels, cells % levels

    return Task(name, mi, draw, kinds=("discrete", "discrete"), log_ratio=lambda x, y: ratios[x, y])


def binary_symmetric(flip: float = 0.1) -> Task:
    """Return a fair bit and its copy, flipped with this probability: ln 2 - H(flip)."""
    return table(f"discrete-binary-symmetric-{flip}", np.array([[1 - flip, flip], [flip, 1 - flip]]))


def noisy_copy(levels: int = 12, copied: float = 0.4) -> Task:
    """Return a label with frequencies 1/rank, and its copy that is redrawn with probability 1 - `copied`."""
    p = 1 / np.arange(1, levels + 1)
    p /= p.sum()
    return table(
        f"discrete-noisy-copy-{levels}-{copied}", copied * np.diag(p) + (1 - copied) * np.outer(p, p)
    )


def independent(levels_x: int = 4, levels_y: int = 6) -> Task:
    """Return two independent labels with different frequencies."""
    p, q = np.arange(1.0, levels_x + 1), np.arange(1.0, levels_y + 1)
    return table(f"discrete-independent-{levels_x}-{levels_y}", np.outer(p, q))
