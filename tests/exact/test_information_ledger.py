"""The account of training: arithmetic, conservation against a real coder, regret, units, warnings."""

from __future__ import annotations

import math

import numpy as np
import pytest

from adami.exact import (
    InformationLedger,
    KrichevskyTrofimov,
    LedgerCallback,
    arithmetic_encode,
    landauer_joules,
    parametric_regret_bits,
    quantization_ok,
    scaling_capacity,
    solve_ic1,
)

TEXT = (math.__doc__ + np.linalg.svd.__doc__ + np.einsum.__doc__).encode()[:6000]


def chain(n, seed, states=8):
    """Draw a Markov source and its tokens, with the code lengths of the true law."""
    rng = np.random.default_rng(seed)
    rows = rng.dirichlet(np.full(states, 0.3), size=states)
    ends = rows.cumsum(axis=1)
    ends[:, -1] = 1.0
    tokens = [0]
    for u in rng.random(n - 1).tolist():
        tokens.append(int(np.searchsorted(ends[tokens[-1]], u)))
    tokens = np.array(tokens)
    own = np.concatenate([[math.log2(states)], -np.log2(rows[tokens[:-1], tokens[1:]])])
    return tokens, own


def test_published_numbers():
    found = scaling_capacity(unit="paper")
    assert found.bits_per_token == pytest.approx(26.07, abs=0.005)
    assert (found.eta_low, found.eta_high) == pytest.approx((0.115, 0.268), abs=0.0006)
    in_bits = scaling_capacity()
    assert (in_bits.eta_low, in_bits.eta_high) == pytest.approx((0.166, 0.387), abs=0.0006)
    assert scaling_capacity(unit="bits").eta_low == found.eta_low
    plan = solve_ic1(eta=0.2, N=7e9 * 16, H=10.0, L=2.0)
    assert pytest.approx(2.8e9) == plan.D
    assert plan.landauer_joules(300) == pytest.approx(6.43e-11, rel=1e-3)
    assert landauer_joules(1, 300) == pytest.approx(2.871e-21, rel=1e-3)


@pytest.mark.parametrize("unit", ["bits", "nats", "paper"])
@pytest.mark.parametrize("name", ["eta", "N", "D", "H", "L"])
def test_each_quantity_follows_from_the_others(name, unit):
    scale = 1 / math.log(2) if unit == "nats" else 1
    whole = {"N": 1e6, "D": 5e4, "H": 10.0, "L": 3.0}
    whole["eta"] = 5e4 * 7 * scale / 1e6
    found = solve_ic1(**{k: v for k, v in whole.items() if k != name}, unit=unit)
    assert getattr(found, name) == pytest.approx(whole[name])
    assert found.transferred_bits == pytest.approx(5e4 * 7 * scale)


def test_the_account_is_the_saving_of_a_real_coder():
    model = KrichevskyTrofimov(256, order=1)
    tokens = list(TEXT)
    ledger = InformationLedger(n_params=256 * 256, bits_per_param=32, vocab_size=256)
    lengths = model.code_lengths(tokens)
    for part in np.array_split(lengths, 7):
        ledger.update(part)
    coded = 8 * len(arithmetic_encode(tokens, model))
    assert abs(ledger.transferred_bits - (8 * len(tokens) - coded)) <= 32
    assert ledger.transferred_bits == pytest.approx(ledger.eta * ledger.parameter_bits)
    # in the paper's units the same losses break the account
    paper = InformationLedger(256 * 256, 32, vocab_size=256, unit="paper")
    paper.update(lengths * math.log(2))
    assert abs(paper.transferred_bits - (8 * len(tokens) - coded)) > 1000
    assert "1.44" in paper.diagnostics[0]


@pytest.mark.filterwarnings("ignore:eta is")
def test_regret_of_a_learnt_chain():
    def regret(n, seed):
        tokens, own = chain(n, seed)
        ledger = InformationLedger(64, 32, vocab_size=8)
        ledger.update(KrichevskyTrofimov(8).code_lengths(tokens))
        assert (ledger.eta > 1) == (n > 1000) == bool(ledger.diagnostics)
        assert ledger.regret_bits(own.mean()) == pytest.approx(ledger.regret_bits(own), abs=1e-6)
        return ledger.regret_bits(own)

    grown = np.mean([regret(10_000, seed) - regret(1000, seed) for seed in range(5)])
    assert 80 <= grown <= 100
    assert parametric_regret_bits(56, 1e4) - parametric_regret_bits(56, 1e3) == pytest.approx(93.0, abs=0.05)


def test_warns_once_and_only_above_one():
    ledger = InformationLedger(n_params=1, bits_per_param=8, vocab_size=256)
    ledger.update([0.5])
    assert ledger.eta == pytest.approx(7.5 / 8)
    assert ledger.diagnostics == ()
    with pytest.warns(UserWarning, match="above 1"):
        ledger.update([0.5])
    ledger.update([0.5])
    assert "above 1" in ledger.diagnostics[0]


def test_units():
    bits = InformationLedger(100, 16, vocab_size=16)
    nats = InformationLedger(100, 16, vocab_size=16, unit="nats")
    bits.update([3.0, 1.0])
    nats.update(np.array([3.0, 1.0]) * math.log(2))
    assert nats.transferred_bits == pytest.approx(bits.transferred_bits)
    assert nats.H_bits == pytest.approx(4)
    assert InformationLedger(1, 1, H=2.0, unit="nats").H_bits == pytest.approx(2 / math.log(2))
    assert InformationLedger(1, 1, vocab_size=16, unit="paper").H_bits == pytest.approx(math.log(16))
    assert InformationLedger(1, 1, vocab_size=16, H=2.0).H_bits == 2.0


def test_a_loss_above_h_gives_a_negative_account_and_says_so():
    ledger = InformationLedger(100, 16, H=2.0)
    ledger.update(3.0, tokens=10)
    assert ledger.eta == pytest.approx(-10 / 1600)
    assert ledger.eta_max == 0
    assert "negative" in ledger.diagnostics[0]
    assert solve_ic1(N=1600, D=10, H=2.0, L=3.0).eta == pytest.approx(ledger.eta)


def test_later_epochs_are_counted_apart():
    ledger = InformationLedger(100, 16, vocab_size=4)
    ledger.update([1.0, 1.0])
    ledger.update([0.1, 0.1, 0.1], repeated=True)
    assert (ledger.tokens, ledger.repeated_tokens, ledger.transferred_bits) == (2, 3, 2.0)
    assert "repeated" in ledger.diagnostics[0]


def test_curve_starts_low_and_eta_max_is_its_top():
    ledger = InformationLedger(100, 16, vocab_size=4)
    assert ledger.eta == 0
    assert ledger.eta_max == 0
    assert math.isnan(ledger.loss_bits)
    for loss in (2.0, 1.5, 1.0, 4.0):
        ledger.update(loss, tokens=10)
    curve = ledger.curve()
    assert curve.tokens.tolist() == [10, 20, 30, 40]
    assert curve.loss_bits == pytest.approx([2, 1.75, 1.5, 2.125])
    assert curve.eta == pytest.approx([0, 5 / 1600, 15 / 1600, -5 / 1600])
    assert ledger.eta_max == pytest.approx(15 / 1600)
    assert "tokens=40" in repr(ledger)


def test_quantization_needs_room():
    # 5.2 bits of regret for each float32
    eta = 5.2 / 32
    assert [quantization_ok(eta, 32, b) for b in (4, 5, 6, 8)] == [False, False, True, True]
    assert not quantization_ok(eta, 32, 6, eta_new=0.5)


def test_callback_in_a_torch_loop():
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    model = torch.nn.Linear(4, 8)
    ledger = InformationLedger(sum(p.numel() for p in model.parameters()), 32, vocab_size=8)
    keep = LedgerCallback(ledger)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    total = 0.0
    for _ in range(2):
        for _ in range(3):
            x, y = torch.randn(16, 4), torch.randint(0, 8, (16,))
            loss = torch.nn.functional.cross_entropy(model(x), y)
            log = keep(loss, tokens=16)
            total += float(loss.detach()) * 16 / math.log(2) if keep.epoch == 0 else 0
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        keep.end_epoch()
    assert log["tokens"] == log["repeated_tokens"] == 48
    assert log["loss_bits"] == pytest.approx(total / 48)
    assert log["landauer_joules"] == pytest.approx(landauer_joules(log["transferred_bits"]))


@pytest.mark.parametrize(
    ("unit", "loss_unit", "wanted"),
    [("bits", "bits", 1.0), ("nats", "bits", 1.0), ("nats", "nats", 1 / math.log(2))],
)
def test_callback_converts(unit, loss_unit, wanted):
    ledger = InformationLedger(100, 16, vocab_size=4, unit=unit)
    LedgerCallback(ledger, loss_unit=loss_unit)([1.0, 1.0])
    assert ledger.loss_bits == pytest.approx(wanted)


def test_callback_leaves_the_papers_nats_alone():
    ledger = InformationLedger(100, 16, vocab_size=4, unit="paper")
    LedgerCallback(ledger)(1.0, tokens=5)
    assert ledger.loss_bits == 1.0


LEDGER = InformationLedger(10, 16, vocab_size=4)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: InformationLedger(0, 16, vocab_size=4), "sizes are positive"),
        (lambda: InformationLedger(10, 16), "vocab_size, or H"),
        (lambda: InformationLedger(10, 16, vocab_size=1), "vocab_size=1"),
        (lambda: InformationLedger(10, 16, H=math.inf), "H=inf"),
        (lambda: InformationLedger(10, 16, H=3.0, unit="shannon"), "'shannon' is unknown"),
        (lambda: LEDGER.update(1.0), "how many tokens"),
        (lambda: LEDGER.update([1.0], tokens=1), "single mean loss"),
        (lambda: LEDGER.update([]), "empty"),
        (lambda: LEDGER.update([1.0, math.nan]), "not finite"),
        (lambda: LEDGER.update([-0.1]), "negative"),
        (lambda: LEDGER.regret_bits([1.0, 1.0]), "2 entries"),
        (lambda: LedgerCallback(LEDGER, loss_unit="paper"), "loss_unit='paper'"),
        (lambda: solve_ic1(eta=0.2, N=1.0), "exactly one"),
        (lambda: solve_ic1(eta=0.2, N=1.0, D=1.0, H=1.0, L=1.0), "none left out"),
        (lambda: solve_ic1(eta=0.2, N=-1.0, H=3.0, L=1.0), "N=-1"),
        (lambda: solve_ic1(eta=0.2, N=1.0, H=1.0, L=1.0), "no positive D"),
        (lambda: solve_ic1(eta=0.2, D=1.0, H=1.0, L=2.0), "no positive N"),
        (lambda: landauer_joules(1.0, 0.0), "temperature=0"),
        (lambda: quantization_ok(0.2, 0, 4), "positive number"),
        (lambda: quantization_ok(0.2, 16, 4, eta_new=1.5), "eta_new=1.5"),
        (lambda: scaling_capacity(losses=(7.0, 3.0)), "low and a high"),
        (lambda: parametric_regret_bits(-1, 10), "n_free=-1"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
