"""The contestants: every estimator of mutual information in adami, and peers in processes of their own."""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from adami.estimators import get
from adami.estimators._base import Estimator
from adami.estimators.registry import names
from benchmarks._estimators_worker import PEERS

WORKER = Path(__file__).with_name("_estimators_worker.py")
PLAIN = ("auto", "gaussian", "gaussian_copula", "student_copula", "ksg", "lnc", "mixed_ksg")
"""Shown first, in this order."""
LEARNED = ("mist", "lmi", "doe", "infonce", "nwj", "smile", "mine", "minde", "info_diffusion", "soi")
"""Train a network, or carry one."""
Answer = dict[str, Any]


class Contestant(Protocol):
    """Something that measures."""

    version: str

    def measure(self, x: np.ndarray, y: np.ndarray) -> Answer:
        """Return the value or the refusal, the interval and p-value where there are any, and CPU-seconds."""


def ours() -> list[str]:
    """Return the names of adami's estimators of mutual information, classical ones first."""
    offered = [n for n in names() if _measures_information(get(n))]
    classical = [n for n in offered if n not in PLAIN and n not in LEARNED]
    return [*PLAIN, *classical, *LEARNED]


def _measures_information(made: Estimator) -> bool:
    return made.measure == "shannon" and type(made)._information is not Estimator._information


class Ours:
    """An estimator of adami, as it comes."""

    def __init__(self, name: str) -> None:
        from adami import __version__

        self.name, self.version = name, f"adami {__version__}"
        if name in LEARNED:
            import torch

            torch.set_num_threads(1)
            self.version += f", torch {torch.__version__}"
        else:
            # compiled loops are loaded at the first call, which is no part of measuring
            x, noise = np.random.default_rng(0).standard_normal((2, 100, 2))
            self.measure(x, x + noise)

    def measure(self, x: np.ndarray, y: np.ndarray) -> Answer:
        """Return what the estimator says of the rows."""
        made = get(self.name)
        started = time.process_time()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                found = made.estimate(x, y)
        except (TypeError, ValueError) as error:
            reason = _short(f"{type(error).__name__}: {error}")
            return {"refused": reason, "seconds": time.process_time() - started}
        seconds = time.process_time() - started
        if not math.isfinite(found.value):
            return {"refused": f"answers {found.value}", "seconds": seconds}
        told: Answer = {"value": found.value, "seconds": seconds}
        if found.interval is not None:
            told["interval"] = list(found.interval)
        if found.p_value is not None:
            told["p_value"] = found.p_value
        return told


def _short(reason: str) -> str:
    """Return the beginning of a refusal, with columns of one side named once."""
    return re.sub(r"\b([xy])\d+(?:, \1\d+)*", r"\1", reason)[:200]


class Peer:
    """A peer, asked through the worker."""

    def __init__(self, process: subprocess.Popen[str], version: str, folder: Path) -> None:
        self.process, self.version, self.folder = process, version, folder

    def measure(self, x: np.ndarray, y: np.ndarray) -> Answer:
        """Return what the peer says of the rows."""
        path = self.folder / "rows.npz"
        np.savez(path, x=x, y=y)
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{path}\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            return {"refused": "the process ended", "seconds": 0.0}
        told: Answer = json.loads(line)
        return told


@contextmanager
def contestant(name: str, interpreters: Sequence[str]) -> Iterator[Contestant | str]:
    """Make a contestant ready; a text says why it is not there."""
    if name not in PEERS:
        try:
            made: Contestant | str = Ours(name)
        except ImportError as error:
            made = str(error)
        yield made
        return
    told = ""
    for python in dict.fromkeys([sys.executable, *interpreters]):
        command = [python, str(WORKER), name]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        with (
            tempfile.TemporaryDirectory() as folder,
            subprocess.Popen(command, text=True, **pipes) as process,
        ):
            assert process.stdin is not None
            assert process.stdout is not None
            line = process.stdout.readline()
            first = json.loads(line) if line else {"missing": "the process ended"}
            if "ready" in first:
                try:
                    yield Peer(process, first["ready"], Path(folder))
                finally:
                    process.stdin.close()
                return
            told = told or first["missing"]
    yield told
