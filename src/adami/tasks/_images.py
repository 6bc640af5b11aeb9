"""Pairs of images whose parameters share a preset amount of information."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from adami.tasks.task import Sampler, Task

Painter = Callable[[np.ndarray, int], np.ndarray]
WIDTHS = (0.2, 0.4)
"""Least and largest deviation of a bump, as shares of the image."""
CENTRES = (0.3, 0.7)
LEAST_SIDE = 0.1
"""Least side of a rectangle, as a share of the image."""


def bumps(information: float, size: int = 16, random_state: int = 0) -> Task:
    """Return pairs of images of one Gaussian bump each: its centre and its widths are the four latents."""
    return _images("bumps", information, size, 4, _bump_images, random_state)


def rectangles(information: float, size: int = 16, random_state: int = 0) -> Task:
    """Return pairs of images of one rectangle each: its ordered corner coordinates are the latents."""
    return _images("rectangles", information, size, 4, _rectangle_images, random_state)


def canonical_pairs(information: float, dim: int, random_state: int) -> Sampler:
    """Return a sampler of uniform latents (0, 1)^dim on both sides that share this much.

    The information is split evenly over the coordinates of two Gaussian vectors, which are turned before
    their coordinates become uniform, so that no single coordinate of one side belongs to one of the other.
    """
    rho = math.sqrt(-math.expm1(-2 * information / dim))
    turns = [_rotation(dim, np.random.default_rng([random_state, side])) for side in (0, 1)]

    def draw(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        from scipy.special import ndtr

        x = rng.standard_normal((n, dim))
        y = rho * x + math.sqrt(1 - rho * rho) * rng.standard_normal((n, dim))
        return np.asarray(ndtr(x @ turns[0])), np.asarray(ndtr(y @ turns[1]))

    return draw


def _images(name: str, information: float, size: int, dim: int, paint: Painter, random_state: int) -> Task:
    latents = canonical_pairs(information, dim, random_state)

    def draw(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        u, v = latents(n, rng)
        return paint(u, size), paint(v, size)

    return Task(f"image-{name}-{size}-{information:g}", information, draw, size * size, size * size)


def _rotation(dim: int, rng: np.random.Generator) -> np.ndarray:
    q, r = np.linalg.qr(rng.standard_normal((dim, dim)))
    return np.asarray(q * np.sign(np.diag(r)))


def _bump_images(latents: np.ndarray, size: int) -> np.ndarray:
    low, high = CENTRES
    centres = low + (high - low) * latents[:, :2]
    widths = WIDTHS[0] + (WIDTHS[1] - WIDTHS[0]) * latents[:, 2:]
    pixels = (np.arange(size) + 0.5) / size
    sides = [np.exp(-0.5 * ((pixels - centres[:, [a]]) / widths[:, [a]]) ** 2) for a in (0, 1)]
    return _outer(*sides)


def _rectangle_images(latents: np.ndarray, size: int) -> np.ndarray:
    sides = [_covered(latents[:, 2 * a], latents[:, 2 * a + 1], size) for a in (0, 1)]
    return _outer(*sides)


def _covered(u: np.ndarray, v: np.ndarray, size: int) -> np.ndarray:
    """Return the share of each pixel's side that lies within a segment uniform among the ordered ones."""
    room = 1.0 - LEAST_SIDE
    # the least of two uniform numbers, and the other given it
    begin = room * (1.0 - np.sqrt(1.0 - u))
    end = begin + LEAST_SIDE + v * (room - begin)
    pixels = np.arange(size)
    first, last = size * begin[:, None], size * end[:, None]
    return np.asarray(np.clip(np.minimum(pixels + 1, last) - np.maximum(pixels, first), 0.0, 1.0))


def _outer(rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    return np.asarray((rows[:, :, None] * columns[:, None, :]).reshape(len(rows), -1))
