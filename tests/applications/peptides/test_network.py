"""The network against the equations: what each place sees, and one token at a time against all at once."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from adami.applications.peptides import RESIDUES, Preprocessing, simulate_psms
from adami.applications.peptides._nets.encodings import MassEncoding, PeakEncoding, position_codes
from adami.applications.peptides._nets.network import PeptideNet, Shape
from adami.applications.peptides._nets.stepwise import StepwiseDecoder, tensors

SMALL = {"d_model": 16, "n_layers": 2, "n_heads": 2, "d_ff": 32}
PSMS = simulate_psms(["PEPTLDEK", "MAGGSLVNR", "AAGK"], intensities="rule", preprocessing=Preprocessing())
BATCH = PSMS.draw(np.arange(3), 0)
CPU = torch.device("cpu")


def network(**changes: object) -> PeptideNet:
    torch.manual_seed(0)
    return PeptideNet(Shape(**(SMALL | changes)), RESIDUES).eval()


def test_mass_codes() -> None:
    code = MassEncoding(8)(torch.tensor([1000.12345], dtype=torch.float64))[0]
    for k in range(4):
        wave = 0.001 * 1e7 ** (k / 3)
        angle = 2 * math.pi * math.fmod(1000.12345 / wave, 1.0)
        assert float(code[k]) == pytest.approx(math.sin(angle), abs=1e-5)
        assert float(code[4 + k]) == pytest.approx(math.cos(angle), abs=1e-5)
    rounded = MassEncoding(8)(torch.tensor([1000.12345], dtype=torch.float32))[0]
    assert abs(float(rounded[0] - code[0])) > 0.01
    with pytest.raises(ValueError, match="even number"):
        MassEncoding(7)
    with pytest.raises(ValueError, match="wavelengths"):
        MassEncoding(8, 2.0, 1.0)


def test_place_codes() -> None:
    codes = position_codes(5, 8)
    scale = (10000 / (2 * math.pi)) ** (2 / 3)
    assert float(codes[3, 2]) == pytest.approx(math.sin(3 / scale), abs=1e-6)
    assert float(codes[3, 6]) == pytest.approx(math.cos(3 / scale), abs=1e-6)


def test_peak_codes() -> None:
    torch.manual_seed(0)
    mz, heights = torch.tensor([[500.0]], dtype=torch.float64), torch.tensor([[0.5]])
    added = PeakEncoding(8)
    with torch.no_grad():
        plain = added.places(mz)
        torch.testing.assert_close(added(mz, heights) - plain, 0.5 * added.heights.weight.T[None])
        beside = PeakEncoding(12, intensity_width=4)(mz, heights)
    torch.testing.assert_close(beside[..., :8], plain)
    wave = 2 * math.pi
    assert float(beside[0, 0, 9]) == pytest.approx(math.sin(2 * math.pi * 0.5 / wave), abs=1e-6)


@pytest.mark.parametrize(
    "change", [{}, {"norm": "post"}, {"prefix_mass": False, "peak_lookup": False}, {"intensity_width": 4}]
)
def test_no_place_sees_its_own_token(change: dict[str, object]) -> None:
    net = network(**change)
    fields = list(tensors(BATCH, CPU))
    with torch.no_grad():
        before = net(*fields)
        changed = fields[4].clone()
        changed[:, 3] = 5
        after = net(*fields[:4], changed)
    for a, b in zip(before, after):
        torch.testing.assert_close(a[:, :4], b[:, :4])
        assert (a[:, 4] - b[:, 4]).abs().max() > 1e-4
    assert before[0].shape == (3, BATCH.tokens.shape[1], net.words.size)


def test_a_leaky_prior_sees_it() -> None:
    net = network(leaky_prior=True)
    tokens = tensors(BATCH, CPU)[4]
    changed = tokens.clone()
    changed[:, 3] = 5
    with torch.no_grad():
        apart = (net.unconditional(tokens) - net.unconditional(changed)).abs()
    assert apart[:, 3].max() > 1e-4
    assert apart[:, :3].max() < 1e-5


def test_the_prior_reads_no_spectrum() -> None:
    net = network()
    fields = tensors(BATCH, CPU)
    with torch.no_grad():
        _, prior = net(*fields)
        told, same = net(fields[0] + 1, fields[1], fields[2] + 1, fields[3], fields[4])
        first, _ = net(*fields)
    torch.testing.assert_close(prior, same)
    assert (told - first).abs().max() > 1e-4


def test_padding_changes_nothing() -> None:
    net = network()
    fields = tensors(BATCH, CPU)
    more = [torch.nn.functional.pad(f, (0, 3)) for f in fields[:2]]
    longer = torch.nn.functional.pad(fields[4], (0, 2))
    with torch.no_grad():
        plain, padded = net(*fields), net(*more, *fields[2:4], longer)
    there = fields[4] > 0
    for a, b in zip(plain, padded):
        torch.testing.assert_close(a[there], b[:, : a.shape[1]][there], atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize(
    "change", [{}, {"norm": "post", "prefix_mass": False, "peak_lookup": False}, {"prefix_mass": False}]
)
def test_one_token_at_a_time(change: dict[str, object]) -> None:
    """Beams that follow the true peptide get the logits of the whole pass, though they swap places."""
    net = network(**change)
    tokens = BATCH.tokens
    with torch.no_grad():
        whole = net.conditional(*tensors(BATCH, CPU)).numpy()
        decoder = StepwiseDecoder(net, BATCH)
        rows = np.arange(3)
        np.testing.assert_allclose(decoder.logits(None)[:, 0], whole[:, 0], atol=1e-5)
        other = np.array([4, 4, 4])
        parents, place = np.zeros((3, 2), dtype=int), 0
        for step in range(1, 6):
            last = np.stack([tokens[rows, step - 1], other[: len(rows)]], axis=1)
            parents[:] = place if step > 1 else 0
            if step % 2:
                last, place = last[:, ::-1], 1
            else:
                place = 0
            going = np.arange(len(rows))
            if step == 4:
                going, rows, last, parents = np.array([0, 1]), rows[:2], last[:2], parents[:2]
            found = decoder.logits(np.ascontiguousarray(last), parents, going)
            np.testing.assert_allclose(found[:, place], whole[rows, step], atol=2e-5)


def test_bad_shapes() -> None:
    with pytest.raises(ValueError, match="no multiple of n_heads=3"):
        network(n_heads=3)
