"""Laws of known information for the comparison of estimators, in groups."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from adami import tasks
from adami.tasks import draw_law
from adami.tasks.meta import SEEN, UNSEEN

FAMILY_ROWS, DIGIT_ROWS, INDEPENDENT_ROWS = 500, 1_000, 500
FAMILY_DIMS = (2, 32)
"""Dimensions that MIST's published test draws from; its samples have up to 500 rows."""
Rows = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Law:
    """One law, the group it is shown in, and where its number of rows is its own.

    Parameters
    ----------
    name, group : str
    mi : float
        Information in nats.
    draw : callable
        ``draw(n, seed)`` returns x and y: numbers (n, d), or labels (n,) as strings.
    rows : int, optional
        Rows of a sample; those of the command by default.
    """

    name: str
    group: str
    mi: float
    draw: Callable[[int, int], Rows]
    rows: int | None = None


def laws() -> list[Law]:
    """Return all laws, group by group."""
    return [*_independent(), *_zoo(), *_families(), *_digits()]


def in_turn(chosen: list[Law]) -> Iterator[Law]:
    """Give the laws so that every group has its turn: a method that runs out of time has met them all."""
    queues: dict[str, list[Law]] = {}
    for law in chosen:
        queues.setdefault(law.group, []).append(law)
    while any(queues.values()):
        for queue in queues.values():
            if queue:
                yield queue.pop(0)


def _zoo() -> list[Law]:
    names = [n for n in tasks.names() if not n.startswith("image-") and n != "discrete-independent-4-6"]
    found = [Law(n, _group(n), float(tasks.get(n).mi), _sampler(n)) for n in names]
    return sorted(found, key=lambda law: (GROUPS.index(law.group), _turn(law.name)))


def _turn(name: str) -> int:
    """Put the laws of a group in an order that is fixed and does not follow their dimension."""
    return int(np.random.default_rng(list(name.encode())).integers(2**31))


GROUPS = (
    "spirals",
    "one by one",
    "Gaussian copulas",
    "Student-t",
    "other shapes",
    "labels",
    "labels beside numbers",
)


def _group(name: str) -> str:
    if name.startswith("discrete"):
        return "labels"
    if name.startswith("mixed"):
        return "labels beside numbers"
    if name not in tasks.BENCHMARK:
        return "other shapes"
    if name.startswith("spiral"):
        return "spirals"
    if "1v1" in name or "-1-1-1" in name:
        return "one by one"
    return "Student-t" if "student" in name else "Gaussian copulas"


def _sampler(name: str) -> Callable[[int, int], Rows]:
    def draw(n: int, seed: int) -> Rows:
        task = tasks.get(name)
        x, y = task.sample(n, random_state=seed)
        kinds = task.kinds
        return _labelled(x, kinds[0]), _labelled(y, kinds[1])

    return draw


def _labelled(values: np.ndarray, kind: str) -> np.ndarray:
    return values.astype(str) if kind == "discrete" else values


def _families() -> list[Law]:
    """Return one law of each family of MIST's test, drawn once for all."""
    out = []
    for group, families in (("MIST, seen families", SEEN), ("MIST, unseen families", UNSEEN)):
        for i, family in enumerate(families):
            rng = np.random.default_rng([12, i])
            dim = int(rng.integers(FAMILY_DIMS[0], FAMILY_DIMS[1] + 1))
            law = draw_law(family, dim, dim, rng)
            out.append(
                Law(
                    f"{family}, {dim} by {dim}",
                    group,
                    law.mi,
                    lambda n, seed, law=law: law.sample(n, np.random.default_rng([seed, 12])),
                    FAMILY_ROWS,
                )
            )
    return out


def _digits() -> list[Law]:
    """Return pairs of handwritten digits whose classes share what they are made to share.

    The images of x and of y come from two halves that have none in common, and given the classes they are
    drawn apart: an image tells its class, so the pair shares what the classes share. Each of the 17 grey
    levels is spread over its step at random, which tells nothing and can be undone.
    """
    return [
        Law(f"digits, same class {share:.0%}", "digits", _class_information(share), _pairs(share), DIGIT_ROWS)
        for share in (1.0, 0.5)
    ] + [Law("digits, unrelated", "independent", 0.0, _pairs(0.0), DIGIT_ROWS)]


def _class_information(share: float, classes: int = 10) -> float:
    """Return I of even classes where y repeats x with this chance and is drawn afresh otherwise."""
    same = share + (1 - share) / classes
    other = (1 - share) / classes
    rest = (classes - 1) * other * math.log(other) if other else 0.0
    return math.log(classes) + same * math.log(same) + rest


def _pairs(share: float) -> Callable[[int, int], Rows]:
    def draw(n: int, seed: int) -> Rows:
        images, halves = _digit_images()
        rng = np.random.default_rng([seed, 64])
        of_x = rng.integers(10, size=n)
        of_y = np.where(rng.random(n) < share, of_x, rng.integers(10, size=n))
        sides = []
        for classes, half in ((of_x, halves[0]), (of_y, halves[1])):
            rows = np.array([half[c][rng.integers(len(half[c]))] for c in classes])
            sides.append(images[rows] + rng.random((n, images.shape[1])))
        return sides[0], sides[1]

    return draw


@functools.cache
def _digit_images() -> tuple[np.ndarray, tuple[list[np.ndarray], list[np.ndarray]]]:
    from sklearn.datasets import load_digits

    digits = load_digits()
    members = [np.flatnonzero(digits.target == c) for c in range(10)]
    return np.asarray(digits.data, dtype=float), ([m[::2] for m in members], [m[1::2] for m in members])


def _independent() -> list[Law]:
    def numbers(dim: int, df: float) -> Callable[[int, int], Rows]:
        def draw(n: int, seed: int) -> Rows:
            rng = np.random.default_rng([seed, dim])
            sides = [rng.standard_normal((n, dim)) for _ in range(2)]
            if math.isfinite(df):
                sides = [s / np.sqrt(rng.chisquare(df, (n, 1)) / df) for s in sides]
            return sides[0], sides[1]

        return draw

    def beside_label(n: int, seed: int) -> Rows:
        rng = np.random.default_rng([seed, 7])
        return rng.standard_normal((n, 2)), rng.integers(3, size=n).astype(str)

    made = [
        ("3 by 3 normal", numbers(3, math.inf)),
        ("1 by 1 normal", numbers(1, math.inf)),
        ("10 by 10 normal", numbers(10, math.inf)),
        ("2 by 2 heavy tails", numbers(2, 2.0)),
        ("4 by 6 labels", _sampler("discrete-independent-4-6")),
        ("2 columns by 3 labels", beside_label),
    ]
    return [Law(f"unrelated, {name}", "independent", 0.0, draw, INDEPENDENT_ROWS) for name, draw in made]
