"""The tasks by name; each is made when it is asked for."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from functools import cache, partial

from adami.tasks import _additive, _discrete, _gaussian, _images, _maps, _mixed, _mixtures, _student
from adami.tasks.task import Task

Maker = Callable[[], Task]


def _of(transform: Callable[[Task], Task], base: Maker) -> Maker:
    return lambda: transform(base())


def _benchmark() -> dict[str, Maker]:
    normal: Maker = _gaussian.bivariate
    uniform = _of(_maps.normal_cdf, normal)
    cauchy: Maker = partial(_student.identity, 1, 1, 1)
    made: dict[str, Maker] = {
        "1v1-normal-0.75": normal,
        "normal_cdf-1v1-normal-0.75": uniform,
        "1v1-additive-0.1": partial(_additive.additive_uniform, 0.1),
        "1v1-additive-0.75": partial(_additive.additive_uniform, 0.75),
        "bimodal-1v1-normal-0.75": _of(_maps.bimodal, normal),
        "wiggly-1v1-normal-0.75": _of(_maps.wiggly, normal),
        "half_cube-1v1-normal-0.75": _of(_maps.half_cube, normal),
        "student-identity-1-1-1": cauchy,
        "asinh-student-identity-1-1-1": _of(_maps.asinh, cauchy),
        "swissroll_x-normal_cdf-1v1-normal-0.75": _of(_maps.swissroll, uniform),
    }
    for d in (2, 3, 5, 25, 50):
        made[f"multinormal-dense-{d}-{d}-0.5"] = partial(_gaussian.dense, d, d)
    for d in (2, 3, 5, 25):
        made[f"multinormal-sparse-{d}-{d}-2-2.0"] = partial(_gaussian.sparse, d, d)
    for d, df in ((2, 1), (2, 2), (3, 2), (3, 3), (5, 2), (5, 3)):
        made[f"student-identity-{d}-{d}-{df}"] = partial(_student.identity, d, d, df)
    for prefix, transform in (
        ("normal_cdf", _maps.normal_cdf),
        ("half_cube", _maps.half_cube),
        ("spiral", _maps.spiral),
    ):
        for d in (3, 5, 25):
            base = f"multinormal-sparse-{d}-{d}-2-2.0"
            made[f"{prefix}-{base}"] = _of(transform, made[base])
    for d in (3, 5, 25):
        base = f"normal_cdf-multinormal-sparse-{d}-{d}-2-2.0"
        made[f"spiral-{base}"] = _of(_maps.spiral, made[base])
    for d, df in ((2, 1), (3, 2), (5, 2)):
        base = f"student-identity-{d}-{d}-{df}"
        made[f"asinh-{base}"] = _of(_maps.asinh, made[base])
    return made


def _further() -> dict[str, Maker]:
    return {
        "heteroscedastic-sine": _additive.heteroscedastic,
        "parabola-0.5": _additive.parabola,
        "mixture-cross-0.9": _mixtures.cross,
        "mixture-islands": _mixtures.islands,
        "ring-0.2": _mixtures.ring,
        "student-dense-2-2-3-0.5": partial(_student.dense, 2, 2, 3),
        "student-sparse-3-3-2-2-2.0": partial(_student.sparse, 3, 3, 2),
        "discrete-binary-symmetric-0.1": _discrete.binary_symmetric,
        "discrete-noisy-copy-12-0.4": _discrete.noisy_copy,
        "discrete-independent-4-6": _discrete.independent,
        "mixed-shifted-uniform-5": _mixed.shifted_uniform,
        "mixed-label-gaussian-3-1": _mixed.label_gaussian,
        "mixed-label-gaussian-3-4": partial(_mixed.label_gaussian, dim=4),
        "mixed-zero-inflated-poisson-0.15": _mixed.zero_inflated_poisson,
        "mixed-half-atoms-0.9": _mixed.half_atoms,
        **{
            f"image-{kind}-16-{information}": partial(paint, information)
            for kind, paint in (("bumps", _images.bumps), ("rectangles", _images.rectangles))
            for information in (0, 1, 2, 4)
        },
    }


BENCHMARK: tuple[str, ...] = tuple(_benchmark())
"""Names of the 40 tasks of Czyż et al., "Beyond normal: on the evaluation of mutual information
estimators" (2023)."""

_MAKERS: dict[str, Maker] = {**_benchmark(), **_further()}


def names(filter: str | Callable[[Task], bool] | None = None) -> list[str]:
    """Return the names of the tasks.

    Parameters
    ----------
    filter : str or callable, optional
        Part of the name, or ``filter(task) -> bool``; "benchmark" gives the 40 published tasks.

    Examples
    --------
    >>> from adami import tasks
    >>> tasks.names("zero-inflated")
    ['mixed-zero-inflated-poisson-0.15']
    >>> len(tasks.names("benchmark"))
    40
    """
    if filter is None:
        return list(_MAKERS)
    if filter == "benchmark":
        return list(BENCHMARK)
    if isinstance(filter, str):
        return [name for name in _MAKERS if filter in name]
    return [name for name in _MAKERS if filter(get(name))]


@cache
def get(name: str) -> Task:
    """Return a task by name.

    Parameters
    ----------
    name : str
        One of `names`.

    Raises
    ------
    ValueError
        If there is none of that name; near spellings are offered.

    Examples
    --------
    >>> from adami import tasks
    >>> round(tasks.get("1v1-additive-0.1").mi, 4)
    1.7094
    """
    if name not in _MAKERS:
        near = difflib.get_close_matches(name, _MAKERS, n=3)
        hint = f"did you mean {' or '.join(map(repr, near))}?" if near else "see adami.tasks.names()"
        raise ValueError(f"unknown task {name!r}: {hint}")
    return _MAKERS[name]()
