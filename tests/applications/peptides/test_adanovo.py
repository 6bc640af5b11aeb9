"""The model as people use it: train, save, load, go on, read, and look for wrong labels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from adami.applications.peptides import (
    AdaNovo,
    BeamSearch,
    PreparedPSMs,
    PSMInformation,
    digest,
    plot_information,
    plot_spectrum,
    random_proteome,
    simulate_psms,
)

PEPTIDES = digest(random_proteome(3))[:120]
PSMS = simulate_psms(PEPTIDES, intensities="rule")
SMALL = {"d_model": 16, "n_layers": 1, "n_prior_layers": 1, "steps": 12, "every": 4, "batch_size": 8}


@pytest.fixture(scope="module")
def model() -> AdaNovo:
    return AdaNovo(**SMALL).fit(PSMS)


def weights(model: AdaNovo) -> dict[str, torch.Tensor]:
    return model.network.state_dict()


def same(a: AdaNovo, b: AdaNovo) -> bool:
    return all(torch.equal(v, weights(b)[k]) for k, v in weights(a).items())


def test_same_seed_same_weights(model: AdaNovo) -> None:
    assert same(model, AdaNovo(**SMALL).fit(PSMS))
    assert not same(model, AdaNovo(**SMALL, random_state=1).fit(PSMS))
    assert not same(model, AdaNovo(**SMALL, reweight="none").fit(PSMS))


def test_plain_training_is_weights_of_one(model: AdaNovo) -> None:
    assert same(AdaNovo(**SMALL, reweight="none").fit(PSMS), AdaNovo(**SMALL, s1=0, s2=0).fit(PSMS))


def test_interrupted_training_goes_on(model: AdaNovo, tmp_path: Path) -> None:
    class Stopped(Exception):
        pass

    def stop(step: int, told: object) -> None:
        if step == 8:
            raise Stopped

    with pytest.raises(Stopped):
        AdaNovo(**SMALL, checkpoint=tmp_path, callback=stop).fit(PSMS)
    seen: list[int] = []
    resumed = AdaNovo(**SMALL, checkpoint=tmp_path, callback=lambda step, told: seen.append(step)).fit(PSMS)
    assert seen == [8, 12]
    assert same(model, resumed)


def test_saved_and_loaded(model: AdaNovo, tmp_path: Path) -> None:
    model.save(tmp_path / "net.safetensors")
    loaded = AdaNovo.load(tmp_path / "net.safetensors")
    assert same(model, loaded)
    spectra = PSMS.spectra()[:5]
    assert loaded.predict(spectra) == model.predict(spectra)
    with pytest.raises(FileNotFoundError, match="adami peptides train"):
        AdaNovo.load(tmp_path / "none.safetensors")
    from adami.estimators._nets.checkpoints import save_tensors

    save_tensors(tmp_path / "other.safetensors", {"a": torch.zeros(1)}, {"other": 1})
    with pytest.raises(ValueError, match="no network of AdaNovo"):
        AdaNovo.load(tmp_path / "other.safetensors")


def test_no_weights_are_pretended() -> None:
    from adami.applications.peptides.storage import SHIPPED

    if SHIPPED.exists():
        assert AdaNovo.load().network is not None
    else:
        with pytest.raises(FileNotFoundError, match="comes without weights"):
            AdaNovo.load()


def test_reading_does_not_depend_on_batches(model: AdaNovo) -> None:
    spectra = PSMS.spectra()[:12]
    how = BeamSearch(mass_constrained=True, top_match=3)
    one, many = (model.candidates(spectra, how, size) for size in (1, 12))
    for a, b in zip(one, many):
        assert [p.sequence for p in a] == [p.sequence for p in b]
        np.testing.assert_allclose([p.score for p in a], [p.score for p in b], atol=1e-5)
    assert len(many) == 12
    assert all(p.fits_precursor for row in many for p in row)
    assert model.predict([]) == []


def test_score_and_information(model: AdaNovo) -> None:
    spectra = PSMS.spectra()[:20]
    told = model.score(spectra)
    assert 0 <= told["aa_recall"] <= 1
    assert {"forced_accuracy", "prior_accuracy", "information", "auc"} <= set(told)
    found = model.cmi(spectra)
    assert len(found) == 20
    tokens = [len(p) for p in PreparedPSMs(spectra).peptides]
    assert [len(r) for r in found.residues] == tokens
    pooled = [(r.sum() + e) / (n + 1) for r, e, n in zip(found.residues, found.ends, tokens)]
    np.testing.assert_allclose(found.means, pooled, rtol=1e-5)
    assert told["information"] == pytest.approx(
        np.average(found.means, weights=np.array(tokens) + 1), abs=1e-5
    )


def test_information_runs_from_n_to_c(model: AdaNovo) -> None:
    """The first value belongs to the N-terminal residue, which is predicted last."""
    from adami.applications.peptides._nets.learning import readings

    spectra = PSMS.spectra()[:1]
    source = PreparedPSMs(spectra, preprocessing=model._how)
    (read,) = readings(model.network, source, np.arange(1))
    found = model.cmi(spectra)
    np.testing.assert_allclose(found.residues[0], read.information[:-1][::-1], rtol=1e-5)
    assert found.peptides[0] == tuple(source.peptides[0])


def test_suspects() -> None:
    means = np.array([0.5, -0.2, 1.0, -0.2])
    rows = tuple(np.array([m, m + 1]) for m in means)
    found = PSMInformation(rows, means, means, (("G", "K"),) * 4, tuple("abcd"))
    assert found.order.tolist() == [1, 3, 0, 2]
    assert found.suspects(2).tolist() == [1, 3]
    assert found.suspects(below=0.6).tolist() == [1, 3, 0]
    assert [r["name"] for r in found.to_rows()] == ["b", "d", "a", "c"]
    figure = plot_information(found, found.suspects(below=0))
    assert figure.axes[0].get_legend() is not None


def test_figure_of_a_spectrum() -> None:
    spectrum = PSMS.spectra()[0]
    figure = plot_spectrum(spectrum, information=np.arange(len(PSMS.labels[0])), tolerance=40)
    axes = figure.axes[0]
    assert "".join(PSMS.labels[0]) in axes.get_title()
    assert {t.get_text()[0] for t in axes.texts} == {"b", "y"}


def test_other_rows_to_validate_on() -> None:
    half = simulate_psms(PEPTIDES[:60], intensities="rule")
    rest = simulate_psms(PEPTIDES[60:], intensities="rule")
    history = AdaNovo(**SMALL).fit(half, rest).history_
    assert [step for step, _ in history.validation] == [4, 8, 12]
    from adami.applications.peptides.batches import split_by_peptide

    rows, held = split_by_peptide(simulate_psms(["AAAAAAK", "GGGGGGK"] * 10, intensities="rule"), 0.5, 0)
    assert len(rows) + len(held) == 20
    assert len(set(rows % 2)) == len(set(held % 2)) == 1


def test_parameters() -> None:
    model = AdaNovo.paper(steps=5)
    told = model.get_params()
    assert (told["d_model"], told["n_layers"], told["norm"], told["prefix_mass"]) == (512, 9, "post", False)
    assert model.set_params(s1=0.1).s1 == 0.1
    with pytest.raises(ValueError, match="no parameter 'depth'"):
        model.set_params(depth=3)
    with pytest.raises(ValueError, match="not trained"):
        model.predict(PSMS.spectra()[:1])
    with pytest.raises(ValueError, match="validation_share=1"):
        AdaNovo(**SMALL, validation_share=1).fit(PSMS)
    with pytest.raises(ValueError, match="s1=-1"):
        AdaNovo(s1=-1).fit(PSMS)
    with pytest.raises(ValueError, match="max_length=5"):
        AdaNovo(**SMALL, max_length=5).fit(PSMS)
    with pytest.raises(ValueError, match="above the 30 residues"):
        AdaNovo(**SMALL, max_length=30).fit(PSMS).predict(PSMS.spectra()[:1], BeamSearch(max_length=40))
