"""What the estimators that train a network share: where they run, what they tell, where they go on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from adami.estimators._base import Estimator
from adami.estimators._common import normal_scores, rank_transform, standardized, varying
from adami.variables import Variable

if TYPE_CHECKING:
    from adami.estimators._nets.fit import Training

Progress = Callable[[int, int, str], None] | None
"""Called with steps done, steps in all, and what is being trained."""
Callback = Callable[[int, Mapping[str, float]], None] | None
"""Called with a step and named numbers: curves, TensorBoard, MLflow."""
Transform = Literal["none", "standardize", "rank", "normal_score"]
TRANSFORMS: tuple[Transform, ...] = ("none", "standardize", "rank", "normal_score")


class NeuralEstimator(Estimator):
    """Base of the estimators that train a network; a member's ``__init__`` stores these parameters as given.

    Parameters
    ----------
    device : str
        ``"auto"`` (an accelerator where there is one), ``"cpu"``, ``"cuda"``, ...
    random_state : int
        Seed of weights, batches and halves.
    progress : callable(done, total, what), optional
    checkpoint : str or Path, optional
        Folder; a training that was cut off goes on from what is there.
    callback : callable(step, numbers), optional
        Receives the named numbers of every validation.
    """

    device: str
    random_state: int
    progress: Progress
    checkpoint: str | Path | None
    callback: Callback

    def _training(self, tag: str = "training") -> Training:
        """Return where and how this estimator trains; `tag` tells its several trainings apart."""
        from adami.estimators._nets.fit import Training

        return Training(
            what=f"{self.name}: {tag}",
            device=self.device,
            random_state=self.random_state,
            progress=self.progress,
            checkpoint=None if self.checkpoint is None else Path(self.checkpoint) / f"{self.name}-{tag}",
            callback=self.callback,
        )


def continuous_block(v: Variable, transform: Transform = "standardize") -> np.ndarray:
    """Return the columns of a variable that vary, on a common scale.

    Parameters
    ----------
    v : Variable
    transform : {"standardize", "none", "rank", "normal_score"}
        Zero mean and unit deviation; as they are; ranks over n + 1; normal scores of those ranks. All of them
        are invertible column by column and leave the information as it is.

    Returns
    -------
    numpy.ndarray of shape (n, d), float64

    Raises
    ------
    TypeError
        If the variable has labels.
    ValueError
        If every column is constant, or the transform is unknown.
    """
    if transform not in TRANSFORMS:
        raise ValueError(f"transform={transform!r}: choose one of {', '.join(TRANSFORMS)}")
    if v.codes is not None and v.n_levels > 1:
        raise TypeError(
            f"{v} has labels, and this method takes numbers; use method='auto', or kinds='continuous' where "
            "the labels are whole numbers that mean amounts"
        )
    numbers = varying(v)
    if not numbers.shape[1]:
        raise ValueError(f"{v} is constant: it tells nothing; leave it out")
    if transform == "none":
        return numbers
    if transform == "standardize":
        return standardized(numbers)
    if transform == "normal_score":
        return normal_scores(numbers)
    return rank_transform(numbers)
