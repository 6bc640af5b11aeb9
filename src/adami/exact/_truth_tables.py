"""Tables of truth values: their checks, and means of information that may be -inf."""

from __future__ import annotations

from typing import Any

from adami.exact._arrays import Array, first_index, floats
from adami.exact.pmf import as_pmf, rounding


def checked_truth(truth: Any, prior: Any, *, rescale: bool) -> tuple[Array, Array, Array]:
    """Return truth values, prior and logical probabilities after checking them."""
    xp, values, law = floats(truth, prior, name="truth and prior")
    law = as_pmf(law, name="prior")
    if values.ndim != 2 or law.ndim != 1 or values.shape[0] != law.shape[0] or 0 in values.shape:
        raise ValueError(
            f"truth has shape {tuple(values.shape)} and prior {tuple(law.shape)}: truth has one row for "
            "each instance of the prior and one column for each label"
        )
    slack = rounding(xp, values)
    wrong = ~((values >= 0) & (values <= 1 + slack))
    if bool(xp.any(wrong)):
        row, column = first_index(xp, wrong)
        raise ValueError(
            f"truth[{row}, {column}] is {float(values[row, column]):.6g}: truth values lie between 0 and 1"
        )
    top = xp.max(values, axis=0)
    if rescale:
        if bool(xp.any(top <= 0)):
            at = first_index(xp, top <= 0)[0]
            raise ValueError(f"label {at} is true nowhere: leave its column out")
        values = values / top[None, :]
    elif bool(xp.any(top < 1 - slack)):
        at = first_index(xp, top < 1 - slack)[0]
        raise ValueError(
            f"the truth of label {at} never exceeds {float(top[at]):.6g}: logical probability needs a "
            "truth that reaches 1; divide the column by its maximum, or pass rescale=True"
        )
    logical = law @ values
    if bool(xp.any(logical <= 0)):
        at = first_index(xp, logical <= 0)[0]
        raise ValueError(
            f"label {at} has logical probability 0: it is true only where the prior has no mass; "
            "leave its column out or give those instances mass"
        )
    return values, law, logical


def expected_information(laws: Array, values: Array) -> Array:
    """Return the mean of each column of `values` under each row of `laws`.

    It is -inf where a law has mass on an instance whose value is -inf, and only there.
    """
    xp, finite, masks = _parted(values)
    means = laws @ finite
    return xp.where(laws @ masks > 0, xp.zeros_like(means) - xp.inf, means)


def label_means(laws: Array, values: Array) -> Array:
    """Return the mean of column `y` of `values` under row `y` of `laws`."""
    xp, finite, masks = _parted(values)
    flipped = xp.permute_dims(laws, (1, 0))
    means = xp.sum(flipped * finite, axis=0)
    return xp.where(xp.sum(flipped * masks, axis=0) > 0, xp.zeros_like(means) - xp.inf, means)


def _parted(values: Array) -> tuple[Any, Array, Array]:
    xp = floats(values)[0]
    ruled_out = values == -xp.inf
    finite = xp.where(ruled_out, xp.zeros_like(values), values)
    return xp, finite, xp.astype(ruled_out, finite.dtype)
