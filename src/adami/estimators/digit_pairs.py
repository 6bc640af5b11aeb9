"""Pairs of images that share several classes, and how many of them a representation has kept."""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def stacked_pairs(
    images: Any, labels: Any, k: int, n: int, random_state: int | np.random.Generator = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw pairs of stacks of k images: the same k classes in x and y, other instances of them.

    Parameters
    ----------
    images : array of shape (m, height, width)
    labels : array of shape (m,)
        Class of each image; every class needs two images.
    k : int
        Slots. The pairs share k ln(classes) nats where classes are drawn evenly, as here.
    n : int
        Pairs.
    random_state : int or numpy.random.Generator

    Returns
    -------
    x, y : numpy.ndarray, shape (n, k, height, width)
    classes : numpy.ndarray, shape (n, k)
        Numbers of the sorted distinct labels.

    References
    ----------
    Ozair et al., "Wasserstein Dependency Measure for Representation Learning", NeurIPS 2019; paper 14 of
    adami's register.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.estimators import stacked_pairs
    >>> images = np.arange(4.0)[:, None, None] * np.ones((4, 2, 2))
    >>> x, y, classes = stacked_pairs(images, [0, 0, 1, 1], k=3, n=5)
    >>> x.shape, bool((x != y).all()), bool((x[:, :, 0, 0] // 2 == classes).all())
    ((5, 3, 2, 2), True, True)
    """
    pixels, members = _classes(images, labels)
    if k < 1 or n < 1:
        raise ValueError(f"k={k}, n={n}: at least one slot and one pair are needed")
    rng = np.random.default_rng(random_state)
    classes = rng.integers(len(members), size=(n, k))
    first, second = np.empty((n, k), dtype=int), np.empty((n, k), dtype=int)
    for c, own in enumerate(members):
        where = classes == c
        count = int(where.sum())
        a = rng.integers(len(own), size=count)
        # a step of 1 .. len - 1 round the class never comes back to the same image
        b = (a + rng.integers(1, len(own), size=count)) % len(own)
        first[where], second[where] = own[a], own[b]
    return pixels[first], pixels[second], classes


def spatial_pairs(
    images: Any, labels: Any, k: int, n: int, random_state: int | np.random.Generator = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw pairs as `stacked_pairs` does, with the k images laid out as tiles of one image.

    Parameters
    ----------
    images, labels, k, n, random_state
        As in `stacked_pairs`.

    Returns
    -------
    x, y : numpy.ndarray, shape (n, rows * height, columns * width)
        Tiles in reading order on a grid as square as it can be; empty tiles are 0.
    classes : numpy.ndarray, shape (n, k)

    Examples
    --------
    >>> import numpy as np
    >>> from adami.estimators import spatial_pairs
    >>> images = np.arange(4.0)[:, None, None] * np.ones((4, 2, 2))
    >>> spatial_pairs(images, [0, 0, 1, 1], k=3, n=5)[0].shape
    (5, 4, 4)
    """
    x, y, classes = stacked_pairs(images, labels, k, n, random_state)
    return _tiled(x), _tiled(y), classes


def slot_accuracy(
    features: Any, classes: Any, held_features: Any, held_classes: Any, *, ridge: float = 1.0
) -> np.ndarray:
    """Return how well a linear probe reads the class of each slot off frozen features.

    Parameters
    ----------
    features : array of shape (n, d)
    classes : array of shape (n, k)
    held_features : array of shape (m, d)
    held_classes : array of shape (m, k)
    ridge : float
        Inverse strength of scikit-learn's logistic regression (its C).

    Returns
    -------
    numpy.ndarray, shape (k,)
        Share of held rows whose class is found, by slot.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.estimators import slot_accuracy
    >>> z = np.repeat(np.eye(3), 10, axis=0)
    >>> slot_accuracy(z, z.argmax(1)[:, None], z, z.argmax(1)[:, None])
    array([1.])
    """
    try:
        from sklearn.linear_model import LogisticRegression
        from sklearn.preprocessing import StandardScaler
    except ImportError as problem:
        raise ImportError("slot_accuracy needs scikit-learn: pip install 'adami[sklearn]'") from problem
    z, c = np.asarray(features, dtype=float), np.asarray(classes)
    held, truth = np.asarray(held_features, dtype=float), np.asarray(held_classes)
    if z.ndim != 2 or c.ndim != 2 or len(z) != len(c) or len(held) != len(truth):
        raise ValueError(f"features {z.shape} and classes {c.shape}: rows (n, d) and (n, k) of equal number")
    scale = StandardScaler().fit(z)
    z, held = scale.transform(z), scale.transform(held)
    found = []
    for slot in range(c.shape[1]):
        probe = LogisticRegression(C=ridge, max_iter=500).fit(z, c[:, slot])
        found.append(float(probe.score(held, truth[:, slot])))
    return np.array(found)


def _classes(images: Any, labels: Any) -> tuple[np.ndarray, list[np.ndarray]]:
    pixels = np.asarray(images, dtype=float)
    names, codes = np.unique(np.asarray(labels), return_inverse=True)
    if pixels.ndim != 3 or codes.shape != (len(pixels),):
        raise ValueError(
            f"images {pixels.shape} and labels {codes.shape}: (m, height, width) and (m,) are needed"
        )
    members = [np.flatnonzero(codes == c) for c in range(len(names))]
    if alone := [str(name) for name, own in zip(names, members) if len(own) < 2]:
        raise ValueError(f"class {alone[0]!r} has one image: a pair needs two instances of each class")
    return pixels, members


def _tiled(stacks: np.ndarray) -> np.ndarray:
    n, k, height, width = stacks.shape
    columns = math.ceil(math.sqrt(k))
    rows = math.ceil(k / columns)
    out = np.zeros((n, rows * height, columns * width))
    for slot in range(k):
        r, c = divmod(slot, columns)
        out[:, r * height : (r + 1) * height, c * width : (c + 1) * width] = stacks[:, slot]
    return out
