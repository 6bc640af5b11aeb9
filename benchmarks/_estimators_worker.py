"""One peer in an interpreter of its own: reads files of rows, answers with one JSON line each.

``python benchmarks/_estimators_worker.py NAME``; the first line says the package and its version, or what is
missing.
"""

from __future__ import annotations

import importlib.metadata
import json
import math
import os
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

# this folder's modules have names that other packages use too
sys.path = [p for p in sys.path if os.path.abspath(p or ".") != os.path.dirname(os.path.abspath(__file__))]

import numpy as np  # noqa: E402

Estimate = Callable[[np.ndarray, np.ndarray], float]


def _sklearn() -> Estimate:
    from sklearn.feature_selection import mutual_info_regression

    def run(x: np.ndarray, y: np.ndarray) -> float:
        _one_by_one(x, y)
        return float(mutual_info_regression(x, y[:, 0], random_state=0)[0])

    return run


def _ennemi() -> Estimate:
    import ennemi

    def run(x: np.ndarray, y: np.ndarray) -> float:
        _one_by_one(x, y)
        return float(ennemi.estimate_mi(y[:, 0], x[:, 0], max_threads=1)[0, 0])

    return run


def _infomeasure() -> Estimate:
    import infomeasure

    return lambda x, y: float(infomeasure.mutual_information(x, y, approach="ksg"))


def _latentmi() -> Estimate:
    import torch
    from latentmi import lmi

    torch.set_num_threads(1)

    def run(x: np.ndarray, y: np.ndarray) -> float:
        torch.manual_seed(0)
        np.random.seed(0)  # noqa: NPY002 - the package draws from the global generator
        pointwise = lmi.estimate(x, y, quiet=True)[0]
        return float(np.nanmean(pointwise)) * math.log(2)

    return run


def _bmi(name: str, **settings: Any) -> Callable[[], Estimate]:
    def load() -> Estimate:
        import bmi.estimators

        made = getattr(bmi.estimators, name)
        return lambda x, y: float(made(**settings).estimate(x, y))

    return load


def _one_by_one(x: np.ndarray, y: np.ndarray) -> None:
    if x.shape[1] != 1 or y.shape[1] != 1:
        raise ValueError("measures one column against one")


PEERS: dict[str, tuple[str, Callable[[], Estimate]]] = {
    "scikit-learn, KSG": ("scikit-learn", _sklearn),
    "ennemi": ("ennemi", _ennemi),
    "infomeasure, KSG": ("infomeasure", _infomeasure),
    "bmi, KSG": ("benchmark-mi", _bmi("KSGEnsembleFirstEstimator")),
    "bmi, CCA": ("benchmark-mi", _bmi("CCAMutualInformationEstimator")),
    "bmi, InfoNCE": ("benchmark-mi", _bmi("InfoNCEEstimator", verbose=False)),
    "bmi, NWJ": ("benchmark-mi", _bmi("NWJEstimator", verbose=False)),
    "bmi, MINE": ("benchmark-mi", _bmi("MINEEstimator", verbose=False)),
    "bmi, Donsker-Varadhan": ("benchmark-mi", _bmi("DonskerVaradhanEstimator", verbose=False)),
    "latentmi": ("latentmi", _latentmi),
}
"""Contestant -> its distribution, and what loads it."""


def answer(run: Estimate, x: np.ndarray, y: np.ndarray) -> dict[str, Any]:
    """Return what a peer says of the rows, or why it says nothing, with its CPU-seconds."""
    started = time.process_time()
    try:
        if x.dtype.kind not in "fiu" or y.dtype.kind not in "fiu":
            raise TypeError("takes numbers")
        value = run(x, y)
        told: dict[str, Any] = {"value": value} if math.isfinite(value) else {"refused": f"answers {value}"}
    except Exception as error:  # noqa: BLE001 - a peer's failure of any kind is a result
        told = {"refused": f"{type(error).__name__}: {error}"[:200]}
    return {**told, "seconds": time.process_time() - started}


def main() -> None:
    """Answer until there are no more lines."""
    warnings.simplefilter("ignore")
    out, sys.stdout = sys.stdout, sys.stderr
    distribution, load = PEERS[sys.argv[1]]
    try:
        run = load()
        ready = {"ready": f"{distribution} {importlib.metadata.version(distribution)}"}
    except Exception as error:  # noqa: BLE001 - whatever keeps a peer from loading, it is not there
        print(json.dumps({"missing": f"{type(error).__name__}: {error}"[:200]}), file=out, flush=True)
        return
    print(json.dumps(ready), file=out, flush=True)
    for line in sys.stdin:
        with np.load(line.strip(), allow_pickle=False) as rows:
            x, y = rows["x"], rows["y"]
        print(json.dumps(answer(run, x, y)), file=out, flush=True)


if __name__ == "__main__":
    main()
