"""What the methods of `adami.exact` cost as their input grows, in CPU-seconds.

``python -m benchmarks.exact_costs`` writes ``benchmarks/exact_costs.md``. A measurement is a function of no
argument that returns a `Curve`; `MEASUREMENTS` lists them.
"""

from __future__ import annotations

import platform
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._harness import _processor

PAGE = Path(__file__).with_suffix(".md")
ROUNDS = 5


@dataclass(frozen=True)
class Curve:
    """CPU-seconds of one method over sizes of its input.

    Parameters
    ----------
    name : str
        What was measured.
    size : str
        What the sizes count.
    sizes : sequence of int
    seconds : sequence of float
        Median CPU-seconds of one call.
    fitted : int
        Number of the largest sizes that the slope is fitted to; the small ones measure overhead.
    note : str
        What a reader must know to read it rightly.
    """

    name: str
    size: str
    sizes: Sequence[int]
    seconds: Sequence[float]
    fitted: int = 4
    note: str = ""

    @property
    def slope(self) -> float:
        """Least-squares slope of log seconds in log size, over the largest sizes."""
        x, y = np.log(self.sizes[-self.fitted :]), np.log(self.seconds[-self.fitted :])
        return float(np.polyfit(x, y, 1)[0])


def seconds(run: Callable[[Any], Any], make: Callable[[], Any], rounds: int = ROUNDS) -> float:
    """Return the median CPU-seconds of ``run(make())``, without those of ``make``, which runs every time."""
    times = []
    for _ in range(rounds):
        data = make()
        begin = time.process_time()
        run(data)
        times.append(time.process_time() - begin)
    return statistics.median(times)


def chain_selection(name: str, build: Callable[[int], Any]) -> Curve:
    """Select half of the coordinates by four searches, on a chain of d = 4 to 10 bits."""
    from adami.exact import MultiChain, select_coordinates

    def select(given: tuple[np.ndarray, int]) -> None:
        P, d = given
        chain = MultiChain(P, (2,) * d)
        for objective in ("entropy_rate", "factorizability"):
            for scheme in ("plain", "distorted"):
                select_coordinates(chain, objective, d // 2, scheme=scheme)  # type: ignore[arg-type]

    dims = range(4, 11)
    kernels = {d: build(d).kernel(range(d)) for d in dims}
    taken = [seconds(select, lambda d=d: (kernels[d], d)) for d in dims]
    return Curve(
        f"selection of d/2 coordinates of the {name} chain",
        "transitions, 4**d for d = 4 to 10",
        [4**d for d in dims],
        taken,
        note="From the kernel alone: its checks, the stationary law, then plain and distorted greedy for the "
        "entropy rate and for factorizability. A slope of 1 is linear in the size of the kernel.",
    )


def chain_enumeration(name: str, build: Callable[[int], Any]) -> Curve:
    """Look at all subsets of the coordinates of a chain of d = 4 to 10 bits."""
    from adami.exact import MultiChain, exhaustive_max

    def look(given: tuple[np.ndarray, np.ndarray, int]) -> None:
        P, pi, d = given
        exhaustive_max(MultiChain(P, (2,) * d, pi).factorizability, range(d), d)

    dims = range(4, 11)
    chains = {d: build(d) for d in dims}
    taken = [seconds(look, lambda d=d: (chains[d].kernel(range(d)), chains[d].pi, d)) for d in dims]
    return Curve(
        f"all 2**d subsets of the {name} chain, factorizability",
        "transitions, 4**d for d = 4 to 10",
        [4**d for d in dims],
        taken,
        note="Every marginal is made from a small one at hand: 5**d cells are touched, not 8**d.",
    )


def curie_weiss_selection() -> Curve:
    """Select coordinates of the Curie-Weiss chain."""
    from adami.exact import curie_weiss

    return chain_selection("Curie-Weiss", curie_weiss)


def bernoulli_laplace_selection() -> Curve:
    """Select coordinates of the Bernoulli-Laplace chain."""
    from adami.exact import bernoulli_laplace

    return chain_selection("Bernoulli-Laplace", bernoulli_laplace)


def curie_weiss_enumeration() -> Curve:
    """Look at all subsets of Curie-Weiss spins."""
    from adami.exact import curie_weiss

    return chain_enumeration("Curie-Weiss", curie_weiss)


def couplings() -> Curve:
    """Couple two random laws of up to 10,000 symbols each by the largest masses."""
    from adami.exact import greedy_mec

    rng = np.random.default_rng(0)
    sizes = (625, 1_250, 2_500, 5_000, 10_000)
    laws = {n: rng.dirichlet(np.ones(n), size=2) for n in sizes}
    taken = [seconds(lambda pair: greedy_mec(*pair), lambda n=n: laws[n]) for n in sizes]
    return Curve("minimum entropy coupling of two laws", "symbols of each", sizes, taken)


def mixture_rows() -> Curve:
    """Take in rows of 64 dimensions with one component."""
    from adami.exact import IncrementalGMM

    rng = np.random.default_rng(0)
    sizes = (1_000, 2_000, 4_000, 8_000, 16_000)
    tables = {n: rng.normal(size=(n, 64)) for n in sizes}
    IncrementalGMM().fit(tables[1_000])
    taken = [seconds(IncrementalGMM(beta=0.0).fit, lambda n=n: tables[n]) for n in sizes]
    return Curve("an incremental mixture over rows", "rows of 64 dimensions, one component", sizes, taken)


def mixture_dimensions() -> Curve:
    """Take in 400 rows of 32 to 512 dimensions with one component."""
    from adami.exact import IncrementalGMM

    rng = np.random.default_rng(0)
    sizes = (32, 64, 128, 256, 512)
    tables = {d: rng.normal(size=(400, d)) for d in sizes}
    IncrementalGMM().fit(tables[32])
    taken = [seconds(IncrementalGMM(beta=0.0).fit, lambda d=d: tables[d]) for d in sizes]
    return Curve(
        "an incremental mixture over dimensions",
        "dimensions of 400 rows, one component",
        sizes,
        taken,
        note="A slope of 2 is quadratic in the dimension.",
    )


MEASUREMENTS: tuple[Callable[[], Curve], ...] = (
    couplings,
    mixture_rows,
    mixture_dimensions,
    curie_weiss_selection,
    bernoulli_laplace_selection,
    curie_weiss_enumeration,
)


def cases() -> list[object]:
    """Return no comparison with peers: this file measures growth, with its own command."""
    return []


def report(curves: Sequence[Curve]) -> str:
    """Return the curves as one Markdown page."""
    lines = ["# What exact computations cost", ""]
    lines += [
        f"Medians of {ROUNDS} calls in CPU-seconds of one process, one thread each. {_processor()}, "
        f"{platform.system()}, Python {platform.python_version()}, NumPy {np.__version__}.",
        "",
    ]
    for curve in curves:
        lines += [f"## {curve.name[0].upper()}{curve.name[1:]}", "", f"Sizes: {curve.size}.", ""]
        lines += ["| size | CPU-seconds |", "| ---: | ---: |"]
        lines += [f"| {n:,} | {s:.3g} |" for n, s in zip(curve.sizes, curve.seconds)]
        lines += ["", f"Fitted slope over the largest {curve.fitted} sizes, log to log: {curve.slope:.2f}."]
        lines += [curve.note, ""] if curve.note else [""]
    return "\n".join(lines)


def main() -> int:
    """Measure all curves and write the page."""
    curves: list[Curve] = []
    for measurement in MEASUREMENTS:
        curves.append(curve := measurement())
        print(f"{curve.name}: {curve.seconds[-1]:.3g} s, slope {curve.slope:.2f}", file=sys.stderr)
        # after every curve, so that an interrupted run keeps what is done
        PAGE.write_text(report(curves), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
