"""DIME: which feature to buy next, from what it is expected to tell about the label."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from adami.acquisition._dime_model import restore_model, store_model, train_selector
from adami.acquisition._dime_rows import Layout, checked_labels, checked_prior, checked_rows, split_rows
from adami.acquisition._selection import Selection, select_rows
from adami.acquisition._selector import Selector
from adami.acquisition._stop import Stop
from adami.acquisition.static_orders import checked_costs

if TYPE_CHECKING:
    from adami.acquisition.dime_policy import DIMEPolicy

SCALINGS = ("bounded", "softplus", "none")


class DIMEClassifier:
    """Choose for each row which feature to ask for next, and decide from any subset of them.

    One network predicts the label from any subset of the features, another what each further feature would
    tell about the label, given the known ones: its regression target is the drop of the first one's loss,
    whose mean is the conditional mutual information.

    Parameters
    ----------
    costs : sequence of float, optional
        Of each unit; 1 without it.
    groups : sequence of sequences of int, optional
        Columns that are asked for together, as units; each column alone without it.
    max_features : int, optional
        Units that are selected in training; all, but at most 50, without it.
    eps : float
        Share of random selections at first.
    scaling : {"bounded", "softplus", "none"}
        How raw values become gains: a share of the entropy of the prediction, a positive number, or any.
    hidden : sequence of int
        Widths of the hidden layers.
    dropout : float
    shared : bool
        Whether both networks share their hidden layers.
    learning_rate : float
    batch_size : int
    pretraining_steps, steps : int
        Most minibatches of the two phases: random subsets first, then those that it selects itself.
    settling_steps : int
        Minibatches afterwards in which the second network alone learns for random subsets too, so that what
        it says is right for answers in any order. (The paper has no such phase; 0 leaves it out.)
    patience : int
        Epochs without a better validation before exploration is lowered.
    eps_decays : int
        How often it is lowered before the training ends.
    validation : float
        Share of the rows held back.
    device : str
    random_state : int
    progress : callable(done, total, what), optional
    callback : callable(step, numbers), optional

    Attributes
    ----------
    classes_ : numpy.ndarray
    selector_ : Selector
    history_ : dict
    more_ : dict
        What was stored along with a loaded model.

    References
    ----------
    Gadgil, Covert and Lee, "Estimating Conditional Mutual Information for Dynamic Feature Selection", ICLR
    2024: paper 30 of adami's register.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.acquisition import DIMEClassifier, Stop
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(300, 3))
    >>> model = DIMEClassifier(hidden=(16,), pretraining_steps=200, steps=60, settling_steps=20)
    >>> model = model.fit(x, x[:, 1] > 0)
    >>> chosen = model.select(x[:5], stop=Stop(max_queries=1))
    >>> chosen.order.ravel().tolist()
    [1, 1, 1, 1, 1]
    """

    def __init__(
        self,
        costs: Sequence[float] | None = None,
        groups: Sequence[Sequence[int]] | None = None,
        max_features: int | None = None,
        *,
        eps: float = 0.1,
        scaling: str = "bounded",
        hidden: Sequence[int] = (128, 128),
        dropout: float = 0.3,
        shared: bool = False,
        learning_rate: float = 1e-3,
        batch_size: int = 128,
        pretraining_steps: int = 5000,
        steps: int = 800,
        settling_steps: int = 300,
        patience: int = 5,
        eps_decays: int = 10,
        validation: float = 0.2,
        device: str = "cpu",
        random_state: int = 0,
        progress: Callable[[int, int, str], None] | None = None,
        callback: Callable[[int, Mapping[str, float]], None] | None = None,
    ) -> None:
        self.costs = costs
        self.groups = groups
        self.max_features = max_features
        self.eps = eps
        self.scaling = scaling
        self.hidden = hidden
        self.dropout = dropout
        self.shared = shared
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.pretraining_steps = pretraining_steps
        self.steps = steps
        self.settling_steps = settling_steps
        self.patience = patience
        self.eps_decays = eps_decays
        self.validation = validation
        self.device = device
        self.random_state = random_state
        self.progress = progress
        self.callback = callback
        self.more_: dict[str, Any] = {}

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters by name, as scikit-learn does."""
        return {name: getattr(self, name) for name in inspect.signature(type(self)).parameters}

    def set_params(self, **parameters: Any) -> Self:
        """Set parameters by name, as scikit-learn does."""
        known = self.get_params()
        for name, value in parameters.items():
            if name not in known:
                raise ValueError(f"DIMEClassifier has no parameter {name!r}; there are {', '.join(known)}")
            setattr(self, name, value)
        return self

    def fit(self, x: Any, y: Any, prior: Any = None) -> Self:
        """Train both networks.

        Parameters
        ----------
        x : array of shape (n, d)
            NaN where a feature was never measured; its unit is not asked for in that row.
        y : array of shape (n,)
            Labels of any kind.
        prior : array of shape (n, k), optional
            What is known for free before anything is asked for.

        Returns
        -------
        DIMEClassifier

        Raises
        ------
        ValueError
            If costs, groups or rows make no sense, or the training diverges.
        """
        rows = checked_rows(x)
        layout = Layout.of(rows.shape[1], self.groups, self.costs)
        self.classes_, codes = checked_labels(y, len(rows))
        known = checked_prior(prior, len(rows))
        self._check(layout)
        available = layout.available(rows)
        with np.errstate(invalid="ignore"):
            center, scale = layout.moments(rows)
        prior_center, prior_scale = known.mean(0), known.std(0)
        self.prior_moments_ = prior_center, np.where(prior_scale > 0, prior_scale, 1.0)
        blank = Selector({}, layout.expand, center, scale, layout.costs, self.scaling)
        scaled, free = blank.standardized(rows), self._standardized_prior(known)
        learn, check = split_rows(codes, self.validation, self.random_state)
        layers, self.history_ = train_selector(self, (scaled, codes, free, available), layout, learn, check)
        self.selector_ = Selector(layers, layout.expand, center, scale, layout.costs, self.scaling)
        self.n_features_in_ = rows.shape[1]
        return self

    def predict_proba(self, x: Any, prior: Any = None) -> np.ndarray:
        """Return class probabilities from all features that are not NaN, shape ``(n, n_classes)``."""
        rows, known = self._rows(x, prior)
        masks = self._available(rows).astype(float)
        return self.selector_.look(self.selector_.standardized(rows), masks, known)[0]

    def predict(self, x: Any, prior: Any = None) -> np.ndarray:
        """Return labels from all features that are not NaN."""
        p = self.predict_proba(x, prior)
        return np.asarray(self.classes_[p.argmax(1)])

    def gains(self, x: Any, prior: Any = None) -> np.ndarray:
        """Return what each unit would tell beyond the features that are not NaN, in nats, ``(n, n_units)``.

        That of a known unit is 0.
        """
        rows, known = self._rows(x, prior)
        masks = self._available(rows).astype(float)
        found = self.selector_.look(self.selector_.standardized(rows), masks, known)[1]
        return np.asarray(found * (1 - masks))

    def select(self, x: Any, stop: Stop | None = None, prior: Any = None, fill: bool = True) -> Selection:
        """Ask for features of each row until its limit, and decide.

        Parameters
        ----------
        x : array of shape (n, d)
            What would be answered; NaN where nothing would be.
        stop : Stop, optional
            Limits of each row; all features are asked for without any.
        prior : array of shape (n, k), optional
        fill : bool
            Where the best feature exceeds the budget, ask for the best that does not; otherwise stop.

        Returns
        -------
        Selection
        """
        rows, known = self._rows(x, prior)
        return select_rows(
            self.selector_,
            self.selector_.standardized(rows),
            self._available(rows).astype(float),
            known,
            stop or Stop(),
            fill,
            self.classes_,
        )

    def with_costs(self, costs: Sequence[float]) -> Self:
        """Return the same trained model with other costs: what a feature tells does not depend on its price.

        Parameters
        ----------
        costs : sequence of float
            Of each unit.
        """
        self._fitted()
        found = checked_costs(costs, self.selector_.n_units) or []
        model = copy(self)
        model.costs = found
        model.selector_ = replace(self.selector_, costs=np.array(found))
        return model

    def as_policy(self, **parameters: Any) -> DIMEPolicy:
        """Return a policy that asks about one row; parameters are those of `DIMEPolicy`."""
        from adami.acquisition.dime_policy import DIMEPolicy

        self._fitted()
        return DIMEPolicy(self, **parameters)

    def save(self, path: str | Path, **more: Any) -> None:
        """Store the trained model as JSON, with weights in safetensors beside it.

        Parameters
        ----------
        path : path
            Ends in ``.json``.
        **more
            Anything else to be kept with it: names of columns.
        """
        self._fitted()
        store_model(self, path, more)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a stored model; what else was kept is in ``more_``.

        Raises
        ------
        ValueError
            If the file holds something else.
        """
        return restore_model(cls, path)

    def _check(self, layout: Layout) -> None:
        if self.scaling not in SCALINGS:
            raise ValueError(f"scaling={self.scaling!r}: choose one of {', '.join(SCALINGS)}")
        if not 0 <= self.eps <= 1:
            raise ValueError(f"eps={self.eps} is no share")
        if self.max_features is not None and not 1 <= self.max_features <= layout.n_units:
            raise ValueError(f"max_features={self.max_features}: there are {layout.n_units} units")
        if not self.hidden:
            raise ValueError("hidden: at least one hidden layer is needed")

    def _rows(self, x: Any, prior: Any) -> tuple[np.ndarray, np.ndarray]:
        self._fitted()
        rows = checked_rows(x)
        if rows.shape[1] != self.n_features_in_:
            raise ValueError(f"x has {rows.shape[1]} columns; the model was trained on {self.n_features_in_}")
        known = checked_prior(prior, len(rows))
        if known.shape[1] != len(self.prior_moments_[0]):
            raise ValueError(
                f"prior has {known.shape[1]} columns; the model was trained on {len(self.prior_moments_[0])}"
            )
        return rows, self._standardized_prior(known)

    def _standardized_prior(self, known: np.ndarray) -> np.ndarray:
        scaled: np.ndarray = (known - self.prior_moments_[0]) / self.prior_moments_[1]
        return scaled

    def _available(self, rows: np.ndarray) -> np.ndarray:
        return Layout.known(rows, self.selector_.expand, self.selector_.n_units)

    def _fitted(self) -> None:
        if not hasattr(self, "selector_"):
            raise ValueError("this model is not trained; call fit(x, y) first")
