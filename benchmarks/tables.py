"""Labels: information of two columns, of many columns with one target, and given a third."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks._harness import Case, Peer

Columns = tuple[np.ndarray, ...]


def cases() -> list[Case]:
    """Return the comparisons of this file."""
    return [
        Case(
            "Information of two label columns, 10 x 10 labels",
            (1_000, 10_000, 100_000, 1_000_000, 10_000_000),
            lambda n: labels(n, 10, 10),
            pair,
            {
                "fast-select": Peer(fast_select, "fast_select"),
                "NumPy bincount": Peer(bincount),
                "scikit-learn": Peer(scikit_learn, "sklearn"),
                "infomeasure": Peer(infomeasure, "infomeasure", largest=1_000_000),
                "ennemi": Peer(ennemi, "ennemi", largest=1_000_000),
            },
            {10_000_000: 1.0},
        ),
        Case(
            "Information of two label columns beside scikit-learn",
            (10_000, 1_000_000, 10_000_000),
            lambda n: labels(n, 10, 10),
            pair,
            {"scikit-learn": Peer(scikit_learn, "sklearn")},
            {10_000_000: 50.0},
        ),
        Case(
            "Information of two label columns, 3000 x 3000 labels",
            (10_000, 1_000_000),
            lambda n: labels(n, 3_000, 3_000),
            pair,
            {
                "fast-select": Peer(fast_select, "fast_select", largest=10_000),
                "NumPy unique": Peer(unique),
                "scikit-learn": Peer(scikit_learn, "sklearn"),
            },
        ),
        Case(
            "The verb on two label columns: kinds, checks, interval and p-value too",
            (1_000, 100_000, 1_000_000),
            lambda n: labels(n, 10, 10),
            verb,
            {
                "scikit-learn": Peer(scikit_learn, "sklearn", note="the number alone"),
                "infomeasure": Peer(infomeasure, "infomeasure", note="the number alone"),
            },
        ),
        Case(
            "One label target and 200 label features",
            (10_000,),
            lambda n: labels(n, *[5] * 201),
            many,
            {
                "fast-select": Peer(many_fast_select, "fast_select", note="a loop over its pair"),
                "scikit-learn": Peer(many_scikit_learn, "sklearn", note="a loop over its pair"),
            },
            {10_000: 1.0},
        ),
        Case(
            "Information of two label columns given a third",
            (1_000, 100_000),
            lambda n: labels(n, 6, 5, 4),
            conditional,
            {"infomeasure": Peer(conditional_infomeasure, "infomeasure")},
        ),
    ]


def labels(n: int, *sizes: int) -> Columns:
    """Draw label columns of which neighbours share something."""
    rng = np.random.default_rng(0)
    columns = [rng.integers(0, size, n) for size in sizes]
    for left, right, size in zip(columns, columns[1:], sizes[1:]):
        copied = rng.random(n) < 0.3
        right[copied] = left[copied] % size
    return tuple(columns)


def pair(data: Columns) -> float:
    """Count and sum, the number of labels not being known beforehand."""
    from adami.estimators._kernels.tables import pair_information

    a, b = data
    return pair_information(a, b, int(a.max()) + 1, int(b.max()) + 1)


def verb(data: Columns) -> float:
    """Measure as a user does."""
    import adami

    return adami.information(*data, method="plugin", kinds="discrete").value


def many(data: Columns) -> np.ndarray:
    """Measure all features with one call."""
    from adami.estimators._kernels.tables import information_of_pairs

    columns = np.stack(data)
    sizes = columns.max(axis=1) + 1
    pairs = np.array([(j, 0) for j in range(1, len(data))])
    return information_of_pairs(columns, sizes, pairs)


def conditional(data: Columns) -> float:
    """Measure with the condition, interval and p-value."""
    from adami.estimators import Plugin
    from adami.variables import variable

    x, y, z = (variable(c, name, kinds="discrete") for c, name in zip(data, "xyz"))
    return Plugin(pointwise=False).estimate(x, y, z).value


def bincount(data: Columns) -> float:
    """Do the same in plain NumPy."""
    a, b = data
    width = int(b.max()) + 1
    table = np.bincount(a * width + b, minlength=(int(a.max()) + 1) * width).reshape(-1, width)
    return _information(table)


def unique(data: Columns) -> float:
    """Do the same in plain NumPy without a dense table."""
    a, b = data
    width = int(b.max()) + 1
    cells, counts = np.unique(a * width + b, return_counts=True)
    ratio = counts * len(a) / (np.bincount(a)[cells // width].astype(float) * np.bincount(b)[cells % width])
    return float(np.sum(counts * np.log(ratio)) / len(a))


def _information(table: np.ndarray) -> float:
    p = table / table.sum()
    outer = np.outer(p.sum(axis=1), p.sum(axis=0))
    seen = p > 0
    return float(np.sum(p[seen] * np.log(p[seen] / outer[seen])))


def fast_select(data: Columns) -> float:
    """Measure with fast-select, in nats."""
    from fast_select.mutual_information import calculate_mi_single_pair

    return float(calculate_mi_single_pair(*data, backend="cpu")) * float(np.log(2))


def scikit_learn(data: Columns) -> float:
    """Measure with scikit-learn."""
    from sklearn.metrics import mutual_info_score

    return float(mutual_info_score(*data))


def infomeasure(data: Columns) -> float:
    """Measure with infomeasure."""
    import infomeasure as im

    return float(im.mutual_information(*data, approach="discrete", base="e"))


def ennemi(data: Columns) -> float:
    """Measure with ennemi."""
    from ennemi import estimate_mi

    return float(
        np.ravel(estimate_mi(data[1], data[0], discrete_x=True, discrete_y=True, preprocess=False))[0]
    )


def many_fast_select(data: Columns) -> np.ndarray:
    """Measure all features with fast-select, one by one."""
    return np.array([fast_select((feature, data[0])) for feature in data[1:]])


def many_scikit_learn(data: Columns) -> np.ndarray:
    """Measure all features with scikit-learn, one by one."""
    return np.array([scikit_learn((feature, data[0])) for feature in data[1:]])


def conditional_infomeasure(data: Columns) -> Any:
    """Measure with infomeasure."""
    import infomeasure as im

    x, y, z = data
    return float(im.conditional_mutual_information(x, y, cond=z, approach="discrete", base="e"))
