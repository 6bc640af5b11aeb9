"""adami channel: what summaries tell about their contexts, from stored log-probabilities."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from adami.cli import _options as o
from adami.cli._session import command, out_console, print_json

if TYPE_CHECKING:
    import numpy as np


class Marginal(StrEnum):
    """How the law of summaries over all contexts is made."""

    both = "both"
    leave_in = "leave_in"
    leave_one_out = "leave_one_out"


@command
def channel(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="SCORES.npz",
            help="NumPy's archive with 'scores' of shape (contexts, samples, contexts), the log-probability "
            "in nats of each summary under each context; optionally 'lengths' of shape (contexts, samples), "
            "in tokens.",
            show_default=False,
        ),
    ],
    marginal: Annotated[
        Marginal, typer.Option("--marginal", help="With the own context, without it, or both as a bracket.")
    ] = Marginal.both,
    clip: Annotated[bool, typer.Option("--clip", help="Show 0 for a negative value.")] = False,
    confidence: o.Confidence = 0.95,
    seed: o.Seed = 0,
    bits: o.Bits = False,
    as_json: o.Json = False,
    quiet: o.Quiet = False,
    debug: o.Debug = False,
) -> None:
    """Measure what summaries tell about their contexts, from the log-probabilities of a language model.

    Example: adami channel scores.npz --bits
    """
    scores, lengths = _read(file)
    from adami.estimators import ChannelMI

    found = ChannelMI(
        marginal=marginal.value, clip=clip, confidence=confidence, random_state=seed
    ).from_scores(scores, lengths)
    if as_json:
        print_json(found.to_dict())
        return
    if quiet:
        print(f"{found.bits if bits else found.value:.6g}")
        return
    from adami.cli._show import show_estimate
    from adami.result import LN2

    console = out_console()
    show_estimate(console, found, ["contexts"], "summaries", [], bits)
    unit, name = (LN2, "bits") if bits else (1.0, "nats")
    inside, outside = found.details["bracket"]
    console.print(f"with and without the own context: {inside / unit:.4f} and {outside / unit:.4f} {name}")
    if found.details["extrapolated"] is not None:
        console.print(f"at infinitely many contexts: {found.details['extrapolated'] / unit:.4f} {name}")
    console.print(f"most that so many contexts can show: {found.details['cap'] / unit:.4f} {name}")
    if "tokens" in found.details:
        rate = found.details["nats_per_token"] / unit
        console.print(f"{rate:.4f} {name} a token, {found.details['tokens']:.1f} tokens a summary")


def _read(file: Path) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the arrays of an archive; an archive with Python objects is refused, they could run code."""
    import zipfile

    import numpy as np

    if not file.exists():
        raise FileNotFoundError(f"there is no file {file}")
    if not zipfile.is_zipfile(file):
        raise ValueError(
            f"{file} is no NumPy archive; write it with numpy.savez(file, scores=..., lengths=...)"
        )
    with np.load(file, allow_pickle=False) as stored:
        if "scores" not in stored:
            raise ValueError(f"{file} holds {', '.join(stored.files) or 'nothing'}, and no array 'scores'")
        return stored["scores"], stored.get("lengths")
