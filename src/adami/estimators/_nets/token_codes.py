"""How long the code of a trained model is: trained once over a stream, or by a teacher's samples."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from adami.estimators._nets.checkpoints import load_tensors, save_tensors
from adami.estimators._nets.fit import TELL_EVERY, Training, device_of, one_thread
from adami.estimators._nets.token_learner import Learner, Recipe
from adami.estimators._nets.token_nets import sample

FILE = "codes.safetensors"
READ_ROWS = 1024
"""Rows of one pass where nothing is learnt."""
FIRST_RESET, RESET_GROWTH = 100, 1.5
"""Teacher steps of the first reset to the student, and by how much they grow."""
RECENT = 10
"""Batches whose mean loss a reset teacher has to regain."""


@dataclass(slots=True)
class Codes:
    """What one run over the stream has cost; all lengths in nats, summed over the tokens of a step.

    Parameters
    ----------
    losses : list of (tokens, nats)
        Of each batch of the stream, before the teacher learnt from it.
    messages : list of (tokens, nats)
        Of each batch of samples, the divergence of the student from the teacher before the student learnt.
    looks : list of (teacher steps, student steps, teacher's nats, student's nats)
        Nats a token of the averaged models on rows kept apart; without a student the teacher's stand twice.
    paused, alone : int
        Steps in which only the student learnt, or only the teacher after a reset.
    parameters : int
        Of one model.
    final_stream : float
        Nats of the whole stream under the averaged final teacher.
    """

    losses: list[tuple[int, float]] = field(default_factory=list)
    messages: list[tuple[int, float]] = field(default_factory=list)
    looks: list[tuple[int, int, float, float]] = field(default_factory=list)
    paused: int = 0
    alone: int = 0
    parameters: int = 0
    final_stream: float = 0.0


def train(
    network: nn.Module,
    stream: tuple[np.ndarray, np.ndarray | None],
    apart: tuple[np.ndarray, np.ndarray | None],
    looks: int,
    recipe: Recipe,
    training: Training,
) -> Codes:
    """Train over a stream in its order, and write down what each step costs.

    Parameters
    ----------
    network : torch.nn.Module
        The teacher; the student starts as its copy.
    stream, apart : (tokens, given)
        Rows to learn from, and rows to read the averaged models on.
    looks : int
        How often they are read, at evenly growing steps.
    recipe : Recipe
    training : Training

    Raises
    ------
    ValueError
        If the loss is not finite, or the teacher has paused in more than nine of ten steps.
    """
    with one_thread(training.device):
        run = _Run(network, stream, apart, looks, recipe, training)
        return run.through()


class _Run:
    def __init__(
        self,
        network: nn.Module,
        stream: tuple[np.ndarray, np.ndarray | None],
        apart: tuple[np.ndarray, np.ndarray | None],
        looks: int,
        recipe: Recipe,
        training: Training,
    ) -> None:
        self.device = device_of(training.device)
        self.recipe, self.how = recipe, training
        self.tokens, self.given = self._held(stream)
        self.apart = self._held(apart)
        network = network.to(self.device).train()
        self.teacher = Learner(network, recipe)
        self.student = Learner(copy.deepcopy(network), recipe) if recipe.requential else None
        self.generator = torch.Generator().manual_seed(training.random_state)
        self.codes = Codes(parameters=sum(p.numel() for p in network.parameters()))
        self.batches = math.ceil(len(self.tokens) / recipe.batch_size)
        self.total = recipe.epochs * self.batches
        self.read_at = {round(v) for v in np.geomspace(1, self.total, min(looks, self.total))} | {self.total}
        self.next_reset = FIRST_RESET
        self.goal: float | None = None
        self.since = 0

    def _held(self, rows: tuple[np.ndarray, np.ndarray | None]) -> tuple[Tensor, Tensor | None]:
        tokens, given = (
            None if v is None else torch.as_tensor(v, dtype=torch.int64, device=self.device) for v in rows
        )
        assert tokens is not None
        return tokens, given

    def through(self) -> Codes:
        store = None if self.how.checkpoint is None else Path(self.how.checkpoint) / FILE
        if store is not None and store.exists():
            self._resume(store)
        while self.teacher.steps < self.total:
            before = self.teacher.steps
            self._step()
            if self.teacher.steps == before:
                continue
            if self.teacher.steps in self.read_at:
                self._look()
                if store is not None:
                    self._save(store)
            if self.how.progress is not None and (
                not self.teacher.steps % TELL_EVERY or self.teacher.steps == self.total
            ):
                self.how.progress(self.teacher.steps, self.total, self.how.what)
        self.codes.final_stream = self._read(self.teacher, self.tokens, self.given)
        return self.codes

    def _step(self) -> None:
        recipe, codes = self.recipe, self.codes
        place = self.teacher.steps % self.batches * recipe.batch_size
        tokens = self.tokens[place : place + recipe.batch_size]
        given = None if self.given is None else self.given[place : place + recipe.batch_size]
        if self._may_teach():
            loss = _summed(self.teacher.network(given, tokens), tokens)
            told = float(loss.detach())
            if not math.isfinite(told):
                raise ValueError(
                    f"{self.how.what}: training diverged at step {self.teacher.steps + 1} (the loss is "
                    f"{told}); lower learning_rate (it is {recipe.learning_rate:g})"
                )
            codes.losses.append((tokens.numel(), told))
            self.teacher.learn(loss / tokens.numel())
        else:
            codes.paused += 1
            if codes.paused > 9 * self.total:
                raise ValueError(
                    f"{self.how.what}: max_kl={recipe.max_kl} has paused the teacher in more than 90 % of "
                    "the steps; raise max_kl, or lower learning_rate or ema"
                )
        if self.student is not None and not self._alone():
            self._send(given, *tokens.shape)

    def _may_teach(self) -> bool:
        cap = self.recipe.max_kl
        if self.student is None or self.recipe.control != "max_kl" or cap is None or not self.codes.messages:
            return True
        tokens, nats = self.codes.messages[-1]
        return nats <= cap * tokens

    def _alone(self) -> bool:
        """Whether the teacher, reset to the student a while ago, still regains the loss that it had."""
        if self.recipe.control != "iso_loss" or self.student is None:
            return False
        recent = self.codes.losses[-RECENT:]
        mean = sum(nats for _, nats in recent) / sum(tokens for tokens, _ in recent)
        if self.goal is None and self.teacher.steps >= self.next_reset:
            self.next_reset = math.ceil(self.next_reset * RESET_GROWTH)
            self.goal, self.since = mean, self.teacher.steps
            self.teacher.become(self.student)
        if self.goal is None:
            return False
        if self.teacher.steps - self.since >= RECENT and mean <= self.goal:
            self.goal = None
            return False
        self.codes.alone += 1
        return True

    def _send(self, given: Tensor | None, rows: int, length: int) -> None:
        """Let the student learn from the teacher's samples, once their code length is written down."""
        assert self.student is not None
        dice = torch.rand(rows, length, generator=self.generator).to(self.device)
        with self.teacher.average.in_place():
            drawn, taught = sample(self.teacher.network, given, rows, length, dice)
        guessed = self.student.network(given, drawn)
        told = torch.log_softmax(taught, dim=-1)
        with torch.no_grad():
            gap = (told.exp() * (told - torch.log_softmax(guessed, dim=-1))).sum()
        # rounding may leave a divergence of equal laws a hair below zero
        self.codes.messages.append((drawn.numel(), max(float(gap), 0.0)))
        self.student.learn(_summed(guessed, drawn) / drawn.numel())

    def _look(self) -> None:
        tokens, given = self.apart
        taught = self._read(self.teacher, tokens, given) / tokens.numel()
        learnt = taught if self.student is None else self._read(self.student, tokens, given) / tokens.numel()
        if not math.isfinite(taught + learnt):
            raise ValueError(f"{self.how.what}: the loss on rows kept apart is {learnt}; lower learning_rate")
        self.codes.looks.append((self.teacher.steps, len(self.codes.messages), taught, learnt))
        if self.how.callback is not None:
            self.how.callback(self.teacher.steps, {"loss": learnt, "teacher_loss": taught})

    def _read(self, learner: Learner, tokens: Tensor, given: Tensor | None) -> float:
        """Return the nats of rows under a learner's averaged weights."""
        summed = 0.0
        learner.network.eval()
        with torch.no_grad(), learner.average.in_place():
            for i in range(0, len(tokens), READ_ROWS):
                part = tokens[i : i + READ_ROWS]
                told = None if given is None else given[i : i + READ_ROWS]
                summed += float(_summed(learner.network(told, part), part))
        learner.network.train()
        return summed

    # -- on disk -----------------------------------------------------------------------------------------

    def _settings(self) -> dict[str, object]:
        r = self.recipe
        named = (r.requential, r.learning_rate, r.warmup, r.batch_size, r.ema, r.max_kl, r.control, r.epochs)
        data = [*self.tokens.shape, int(self.tokens.sum()), self.how.random_state, self.codes.parameters]
        return {"recipe": [str(v) for v in named], "data": data}

    def _save(self, path: Path) -> None:
        tensors = self.teacher.tensors("teacher") | {"generator": self.generator.get_state()}
        if self.student is not None:
            tensors |= self.student.tensors("student")
        c = self.codes
        told = {"losses": c.losses, "messages": c.messages, "looks": c.looks}
        counts = [c.paused, c.alone, self.next_reset, self.goal, self.since]
        save_tensors(path, tensors, {"settings": self._settings(), "codes": told, "counts": counts})

    def _resume(self, path: Path) -> None:
        tensors, told = load_tensors(path)
        if told.get("settings") != self._settings():
            raise ValueError(
                f"{path} belongs to a training of another recipe or other data; use another folder for "
                "checkpoint="
            )
        self.teacher.restore("teacher", tensors)
        if self.student is not None:
            self.student.restore("student", tensors)
        self.generator.set_state(tensors["generator"])
        for name, rows in told["codes"].items():
            setattr(self.codes, name, [tuple(row) for row in rows])
        self.codes.paused, self.codes.alone, self.next_reset, self.goal, self.since = told["counts"]


def _summed(logits: Tensor, tokens: Tensor) -> Tensor:
    return nn.functional.cross_entropy(logits.flatten(0, 1), tokens.flatten(), reduction="sum")
