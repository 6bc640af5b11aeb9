"""Short names of the estimators, and the file that holds each."""

from __future__ import annotations

import difflib
from importlib import import_module
from typing import Any

from adami._parallel import n_workers
from adami.estimators._base import Estimator

CLASSES: dict[str, tuple[str, str]] = {
    "auto": ("auto", "Auto"),
    "chao_shen": ("chao_shen", "ChaoShen"),
    "coding_rate": ("coding_rates", "CodingRate"),
    "cs_qmi": ("cauchy_schwarz", "CSQMI"),
    "doe": ("difference_of_entropies", "DifferenceOfEntropies"),
    "dse": ("spectral_entropy", "DSE"),
    "dsmi": ("spectral_information", "DSMI"),
    "frenzel_pompe": ("frenzel_pompe", "FrenzelPompe"),
    "gaussian": ("gaussian", "Gaussian"),
    "gaussian_copula": ("gaussian_copula", "GaussianCopula"),
    "generative": ("generative", "Generative"),
    "grassberger": ("grassberger", "Grassberger"),
    "info_diffusion": ("information_maps", "InfoDiffusion"),
    "infonce": ("infonce", "InfoNCE"),
    "jackknife": ("jackknife", "Jackknife"),
    "kde": ("kde_entropy", "KDEEntropy"),
    "kl": ("kozachenko_leonenko", "KozachenkoLeonenko"),
    "ksg": ("ksg", "KSG"),
    "lmi": ("latent", "LMI"),
    "lnc": ("lnc", "LNC"),
    "lossy": ("lossy", "LossyMI"),
    "mesner_shalizi": ("mesner_shalizi", "MesnerShalizi"),
    "miller_madow": ("miller_madow", "MillerMadow"),
    "minde": ("minde", "MINDE"),
    "mine": ("mine", "MINE"),
    "mist": ("mist", "MIST"),
    "mixed_ksg": ("mixed_ksg", "MixedKSG"),
    "nsb": ("nsb", "NSB"),
    "nwj": ("nwj", "NWJ"),
    "plugin": ("plugin", "Plugin"),
    "ross": ("ross", "Ross"),
    "shrinkage": ("shrinkage", "Shrinkage"),
    "smile": ("smile", "SMILE"),
    "soi": ("score_o_information", "ScoreOInformation"),
    "student_copula": ("student_copula", "StudentCopula"),
    "wasserstein": ("wasserstein", "WassersteinDependency"),
    "weighted_kl": ("weighted_kl", "WeightedKL"),
}
"""Short name -> (module, class)."""


def names() -> list[str]:
    """Return the short names of all estimators."""
    return sorted(CLASSES)


def configured(method: str | Estimator, *, random_state: int | None = 0, n_jobs: int | None = 1) -> Estimator:
    """Return an estimator by name with the caller's seed and threads; an estimator object keeps its own.

    Parameters
    ----------
    method : str or Estimator
    random_state : int or None
    n_jobs : int or None
        Threads; checked here, so that a bad number is refused by every method alike.
    """
    n_workers(n_jobs)
    made = get(method)
    if isinstance(method, Estimator):
        return made
    known = made.get_params(deep=False)
    wanted = {"random_state": random_state, "n_jobs": n_jobs}
    return made.set_params(**{name: value for name, value in wanted.items() if name in known})


def get(method: str | Estimator, **parameters: Any) -> Estimator:
    """Return an estimator by its short name; an estimator is returned as it is.

    Parameters
    ----------
    method : str or Estimator
    **parameters
        Passed to the constructor, with a name only.

    Raises
    ------
    ValueError
        If there is no method of that name; near spellings are offered.

    Examples
    --------
    >>> from adami.estimators import get
    >>> get("ksg", k=5)
    KSG(k=5)
    """
    if isinstance(method, Estimator):
        if parameters:
            raise ValueError("parameters belong to the estimator object itself when one is given")
        return method
    if not isinstance(method, str):
        raise TypeError(f"method must be a name or an estimator object, got {type(method).__name__}")
    if method not in CLASSES:
        near = difflib.get_close_matches(method, CLASSES, n=2)
        hint = (
            f"did you mean {' or '.join(map(repr, near))}?" if near else f"choose one of {', '.join(names())}"
        )
        raise ValueError(f"unknown method {method!r}: {hint}")
    module, cls = CLASSES[method]
    made: Estimator = getattr(import_module(f"adami.estimators.{module}"), cls)(**parameters)
    return made
