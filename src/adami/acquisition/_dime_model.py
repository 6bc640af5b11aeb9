"""How a model of DIME is trained, stored and read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from adami.acquisition._dime_rows import Layout
from adami.acquisition._selector import Selector
from adami.acquisition._stored import read_state, write_state

if TYPE_CHECKING:
    from adami.acquisition._nets.selection import SelectionNets
    from adami.acquisition.dime import DIMEClassifier

M = TypeVar("M", bound="DIMEClassifier")
KIND = "adami.acquisition.DIMEClassifier"
MOST_SELECTED = 50
"""Units that are selected in training where nothing else is said."""


def train_selector(
    model: DIMEClassifier,
    rows: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
    layout: Layout,
    learn: np.ndarray,
    check: np.ndarray,
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Return the weights of both networks, and what the training saw.

    Parameters
    ----------
    model : DIMEClassifier
        Its parameters are the settings.
    rows : tuple of arrays
        Standardised columns, classes, what is known beforehand, units that can be asked for.
    layout : Layout
    learn, check : arrays of int
        Numbers of rows.
    """
    from adami.acquisition._nets.selection import SelectionNets, plain_layers
    from adami.acquisition._nets.selection_training import Rows, SelectionPlan, train
    from adami.estimators._nets.fit import device_of

    x, y, prior, available = rows
    plan = SelectionPlan(
        max_features=model.max_features or min(layout.n_units, MOST_SELECTED),
        eps=model.eps,
        eps_decays=model.eps_decays,
        learning_rate=model.learning_rate,
        batch_size=model.batch_size,
        pretraining_steps=model.pretraining_steps,
        steps=model.steps,
        settling_steps=model.settling_steps,
        patience=model.patience,
        random_state=model.random_state,
        device=model.device,
        progress=model.progress,
        callback=model.callback,
    )

    def make() -> SelectionNets:
        return SelectionNets(
            layout.expand,
            len(model.classes_),
            prior.shape[1],
            tuple(model.hidden),
            model.dropout,
            model.shared,
            model.scaling,
        )

    device = device_of(model.device)
    parts = [Rows.of(x[i], y[i], prior[i], available[i], device) for i in (learn, check)]
    nets, history = train(make, parts[0], parts[1], layout.costs, plan)
    return {name: value.astype(np.float64) for name, value in plain_layers(nets).items()}, asdict(history)


def store_model(model: DIMEClassifier, path: str | Path, more: Mapping[str, Any]) -> None:
    """Write a trained model."""
    settings = {k: v for k, v in model.get_params().items() if k not in ("progress", "callback")}
    selector = model.selector_
    write_state(
        path,
        {
            "kind": KIND,
            "settings": {k: _plain(v) for k, v in settings.items()},
            "classes": model.classes_.tolist(),
            "features": model.n_features_in_,
            "layers": dict(selector.layers),
            "expand": selector.expand,
            "center": selector.center,
            "scale": selector.scale,
            "costs": selector.costs,
            "prior": list(model.prior_moments_),
            "history": model.history_,
            "more": dict(more),
        },
    )


def restore_model(cls: type[M], path: str | Path) -> M:
    """Read a trained model.

    Raises
    ------
    ValueError
        If the file holds something else.
    """
    told = read_state(path)
    if told.get("kind") != KIND:
        raise ValueError(f"{path} holds no model of DIMEClassifier")
    model = cls(**told["settings"])
    model.classes_ = np.array(told["classes"])
    model.n_features_in_ = told["features"]
    model.selector_ = Selector(
        told["layers"], told["expand"], told["center"], told["scale"], told["costs"], model.scaling
    )
    model.prior_moments_ = (told["prior"][0], told["prior"][1])
    model.history_ = told["history"]
    model.more_ = told["more"]
    return model


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(v) for v in value]
    return value
