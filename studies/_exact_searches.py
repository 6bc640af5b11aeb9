"""Contests over tables and chains: couplings, subsets of coordinates, rate against distortion, redundancy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from adami.exact import (
    CouplingBottleneck,
    MultiChain,
    Selection,
    bernoulli_laplace,
    curie_weiss,
    entropy,
    exhaustive_max,
    gacs_korner_common_information,
    greedy_mec,
    information_bottleneck,
    kl_divergence,
    mutual_information,
    partial_information,
    product_chain,
    rate_distortion,
    select_coordinates,
    wyner_common_information,
)
from studies.comparison import Row, timed

SUBSETS = "Subsets of a chain's coordinates"
NATS = "objective, nats"
SHARES = (0.25, 0.5, 0.75, 1.0)


def couplings(rng: np.random.Generator, pairs: int, sizes: tuple[int, int]) -> list[Row]:
    """Couple pairs of random laws: how much information is there at most between them?"""
    laws = [(rng.dirichlet(np.ones(sizes[0])), rng.dirichlet(np.ones(sizes[1]))) for _ in range(pairs)]
    case = f"{pairs} pairs of uniformly random laws of {sizes[0]} and {sizes[1]} symbols, means"
    metric = "information of the two, nats"

    def bottleneck(share: float) -> Callable[[np.ndarray, np.ndarray], float]:
        return lambda p, q: CouplingBottleneck(share * float(entropy(p))).fit(p, q).mi_

    contestants: dict[str, Callable[[np.ndarray, np.ndarray], float]] = {
        "greedy, largest masses": lambda p, q: greedy_mec(p, q, rule="max").information,
        "greedy, least difference": lambda p, q: greedy_mec(p, q, rule="zero").information,
        **{f"bottleneck, code of {share:.0%} of the source's entropy": bottleneck(share) for share in SHARES},
        "independent": lambda p, q: abs(float(mutual_information(np.multiply.outer(p, q)))),
    }
    rows = []
    for name, run in contestants.items():
        values, seconds = timed(lambda run=run: [run(p, q) for p, q in laws])
        rows.append(Row("Couplings", case, name, metric, float(np.mean(values)), "higher", seconds))
    most = [float(entropy(p) + entropy(q)) - greedy_mec(p, q).bound for p, q in laws]
    note = "no coupling can exceed this"
    rows.append(Row("Couplings", case, "upper bound", metric, float(np.mean(most)), "higher", None, note))
    return rows


def subsets(rng: np.random.Generator, d: int, draws: int) -> list[Row]:
    """Select coordinates of chains: the four greedy schemes against exhaustive search and random subsets."""
    chains = {
        f"Curie-Weiss chain of {d} spins": curie_weiss(d),
        f"Bernoulli-Laplace chain of {d} balls": bernoulli_laplace(d),
        "random chain of 6 bits, product law (Metropolis)": product_chain((2,) * 6, random_state=rng),
        "random chain of 4 trits, product law (doubly stochastic)": product_chain(
            (3,) * 4, "doubly-stochastic", random_state=rng
        ),
    }
    rows = []
    for name, chain in chains.items():
        for objective in ("entropy_rate", "factorizability", "independence", "stationarity"):
            rows += _subset_rows(name, chain, objective, rng, draws)
        for objective in ("entropy_rate", "factorizability"):
            rows += _group_rows(name, chain, objective)
        rows += _drop_rows(name, chain)
    return rows


def _subset_rows(
    name: str, chain: MultiChain, objective: Any, rng: np.random.Generator, draws: int
) -> list[Row]:
    n = chain.n_coordinates
    m = n // 2
    increasing = objective in ("independence", "stationarity")
    schemes = ("plain", "batch") if increasing else ("plain", "distorted", "batch")
    runs: dict[str, Callable[[MultiChain], Selection[int]]] = {
        f"{scheme} greedy": lambda c, s=scheme: select_coordinates(c, objective, m, scheme=s)
        for scheme in schemes
    }
    runs["exhaustive"] = lambda c: exhaustive_max(getattr(c, objective), range(n), m)
    case = f"{name}: {objective.replace('_', ' ')} of at most {m} coordinates"
    rows = [_selection_row(case, who, chain, run) for who, run in runs.items()]
    value = getattr(chain, objective)
    random = [value(rng.choice(n, m, replace=False)) for _ in range(draws)]
    note = f"mean over {draws} subsets of {m}"
    return [*rows, Row(SUBSETS, case, "random subset", NATS, float(np.mean(random)), "higher", None, note)]


def _group_rows(name: str, chain: MultiChain, objective: Any) -> list[Row]:
    n = chain.n_coordinates
    parts = [range(0, n, 2), range(1, n, 2)]
    m = n // 2
    case = f"{name}: {objective.replace('_', ' ')} of two groups, {m} coordinates in all"
    runs: dict[str, Callable[[MultiChain], Selection[int]]] = {
        "k-submodular greedy": lambda c: select_coordinates(c, objective, m, groups=parts),
        "exhaustive": lambda c: exhaustive_max(
            getattr(c, f"group_{objective}"), range(n), m, partition=parts
        ),
    }
    return [_selection_row(case, who, chain, run) for who, run in runs.items()]


def _drop_rows(name: str, chain: MultiChain) -> list[Row]:
    n = chain.n_coordinates
    m = n // 2
    every = frozenset(range(n))
    case = f"{name}: minus the distance to stationarity with {m} coordinates dropped"
    runs: dict[str, Callable[[MultiChain], Selection[int]]] = {
        "plain greedy": lambda c: select_coordinates(c, "stationarity", m, goal="drop"),
        "batch greedy": lambda c: select_coordinates(c, "stationarity", m, goal="drop", scheme="batch"),
        "exhaustive": lambda c: exhaustive_max(lambda s: -c.stationarity(every - s), range(n), m),
    }
    return [_selection_row(case, who, chain, run) for who, run in runs.items()]


def _selection_row(
    case: str, who: str, chain: MultiChain, run: Callable[[MultiChain], Selection[int]]
) -> Row:
    # a chain of its own, for what one contestant has seen must not save the next one work
    fresh = MultiChain(chain.kernel(range(chain.n_coordinates)), chain.dims, chain.pi)
    found, seconds = timed(lambda: run(fresh))
    note = f"{found.evaluations} sets seen"
    if found.bound is not None and found.scheme != "exhaustive":
        note += f", at most {found.bound:.4f} possible"
    return Row(SUBSETS, case, who, NATS, found.value, "higher", seconds, note)


def rates(rng: np.random.Generator, size: int) -> list[Row]:
    """Compress a variable: bottlenecks side by side, and the rate-distortion solver where they must meet."""
    joint = rng.dirichlet(np.full(size, 0.3), size=size) / size
    return [row for beta in (2.0, 5.0) for row in _rate_rows(joint, beta)]


def _rate_rows(joint: np.ndarray, beta: float) -> list[Row]:
    source = joint.sum(axis=1)
    soft, seconds = timed(lambda: information_bottleneck(joint, beta, random_state=0))
    contestants = {"bottleneck, soft": (soft.encoder, seconds, "")}
    distortion = _decoder_divergences(joint / source[:, None], soft.decoder[soft.cluster_law > 0])
    point, seconds = timed(lambda: rate_distortion(source, distortion, slope=beta))
    note = "the soft solution's decoders as letters, their divergences as distortion"
    contestants["rate-distortion"] = (point.channel, seconds, note)
    variants: tuple[Any, ...] = ("deterministic", "agglomerative")
    for variant in variants:
        hard, seconds = timed(
            lambda v=variant: information_bottleneck(joint, beta, variant=v, random_state=0)
        )
        contestants[f"bottleneck, {variant}"] = (hard.encoder, seconds, "")
    rows = []
    contest = "Rate, distortion and the bottleneck"
    case = f"random table of {len(joint)} x {joint.shape[1]}, beta = {beta:g}"
    for who, (encoder, seconds, note) in contestants.items():
        rate = float(mutual_information(source[:, None] * encoder))
        kept = float(mutual_information(encoder.T @ joint))
        metric = "rate - beta relevance, nats"
        rows.append(Row(contest, case, who, metric, rate - beta * kept, "lower", seconds, note))
        rows.append(Row(contest, case, who, "rate, nats", rate, "", seconds))
        rows.append(Row(contest, case, who, "relevance, nats", kept, "", seconds))
    return rows


def _decoder_divergences(given: np.ndarray, decoders: np.ndarray) -> np.ndarray:
    """Return the distortion that makes a rate-distortion problem of the bottleneck."""
    return np.array([[float(kl_divergence(row, decoder)) for decoder in decoders] for row in given])


def gates() -> dict[str, np.ndarray]:
    """Return the canonical laws of two sources and a target."""
    uniform = [(x, y) for x in (0, 1) for y in (0, 1)]
    maps: dict[str, Sequence[tuple[int, int, int]]] = {
        "redundant copy": [(x, x, x) for x in (0, 1)],
        "unique (target is the first source)": [(x, y, x) for x, y in uniform],
        "exclusive or": [(x, y, x ^ y) for x, y in uniform],
        "and": [(x, y, x & y) for x, y in uniform],
        "sum": [(x, y, x + y) for x, y in uniform],
        "two-bit copy": [(x, y, 2 * x + y) for x, y in uniform],
    }
    tables = {}
    for name, cells in maps.items():
        table = np.zeros([max(cell[axis] for cell in cells) + 1 for axis in range(3)])
        for cell in cells:
            table[cell] += 1 / len(cells)
        tables[name] = table
    return tables


def redundancies() -> list[Row]:
    """Decompose the gates by every measure of partial information."""
    rows = []
    contest = "Partial information"
    for gate, table in gates().items():
        for measure in ("broja", "imin", "ccs", "dep"):
            found, seconds = timed(lambda t=table, m=measure: partial_information(t, measure=m, base=2))  # type: ignore[misc]
            parts = (found.redundant, *found.unique, found.synergistic)
            names = ("redundant", "unique to the first", "unique to the second", "synergistic")
            for name, value in zip(names, parts):
                rows.append(Row(contest, gate, measure, f"{name}, bits", value, "", seconds))
    return rows


def commons(rng: np.random.Generator) -> list[Row]:
    """Say what two variables have in common, in three senses."""
    laws = {
        "a shared bit and a noisy one": np.kron(np.eye(2) / 2, np.array([[0.4, 0.1], [0.1, 0.4]])),
        "noisy bit": np.array([[0.4, 0.1], [0.1, 0.4]]),
        "random 2 x 3": rng.dirichlet(np.ones(6)).reshape(2, 3),
    }
    rows = []
    for name, law in laws.items():
        runs: dict[str, Callable[[np.ndarray], float]] = {
            "Gacs-Korner": lambda p: gacs_korner_common_information(p).value,
            "mutual information": lambda p: float(mutual_information(p)),
            "Wyner": lambda p: wyner_common_information(p, restarts=2, random_state=0).value,
        }
        for who, run in runs.items():
            value, seconds = timed(lambda run=run, law=law: run(law))
            rows.append(Row("Common information", name, who, "nats", value, "", seconds))
    return rows
