"""Known tables: information measures and partial information of three variables, beside dit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from adami import exact
from benchmarks._harness import Case, Peer

SIZES = (2, 3, 5, 7, 10)
TABLES = 1_000


@dataclass
class Table:
    """A joint table, and what a peer made of it."""

    p: np.ndarray
    made: dict[str, Any] = field(default_factory=dict)


def cases() -> list[Case]:
    """Return the comparisons of this file; n counts the symbols of each of three variables."""
    measures: dict[str, tuple[Callable[[np.ndarray], float], Callable[[Any], float]]] = {
        "Mutual information": (mutual_information, dit_mutual_information),
        "Co-information": (co_information, dit_co_information),
        "Total correlation": (total_correlation, dit_total_correlation),
        "Entropy": (entropy, dit_entropy),
    }
    out = []
    for name, (ours, peer) in measures.items():
        out += [
            Case(
                f"{name} of a known table, from its array",
                SIZES,
                table,
                lambda data, ours=ours: ours(data.p),
                {"dit": Peer(lambda data, peer=peer: peer(distribution(data.p)), "dit")},
                dict.fromkeys(SIZES, 100.0),
            ),
            Case(
                f"{name} of a known table, dit's object made beforehand",
                SIZES,
                table,
                lambda data, ours=ours: ours(data.p),
                {"dit": Peer(lambda data, peer=peer: peer(prepared(data)), "dit")},
                dict.fromkeys(SIZES, 100.0),
            ),
        ]
    short = "its default method, which may stop short of the optimum"
    return [
        *out,
        Case(
            f"Mutual information of {TABLES:,} known tables",
            (2, 10),
            tables,
            many,
            {"dit": Peer(many_dit, "dit", largest=2, note="a loop; its objects made beforehand")},
            {2: 100.0},
        ),
        Case(
            "Partial information by BROJA",
            SIZES,
            table,
            lambda data: broja(data.p),
            {
                "dit": Peer(
                    lambda data: dit_broja(prepared(data)), "dit", tolerance=None, largest=5, note=short
                ),
                "dit with ECOS": Peer(
                    lambda data: dit_broja(prepared(data), method="cone"), "ecos", tolerance=1e-6
                ),
            },
            dict.fromkeys(SIZES, 5.0),
        ),
        Case(
            "Partial information by Williams and Beer",
            SIZES,
            table,
            lambda data: imin(data.p),
            {"dit": Peer(lambda data: dit_imin(prepared(data)), "dit")},
            dict.fromkeys(SIZES, 5.0),
        ),
        Case(
            "Partial information by common change in surprisal",
            SIZES,
            table,
            lambda data: ccs(data.p),
            {"dit": Peer(lambda data: dit_ccs(prepared(data)), "dit", tolerance=1e-6, largest=5)},
            dict.fromkeys((2, 3, 5), 5.0),
        ),
    ]


def table(n: int) -> Table:
    """Draw the law of three variables that all depend on each other."""
    p = np.random.default_rng(n).dirichlet(np.full(n**3, 0.5))
    return Table(p.reshape(n, n, n))


def tables(n: int) -> Table:
    """Draw many such laws."""
    p = np.random.default_rng(n).dirichlet(np.full(n**3, 0.5), size=TABLES)
    return Table(p.reshape(TABLES, n, n, n))


def distribution(p: np.ndarray) -> Any:
    """Return dit's object of a table."""
    import dit

    return dit.Distribution.from_ndarray(p)


def prepared(data: Table) -> Any:
    """Return dit's object, made at the first call, which is not measured."""
    if "dit" not in data.made:
        data.made["dit"] = distribution(data.p)
    return data.made["dit"]


def mutual_information(p: np.ndarray) -> float:
    """Measure two variables of the table."""
    return float(exact.mutual_information(p, 0, 1, base=2))


def dit_mutual_information(made: Any) -> float:
    """Measure with dit."""
    import dit

    return float(dit.shannon.mutual_information(made, [0], [1]))


def co_information(p: np.ndarray) -> float:
    """Measure all three variables."""
    return float(exact.co_information(p, base=2))


def dit_co_information(made: Any) -> float:
    """Measure with dit."""
    import dit

    return float(dit.multivariate.coinformation(made))


def total_correlation(p: np.ndarray) -> float:
    """Measure all three variables."""
    return float(exact.total_correlation(p, base=2))


def dit_total_correlation(made: Any) -> float:
    """Measure with dit."""
    import dit

    return float(dit.multivariate.total_correlation(made))


def entropy(p: np.ndarray) -> float:
    """Measure the whole table."""
    return float(exact.entropy(p, base=2))


def dit_entropy(made: Any) -> float:
    """Measure with dit."""
    import dit

    return float(dit.shannon.entropy(made))


def many(data: Table) -> np.ndarray:
    """Measure all tables with one call."""
    return np.asarray(exact.mutual_information(data.p, 0, 1, base=2, batch_dims=1))


def many_dit(data: Table) -> np.ndarray:
    """Measure all tables with dit, one by one."""
    if "dit" not in data.made:
        data.made["dit"] = [distribution(p) for p in data.p]
    return np.array([dit_mutual_information(made) for made in data.made["dit"]])


def broja(p: np.ndarray) -> np.ndarray:
    """Decompose with the optimum proven."""
    return np.array(exact.partial_information(p, measure="broja", base=2).atoms)


def imin(p: np.ndarray) -> np.ndarray:
    """Decompose by specific information."""
    return np.array(exact.partial_information(p, measure="imin", base=2).atoms)


def ccs(p: np.ndarray) -> np.ndarray:
    """Decompose by common change in surprisal."""
    return np.array(exact.partial_information(p, measure="ccs", base=2).atoms)


def dit_broja(made: Any, **options: str) -> np.ndarray:
    """Decompose with dit, by the method that it chooses or the one named."""
    from dit.pid import PID_BROJA

    return _atoms(PID_BROJA(made, **options))


def dit_imin(made: Any) -> np.ndarray:
    """Decompose with dit."""
    from dit.pid import PID_WB

    return _atoms(PID_WB(made))


def dit_ccs(made: Any) -> np.ndarray:
    """Decompose with dit."""
    from dit.pid import PID_CCS

    return _atoms(PID_CCS(made))


def _atoms(found: Any) -> np.ndarray:
    """Return dit's atoms in our order."""
    nodes = (((0,), (1,)), ((0,),), ((1,),), ((0, 1),))
    return np.array([float(found.get_pi(node)) for node in nodes])
