"""Peptides from tandem mass spectra by a network that trains where spectra speak (AdaNovo, 2024)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np

from adami.applications.peptides._extras import need
from adami.applications.peptides._parameters import Parameters
from adami.applications.peptides.batches import PreparedPSMs, PSMs, split_by_peptide
from adami.applications.peptides.beams import BeamSearch
from adami.applications.peptides.predictions import PeptidePrediction
from adami.applications.peptides.residues import RESIDUES, Vocabulary
from adami.applications.peptides.simulate import SimulatedPSMs
from adami.applications.peptides.spectra import Preprocessing, Spectrum
from adami.applications.peptides.storage import read_network, write_network
from adami.applications.peptides.suspicion import PSMInformation, information_of

if TYPE_CHECKING:
    from adami.applications.peptides._nets.learning import Reading
    from adami.applications.peptides._nets.network import PeptideNet
    from adami.estimators._nets.fit import History
    from adami.estimators._nets.stepping import Schedule

Labelled = PSMs | Sequence[Spectrum]
PEAKS = 64
"""Peaks that the small network reads; the published one reads 150."""


class AdaNovo(Parameters):
    """Transformer that writes the peptide of a spectrum, residue by residue from C to N.

    While it trains, a second decoder that sees no spectrum learns what peptides look like. The difference
    of their log-probabilities is what the spectrum tells about a residue; residues and spectra with much of
    it count more in the loss. The defaults are a network for one processor core; `paper` has the published
    sizes.

    Parameters
    ----------
    d_model, n_layers, n_prior_layers, n_heads : int
        Width, layers of encoder and decoder, layers of the second decoder, heads.
    d_ff : int, optional
        Width of the feed-forward parts; twice `d_model` by default.
    dropout : float
    norm : {"pre", "post"}
    shortest_wave : float
        Shortest wavelength of the codes of masses, Da.
    intensity_width : int
        0 adds a linear map of the intensity to the code of a peak; k > 0 gives it k numbers of its own.
    prefix_mass : bool
        Whether the decoder is also told the masses of the y-ion written so far and of its b-ion; not in the
        paper.
    peak_lookup : bool
        Whether the decoder is also told, for every token that may come next, whether the spectrum has the
        peaks that the token would explain and whether it would meet the precursor; not in the paper.
    leaky_prior : bool
        Whether the second decoder sees the token that it is asked for, as in the published code; for
        comparison only.
    max_length : int
        Most residues of a peptide.
    residues : mapping of token -> mass
    preprocessing : Preprocessing, optional
        64 peaks by default.
    s1, s2 : float
        Deviations of the weights of residues and of spectra.
    reweight : {"cmi", "none"}
        ``"none"`` trains with plain cross-entropy.
    detach_weights : bool
    steps, batch_size : int
    learning_rate, weight_decay : float
    schedule : {"constant", "cosine", "onecycle"}
    clip : float, optional
        Largest norm of the gradient.
    ema : float, optional
        Decay of a moving average of the weights, which is then what is kept.
    every : int
        Steps between two validations.
    validation_share : float
        Share of the peptides that `fit` holds out, where it is given no validation set.
    device : str
    random_state : int
    progress : callable(done, total, what), optional
    checkpoint : str or Path, optional
        Folder; a training that was cut off goes on from what is there.
    callback : callable(step, numbers), optional

    References
    ----------
    "AdaNovo: Adaptive De Novo Peptide Sequencing with Conditional Mutual Information", 2024; paper 1 of
    adami's register.

    Examples
    --------
    >>> from adami.applications.peptides import AdaNovo, simulate_psms
    >>> psms = simulate_psms(["PEPTLDEK", "MAGGSLVR", "GGLVLATK", "AAFDELR"], intensities="rule")
    >>> model = AdaNovo(d_model=16, n_layers=1, steps=3, validation_share=0.0).fit(psms)
    >>> found = model.predict(psms.spectra())
    >>> len(found), len(model.cmi(psms).means)
    (4, 4)
    """

    def __init__(
        self,
        *,
        d_model: int = 128,
        n_layers: int = 3,
        n_prior_layers: int = 2,
        n_heads: int = 4,
        d_ff: int | None = None,
        dropout: float = 0.0,
        norm: Literal["pre", "post"] = "pre",
        shortest_wave: float = 0.01,
        intensity_width: int = 0,
        prefix_mass: bool = True,
        peak_lookup: bool = True,
        leaky_prior: bool = False,
        max_length: int = 100,
        residues: Mapping[str, float] = RESIDUES,
        preprocessing: Preprocessing | None = None,
        s1: float = 0.3,
        s2: float = 0.1,
        reweight: Literal["cmi", "none"] = "cmi",
        detach_weights: bool = True,
        steps: int = 20_000,
        batch_size: int = 32,
        learning_rate: float = 1e-3,
        weight_decay: float = 1e-5,
        schedule: Schedule = "onecycle",
        clip: float | None = 1.0,
        ema: float | None = None,
        every: int = 500,
        validation_share: float = 0.1,
        device: str = "auto",
        random_state: int = 0,
        progress: Callable[[int, int, str], None] | None = None,
        checkpoint: str | Path | None = None,
        callback: Callable[[int, Mapping[str, float]], None] | None = None,
    ) -> None:
        self.d_model, self.n_layers, self.n_prior_layers = d_model, n_layers, n_prior_layers
        self.n_heads, self.d_ff, self.dropout, self.norm = n_heads, d_ff, dropout, norm
        self.shortest_wave, self.intensity_width = shortest_wave, intensity_width
        self.prefix_mass, self.peak_lookup, self.leaky_prior = prefix_mass, peak_lookup, leaky_prior
        self.max_length = max_length
        self.residues, self.preprocessing = residues, preprocessing
        self.s1, self.s2, self.reweight, self.detach_weights = s1, s2, reweight, detach_weights
        self.steps, self.batch_size, self.learning_rate = steps, batch_size, learning_rate
        self.weight_decay, self.schedule, self.clip, self.ema = weight_decay, schedule, clip, ema
        self.every, self.validation_share = every, validation_share
        self.device, self.random_state = device, random_state
        self.progress, self.checkpoint, self.callback = progress, checkpoint, callback

    @classmethod
    def paper(cls, **changes: Any) -> Self:
        """Return the published network and training: 512 wide, 9 layers, 150 peaks; for an accelerator."""
        published: dict[str, Any] = {
            "d_model": 512,
            "n_layers": 9,
            "n_prior_layers": 9,
            "n_heads": 8,
            "d_ff": 1024,
            "norm": "post",
            "shortest_wave": 0.001,
            "prefix_mass": False,
            "peak_lookup": False,
            "preprocessing": Preprocessing(),
            "learning_rate": 5e-4,
            "steps": 1_400_000,
        }
        return cls(**(published | changes))

    @classmethod
    def load(cls, path: str | Path = "adanovo", **changes: Any) -> Self:
        """Return a trained model.

        Parameters
        ----------
        path : str or Path
            A file written by `save`, or ``"adanovo"`` for the weights that come with adami.
        **changes
            Other parameters, such as the device.

        Raises
        ------
        FileNotFoundError
            If there is no such file; this version of adami may come without weights.
        ValueError
            If the file holds no network of AdaNovo.
        """
        from adami.applications.peptides._nets.network import Shape

        net, how = read_network(path)
        settings = {name: getattr(net.shape, name) for name in Shape.__slots__ if name != "max_charge"}
        settings |= {"residues": net.words.residues, "preprocessing": how}
        model = cls(**(settings | changes))
        model._network = net
        return model

    def save(self, path: str | Path) -> None:
        """Write the trained network, its residues and its preprocessing to a safetensors file."""
        write_network(path, self.network, self._how)

    @property
    def network(self) -> PeptideNet:
        """The trained network.

        Raises
        ------
        ValueError
            Before `fit` or `load`.
        """
        net: PeptideNet | None = getattr(self, "_network", None)
        if net is None:
            raise ValueError("this model is not trained: call fit, or start from AdaNovo.load(path)")
        return net

    def fit(self, psms: Labelled, validation: Labelled | None = None) -> Self:
        """Train on labelled spectra.

        Parameters
        ----------
        psms : sequence of Spectrum, PreparedPSMs or SimulatedPSMs
        validation : the same, optional
            What to choose the weights by; without it a share of the peptides is held out.

        Returns
        -------
        AdaNovo
            Itself; ``history_`` tells the losses. Interrupted from the keyboard it keeps the best weights.

        Raises
        ------
        ValueError
            If the spectra cannot be used or the training diverges.
        """
        need("torch", "training on peptides", "PyTorch", "torch")
        from adami.applications.peptides._nets.learning import train
        from adami.applications.peptides._nets.network import PeptideNet
        from adami.estimators._nets.fit import Training, device_of, seeded
        from adami.training import CMIReweightedLoss

        loss = CMIReweightedLoss(self.s1, self.s2, detach_weights=self.detach_weights, reweight=self.reweight)
        source = self._labelled(psms)
        if source.tokens.shape[1] > self.max_length + 1:
            raise ValueError(
                f"a peptide has {source.tokens.shape[1] - 1} residues, and max_length={self.max_length}"
            )
        if validation is not None:
            other = self._labelled(validation)
            rows, held = np.arange(len(source)), (other, np.arange(len(other)))
        else:
            rows, rest = split_by_peptide(source, self.validation_share, self.random_state)
            held = (source, rest)
        with seeded(self.random_state):
            net = PeptideNet(self._shape(), self.residues).to(device_of(self.device))
        self.history_: History = train(
            net,
            source,
            rows,
            held if len(held[1]) else None,
            loss,
            steps=self.steps,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            weight_decay=self.weight_decay,
            schedule=self.schedule,
            clip=self.clip,
            ema=self.ema,
            every=self.every,
            training=Training(
                what=f"adanovo, {self.reweight}",
                device=self.device,
                random_state=self.random_state,
                progress=self.progress,
                checkpoint=None if self.checkpoint is None else Path(self.checkpoint),
                callback=self.callback,
            ),
        )
        self._network = net.cpu()
        return self

    def predict(
        self, spectra: Sequence[Spectrum], search: BeamSearch | None = None, batch_size: int = 64
    ) -> list[PeptidePrediction]:
        """Return the best peptide of each spectrum.

        Parameters
        ----------
        spectra : sequence of Spectrum
        search : BeamSearch, optional
        batch_size : int
            Spectra searched at once.
        """
        from adami.applications.peptides.predictions import prediction

        best = self.candidates(spectra, search, batch_size)
        words = self.network.words
        return [row[0] if row else prediction(None, s.charge, words) for row, s in zip(best, spectra)]

    def candidates(
        self, spectra: Sequence[Spectrum], search: BeamSearch | None = None, batch_size: int = 64
    ) -> list[list[PeptidePrediction]]:
        """Return up to ``search.top_match`` peptides of each spectrum, the best first, or none."""
        from adami.applications.peptides._nets.searching import sequence

        return sequence(
            self.network, spectra, self._how, search or BeamSearch(), batch_size, self.device, self.progress
        )

    def score(self, psms: Labelled, search: BeamSearch | None = None) -> dict[str, float]:
        """Return measures of quality on labelled spectra.

        Parameters
        ----------
        psms : sequence of Spectrum, or SimulatedPSMs
        search : BeamSearch, optional

        Returns
        -------
        dict of str to float
            Those of `peptide_metrics`; ``forced_accuracy`` and ``prior_accuracy``, the shares of tokens that
            the decoders with and without the spectrum would have written after the true ones before; and
            ``information``, the mean over tokens in nats.
        """
        from adami.applications.peptides.quality import peptide_metrics

        spectra = psms.spectra(self.random_state) if isinstance(psms, SimulatedPSMs) else psms
        if isinstance(spectra, PSMs):
            raise TypeError("peptides are read from spectra: give score a list of Spectrum")
        labelled = PreparedPSMs(spectra, self.network.words, self._how, self.max_length)
        found = self.predict(spectra, search)
        told = peptide_metrics(
            labelled.peptides, [f.tokens for f in found], [f.score for f in found], self.network.words
        )
        read = self._readings(labelled)
        for name, part in (
            ("forced_accuracy", "right"),
            ("prior_accuracy", "prior_right"),
            ("information", "information"),
        ):
            told[name] = float(np.concatenate([getattr(r, part) for r in read]).mean())
        return told

    def cmi(self, psms: Labelled) -> PSMInformation:
        """Return what spectra tell about their labels, residue by residue, to find labels that are wrong.

        Parameters
        ----------
        psms : sequence of Spectrum, PreparedPSMs or SimulatedPSMs
        """
        source = self._labelled(psms)
        return information_of(source, self._readings(source), self.network.words)

    @property
    def _how(self) -> Preprocessing:
        return self.preprocessing or Preprocessing(n_peaks=PEAKS)

    def _shape(self) -> Any:
        from adami.applications.peptides._nets.network import Shape

        return Shape(
            self.d_model,
            self.n_layers,
            self.n_prior_layers,
            self.n_heads,
            self.d_ff or 2 * self.d_model,
            self.dropout,
            self.norm,
            self.shortest_wave,
            self.intensity_width,
            self.prefix_mass,
            self.peak_lookup,
            self.leaky_prior,
            self._how.max_charge,
            self.max_length,
        )

    def _labelled(self, psms: Labelled) -> PSMs:
        if isinstance(psms, PSMs):
            return psms
        return PreparedPSMs(psms, Vocabulary(self.residues), self._how, self.max_length)

    def _readings(self, source: PSMs) -> list[Reading]:
        from adami.applications.peptides._nets.learning import readings
        from adami.estimators._nets.fit import device_of, one_thread

        net = self.network.to(device_of(self.device)).eval()
        with one_thread(self.device):
            return readings(net, source, np.arange(len(source)), self.random_state)
