"""Compression with a prescribed law of the output: a code of limited entropy, and a decoder that couples."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from adami.exact._arrays import in_base, unit_name
from adami.exact._block_merges import greedy_merges, maps_near
from adami.exact._greedy_steps import SNAP
from adami.exact._near_maps import ALL_PARTITIONS_UP_TO, NearMap, all_partitions, best_near_map, part
from adami.exact._sparse_table import SparseTable
from adami.exact.coupling import Coupling, Rule, greedy_mec, one_law
from adami.exact.entropies import binary_entropy
from adami.exact.informations import mutual_information
from adami.exact.pmf import check_cells


@dataclass(frozen=True, slots=True, eq=False)
class Encoding(SparseTable):
    """A code T of a source X, as their joint law: first variable X, second T.

    Parameters
    ----------
    cells, masses, shape
        The cells with mass. A code that is a map has one for each symbol of the source.
    information : float
        I(X;T).
    entropy : float
        H(T), at most `rate`.
    rate : float
        The largest entropy that was allowed.
    guarantee : float
        How far below `rate` the information can be at most; 0 when the code is the identity, which is
        then as informative as the source has entropy.
    trace : numpy.ndarray
        H(T) of the maps that the greedy loop went through.
    unit : str
        Unit of all these numbers.
    """

    information: float
    entropy: float
    rate: float
    guarantee: float
    trace: np.ndarray
    unit: str

    def kernel(self, allow_large: bool = False) -> np.ndarray:
        """Return ``P(t | x)``, one row a symbol of the source.

        A symbol that never happens is encoded by the law of T, which tells nothing.
        """
        table = self.toarray(allow_large)
        source = table.sum(axis=1, keepdims=True)
        seen = source > 0
        kernel: np.ndarray = np.where(seen, table / np.where(seen, source, 1.0), table.sum(axis=0))
        return kernel


def ebim(
    p_x: Any, rate: float, *, refine: bool = True, near: bool = True, base: float | None = None
) -> Encoding:
    """Return a code T of X with ``H(T) <= rate`` and much information I(X;T).

    Blocks of symbols are merged greedily: the two smallest if the code then keeps the rate, else the two
    largest, until it does. The information is within the entropy of a coin of bias p2 of the rate, where
    p2 is the second largest probability of the source.

    Parameters
    ----------
    p_x : array, shape (n_symbols,)
        Law of the source.
    rate : float
        Largest entropy of the code, in the unit of `base`. From the entropy of the source on, the code is
        the identity.
    refine : bool
        Whether to choose the last merge among all pairs of blocks; the guarantee stays.
    near : bool
        Whether to look also at laws next to a map, which split one symbol between two blocks so that the
        rate is used up: next to all maps for up to 8 symbols, next to the greedy ones for more.
    base : float, optional
        Base of the logarithm; nats by default, 2 for bits.

    Returns
    -------
    Encoding

    Raises
    ------
    ValueError
        If `p_x` is no law or `rate` is negative or not finite.

    References
    ----------
    Ebrahimi, Chen, Khisti, "Minimum Entropy Coupling with Bottleneck", 2024; paper 24 of adami's register.

    Examples
    --------
    >>> from adami.exact import ebim
    >>> code = ebim([0.7, 0.2, 0.1], rate=0.6, near=False, base=2)
    >>> code.toarray()
    array([[0.7, 0. ],
           [0.2, 0. ],
           [0. , 0.1]])
    >>> round(code.information, 3), round(ebim([0.7, 0.2, 0.1], rate=0.6, base=2).information, 3)
    (0.469, 0.511)
    """
    unit = unit_name(base)
    law = one_law(p_x, "p_x")
    limit = rate_in_nats(rate, base)
    support = np.flatnonzero(law)
    order = support[np.argsort(-law[support], kind="stable")]
    p = law[order]
    source = float(part(p).sum())
    # the sum of the parts is rounded: an identity code must not be refused for that
    if limit >= source - 1e-12:
        found = NearMap(source, source, np.arange(p.size), 0, 0, 0.0)
        guarantee, passed = 0.0, np.array([source])
    else:
        stages = greedy_merges(p, limit, refine=refine)
        blocks = np.bincount(stages.labels, weights=p)
        level = float(part(blocks).sum()) if blocks.size > 1 else 0.0
        found = NearMap(level, level, stages.labels, 0, 0, 0.0)
        guarantee = float(binary_entropy(p[1]))
        passed = np.append(stages.rates[: stages.stage + 1], level)
        if near:
            maps = all_partitions(p.size) if p.size <= ALL_PARTITIONS_UP_TO else maps_near(p, limit, stages)
            better = best_near_map(p, maps, limit)
            if better is not None and better.information > found.information:
                found = better
    cells, masses = _table(found, p, order)
    return Encoding(
        cells=cells,
        masses=masses,
        shape=(law.size, int(cells[:, 1].max()) + 1),
        information=float(in_base(max(found.information, 0.0), base)),
        entropy=float(in_base(max(found.entropy, 0.0), base)),
        rate=float(rate),
        guarantee=float(in_base(guarantee, base)),
        trace=in_base(np.maximum(passed, 0.0), base),
        unit=unit,
    )


@dataclass(frozen=True, slots=True)
class BottleneckBounds:
    """What the two parts of a pipeline say about the information from source to output.

    Parameters
    ----------
    lower : float
        ``I(X;T) + I(T;Y) - H(T)``, or 0 if that is negative.
    upper : float
        The smaller one of I(X;T) and I(T;Y).
    encoder_gap : float
        How far I(X;T) can be at most below its optimum for the rate.
    decoder_gap : float
        How far I(T;Y) can be at most below its optimum for this code: the joint entropy less its bound.
    unit : str
    """

    lower: float
    upper: float
    encoder_gap: float
    decoder_gap: float
    unit: str


class CouplingBottleneck:
    """Compress a source to a code of limited entropy and decode it to a prescribed law.

    Parameters
    ----------
    rate : float
        Largest entropy of the code, in the unit of `base`.
    refine, near : bool
        As in `ebim`.
    rule : {"max", "zero"}
        As in `greedy_mec`, for the decoder.
    base : float, optional
        Base of the logarithm; nats by default, 2 for bits.

    Attributes
    ----------
    encoder_ : numpy.ndarray, shape (n_source, n_codes)
        ``P(t | x)``.
    decoder_ : numpy.ndarray, shape (n_codes, n_output)
        ``P(y | t)``.
    joint_ : numpy.ndarray, shape (n_source, n_output)
        Law of source and output.
    mi_ : float
        I(X;Y).
    encoder_mi_, decoder_mi_ : float
        I(X;T) and I(T;Y).
    code_entropy_ : float
        H(T).
    bounds_ : BottleneckBounds
    unit_ : str
    encoding_, coupling_
        The `Encoding` and the `Coupling` with their traces.

    References
    ----------
    Ebrahimi, Chen, Khisti, "Minimum Entropy Coupling with Bottleneck", 2024; paper 24 of adami's register.

    Examples
    --------
    >>> from adami.exact import CouplingBottleneck
    >>> model = CouplingBottleneck(rate=1.0, base=2).fit([0.25, 0.25, 0.25, 0.25], [0.5, 0.3, 0.2])
    >>> model.joint_.sum(axis=0).round(6)
    array([0.5, 0.3, 0.2])
    >>> round(model.mi_, 6), round(model.code_entropy_, 6)
    (1.0, 1.0)
    """

    encoder_: np.ndarray
    decoder_: np.ndarray
    joint_: np.ndarray
    mi_: float
    encoder_mi_: float
    decoder_mi_: float
    code_entropy_: float
    bounds_: BottleneckBounds
    unit_: str
    encoding_: Encoding
    coupling_: Coupling

    def __init__(
        self,
        rate: float,
        *,
        refine: bool = True,
        near: bool = True,
        rule: Rule = "max",
        base: float | None = None,
    ) -> None:
        self.rate = rate
        self.refine = refine
        self.near = near
        self.rule: Rule = rule
        self.base = base

    def fit(self, p_x: Any, p_y: Any) -> CouplingBottleneck:
        """Find the code and its decoder.

        Parameters
        ----------
        p_x : array, shape (n_source,)
            Law of the source.
        p_y : array, shape (n_output,)
            Law that the output has to have.

        Raises
        ------
        ValueError
            If one of them is no law, the rate is negative, or a table is too large to be enumerated.
        """
        target = one_law(p_y, "p_y")
        code = ebim(p_x, self.rate, refine=self.refine, near=self.near, base=self.base)
        check_cells(code.shape[0] * target.size, what="the table of source and output")
        p_t = code.marginal(1)
        pair = greedy_mec(p_t, target, rule=self.rule, base=self.base)
        self.encoding_, self.coupling_, self.unit_ = code, pair, code.unit
        self.encoder_ = code.kernel()
        coupled = pair.toarray()
        share = coupled.sum(axis=1, keepdims=True)
        # a code symbol of next to no mass may be rounded away in the coupling: it then tells nothing
        self.decoder_ = np.where(share > 0, coupled / np.where(share > 0, share, 1.0), target)
        self.joint_ = code.toarray() @ self.decoder_
        self.encoder_mi_, self.code_entropy_ = code.information, code.entropy
        self.decoder_mi_ = pair.information
        self.mi_ = max(float(mutual_information(self.joint_, base=self.base)), 0.0)
        self.bounds_ = BottleneckBounds(
            lower=max(code.information + pair.information - code.entropy, 0.0),
            upper=min(code.information, pair.information),
            encoder_gap=min(code.guarantee, max(self.rate - code.information, 0.0)),
            decoder_gap=max(pair.entropy - pair.bound, 0.0),
            unit=code.unit,
        )
        return self


def rate_in_nats(rate: float, base: float | None) -> float:
    """Return the checked rate in nats."""
    if not (rate >= 0 and math.isfinite(rate)):
        raise ValueError(f"rate={rate}: the entropy that a code may have is a finite number from 0")
    return float(rate) * (1.0 if base is None else math.log(base))


def _table(found: NearMap, p: np.ndarray, order: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the cells of a map with its one split symbol, blocks numbered as the symbols meet them."""
    labels = found.labels.copy()
    moved = found.moved
    if moved > 0 and p[found.symbol] - moved <= SNAP:
        labels[found.symbol], moved = found.target, 0.0
    sequence = np.argsort(order)
    symbols, blocks, masses = order[sequence], labels[sequence], p[sequence]
    if moved > SNAP:
        at = int(np.flatnonzero(sequence == found.symbol)[0])
        masses[at] -= moved
        symbols = np.insert(symbols, at + 1, order[found.symbol])
        blocks = np.insert(blocks, at + 1, found.target)
        masses = np.insert(masses, at + 1, moved)
    _, first, inverse = np.unique(blocks, return_index=True, return_inverse=True)
    rank = np.empty(first.size, dtype=np.intp)
    rank[np.argsort(first, kind="stable")] = np.arange(first.size)
    return np.column_stack([symbols, rank[inverse]]), masses
