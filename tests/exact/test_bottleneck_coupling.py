"""Codes of limited entropy against their guarantee, exhaustive search and a grid of laws."""

from __future__ import annotations

import math

import numpy as np
import pytest

from adami.exact import (
    CouplingBottleneck,
    as_kernel,
    binary_entropy,
    compose,
    ebim,
    entropy,
    mutual_information,
)
from adami.exact._block_merges import closest_merge, greedy_merges
from adami.exact._near_maps import all_partitions, merge_loss, part

BELL = [1, 2, 5, 15, 52, 203, 877, 4140]


def cases(n: int, symbols: int, seed: int) -> list[tuple[np.ndarray, float]]:
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(n):
        p = rng.dirichlet(np.full(symbols, rng.choice([0.3, 1.0, 3.0])))
        found.append((p, float(rng.uniform(0, entropy(p, base=2)))))
    return found


def by_the_loop(p: np.ndarray, rate: float) -> float:
    """The greedy loop as it is told, block by block: the entropy of its code, in bits."""
    blocks = sorted(p.tolist(), reverse=True)
    while True:
        smallest = [*blocks[:-2], blocks[-2] + blocks[-1]]
        if entropy(smallest, base=2) <= rate:
            return float(entropy(smallest, base=2))
        blocks = sorted([blocks[0] + blocks[1], *blocks[2:]], reverse=True)
        if entropy(blocks, base=2) <= rate:
            return float(entropy(blocks, base=2))


def smallest_only(p: np.ndarray, rate: float) -> float:
    blocks = sorted(p.tolist())
    while entropy(blocks, base=2) > rate:
        blocks = sorted([blocks[0] + blocks[1], *blocks[2:]])
    return float(entropy(blocks, base=2))


def test_partitions_are_all_and_different() -> None:
    for n, count in enumerate(BELL, start=1):
        rows = all_partitions(n)
        assert len(np.unique(rows, axis=0)) == len(rows) == count
        # each number appears after the one below it
        assert np.all(rows <= np.maximum.accumulate(np.column_stack([-np.ones(count), rows[:, :-1]]), 1) + 1)


def test_greedy_is_the_loop() -> None:
    for symbols in (2, 3, 5, 9):
        for p, rate in cases(40, symbols, seed=symbols):
            found = ebim(p, rate, refine=False, near=False, base=2)
            assert found.entropy == pytest.approx(by_the_loop(p, rate), abs=1e-9)


def test_guarantee_and_order_of_the_variants() -> None:
    broken = 0
    for p, rate in cases(120, 7, seed=0):
        plain, refined, near = (
            ebim(p, rate, refine=r, near=n, base=2) for r, n in ((False, False), (True, False), (True, True))
        )
        promise = float(binary_entropy(np.sort(p)[-2], base=2))
        for code in (plain, refined, near):
            table = code.toarray()
            np.testing.assert_allclose(table.sum(axis=1), p, atol=1e-12)
            assert code.guarantee == pytest.approx(promise)
            assert rate - code.information <= promise + 1e-9
            assert code.entropy <= rate + 1e-9
            assert code.entropy == pytest.approx(float(entropy(table.sum(axis=0), base=2)), abs=1e-9)
            assert code.information == pytest.approx(float(mutual_information(table, base=2)), abs=1e-9)
        assert refined.information >= plain.information - 1e-12
        assert near.information >= refined.information - 1e-12
        broken += rate - smallest_only(p, rate) > promise + 1e-9
    assert broken > 0, "merging the smallest alone has no such guarantee"


def test_near_maps_are_at_least_the_best_map() -> None:
    maps = all_partitions(6)
    for p, rate in cases(40, 6, seed=1):
        sums = np.zeros((len(maps), 6))
        for symbol in range(6):
            sums[np.arange(len(maps)), maps[:, symbol]] += p[symbol]
        rates = part(sums).sum(axis=1) / math.log(2)
        assert ebim(p, rate, base=2).information >= rates[rates <= rate].max() - 1e-9


@pytest.mark.parametrize("rate", [0.2, 0.3, 0.45, 0.7])
def test_near_map_is_at_least_a_grid_of_binary_codes(rate: float) -> None:
    p = np.array([0.7, 0.2, 0.1])
    grid = np.linspace(0, 1, 41)
    kernel = np.stack(np.meshgrid(grid, grid, grid, indexing="ij"), axis=-1).reshape(-1, 3)
    heads = kernel @ p
    informations = binary_entropy(np.clip(heads, 0, 1), base=2) - binary_entropy(kernel, base=2) @ p
    best = informations[binary_entropy(np.clip(heads, 0, 1), base=2) <= rate].max()
    found = ebim(p, rate, base=2)
    assert found.information >= best
    assert found.entropy == pytest.approx(rate, abs=1e-9)


def test_equiprobable_messages() -> None:
    expected = {2: 0.195, 3: 0.295, 4: 0.396, 6: 0.609}
    for rate, accuracy in expected.items():
        code = ebim(np.full(512, 1 / 512), rate, base=2)
        assert rate - code.information < 0.011
        assert code.toarray().max(axis=0).sum() == pytest.approx(accuracy, abs=2e-3)


def test_rates_at_the_ends() -> None:
    p = [0.5, 0.0, 0.3, 0.2]
    nothing = ebim(p, 0.0)
    assert nothing.shape == (4, 1)
    assert nothing.information == nothing.entropy == 0
    for rate in (float(entropy(p)), 5.0):
        identity = ebim(p, rate)
        assert identity.information == pytest.approx(float(entropy(p)))
        assert identity.shape == (4, 3)
        assert identity.guarantee == 0
        np.testing.assert_allclose(identity.kernel()[1], [0.5, 0.3, 0.2])
        np.testing.assert_array_equal(identity.kernel()[[0, 2, 3]], np.eye(3))
    assert ebim([1.0], 0.0).information == 0


def test_closest_merge_is_that_of_all_pairs() -> None:
    rng = np.random.default_rng(7)
    for _ in range(60):
        blocks = np.sort(rng.dirichlet(np.ones(rng.integers(2, 12))))[::-1]
        needed = float(rng.uniform(0, 1))
        pairs = [(i, j) for i in range(blocks.size) for j in range(i + 1, blocks.size)]
        loss = {(i, j): float(merge_loss(blocks[i], blocks[j])) for i, j in pairs}
        enough = [c for c in pairs if loss[c] >= needed]
        short = [c for c in pairs if loss[c] < needed]
        up, down = closest_merge(blocks, needed, keeps=True), closest_merge(blocks, needed, keeps=False)
        assert (up is None) == (not enough)
        assert (down is None) == (not short)
        if up:
            assert loss[up] == min(loss[c] for c in enough)
        if down:
            assert loss[down] == max(loss[c] for c in short)


def test_no_pair_keeps_the_rate_before_the_last_stage() -> None:
    for p, rate in cases(40, 9, seed=3):
        law = np.sort(p)[::-1]
        stages = greedy_merges(law, rate * math.log(2), refine=True)
        for stage in range(stages.stage):
            blocks = [law[: stage + 1].sum(), *law[stage + 1 :]]
            lost = max(merge_loss(a, b) for k, a in enumerate(blocks) for b in blocks[k + 1 :])
            assert entropy(blocks) - lost > rate * math.log(2)


def test_larger_sources_use_the_rate_up() -> None:
    for p, rate in cases(20, 40, seed=4):
        plain, near = ebim(p, rate, near=False, base=2), ebim(p, rate, base=2)
        assert near.information >= plain.information
        assert near.entropy <= rate + 1e-9
        assert near.information == pytest.approx(float(mutual_information(near.toarray(), base=2)), abs=1e-9)


@pytest.mark.parametrize("rule", ["max", "zero"])
def test_pipeline(rule: str) -> None:
    rng = np.random.default_rng(5)
    for _ in range(30):
        p_x, p_y = rng.dirichlet(np.ones(6)), rng.dirichlet(np.ones(5))
        rate = float(rng.uniform(0.2, 2.5))
        model = CouplingBottleneck(rate, rule=rule, base=2).fit(p_x, p_y)
        as_kernel(model.encoder_)
        as_kernel(model.decoder_)
        np.testing.assert_allclose(model.joint_.sum(axis=1), p_x, atol=1e-12)
        np.testing.assert_allclose(model.joint_.sum(axis=0), p_y, atol=1e-12)
        np.testing.assert_allclose(
            model.joint_, p_x[:, None] * compose(model.encoder_, model.decoder_), atol=1e-12
        )
        p_t = p_x @ model.encoder_
        assert model.code_entropy_ == pytest.approx(float(entropy(p_t, base=2)), abs=1e-9)
        assert model.mi_ == pytest.approx(float(mutual_information(model.joint_, base=2)), abs=1e-12)
        decoded = p_t[:, None] * model.decoder_
        assert model.decoder_mi_ == pytest.approx(float(mutual_information(decoded, base=2)), abs=1e-9)
        bounds = model.bounds_
        assert bounds.lower - 1e-9 <= model.mi_ <= bounds.upper + 1e-9
        assert bounds.lower >= model.encoder_mi_ + model.decoder_mi_ - rate - 1e-9
        assert 0 <= bounds.encoder_gap <= model.encoding_.guarantee
        assert bounds.decoder_gap >= 0
        assert bounds.unit == model.unit_ == "bits"


def test_lower_bound_needs_the_code_entropy() -> None:
    """Leaving the entropy of the code out would promise too much."""
    model = CouplingBottleneck(1.0, base=2).fit(np.full(4, 0.25), np.full(4, 0.25))
    assert model.encoder_mi_ + model.decoder_mi_ > model.mi_ + 0.5


def test_no_bottleneck_leaves_the_coupling() -> None:
    p_x, p_y = [0.5, 0.3, 0.2], [0.6, 0.4]
    model = CouplingBottleneck(10.0).fit(p_x, p_y)
    assert model.mi_ == pytest.approx(model.coupling_.information)


def test_bad_input() -> None:
    for rate in (-0.1, math.nan, math.inf):
        with pytest.raises(ValueError, match="rate="):
            ebim([0.5, 0.5], rate)
    with pytest.raises(ValueError, match="p_x sums to 0, not 1"):
        ebim([0.0, 0.0], 1.0)
    with pytest.raises(ValueError, match="p_x sums to"):
        CouplingBottleneck(1.0).fit([0.5, 0.4], [1.0])
    with pytest.raises(ValueError, match="p_y"):
        CouplingBottleneck(1.0).fit([0.5, 0.5], [-1.0, 2.0])
    with pytest.raises(ValueError, match="cells"):
        CouplingBottleneck(1.0).fit(np.full(2000, 1 / 2000), np.full(2000, 1 / 2000))
    with pytest.raises(ValueError, match="is unknown"):
        CouplingBottleneck(1.0, rule="min").fit([0.5, 0.5], [1.0])
