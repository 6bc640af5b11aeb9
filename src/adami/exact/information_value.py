"""What information is worth: of a goal under control, and of a forecast to an investor."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from adami.exact._arrays import as_numpy, floats, in_base, unit_name
from adami.exact._growth import best_fractions
from adami.exact._truth_tables import label_means
from adami.exact.divergences import kl_divergence
from adami.exact.pmf import as_kernel, as_pmf
from adami.exact.semantic_channel import SemanticChannel


@dataclass(frozen=True, slots=True, eq=False)
class ControlInformation:
    """What a controlled outcome costs and how well it serves its goals.

    Parameters
    ----------
    rate : float
        R, the mean divergence from the prior to the controlled laws: what the control has to bring in.
    purposive : float
        G, the mean semantic information of the goals under the controlled laws: what it achieves. Negative
        when outcomes miss the goals; -inf when they break one that allows no exception.
    unit : str
        Unit of both.
    laws : numpy.ndarray, shape (n_goals, n_instances)
        Law of the outcome under each goal.
    """

    rate: float
    purposive: float
    unit: str
    laws: np.ndarray

    @property
    def efficiency(self) -> float:
        """``purposive / rate``, at most 1; NaN where nothing was controlled."""
        return self.purposive / self.rate if self.rate > 0 else math.nan


def control_information(
    goals: SemanticChannel, laws: Any, goal_law: Any = None, *, base: float | None = None
) -> ControlInformation:
    """Measure controlled outcomes against goals given as truth functions.

    Parameters
    ----------
    goals : SemanticChannel
        Truth functions of the goals, and the law of the outcome without control.
    laws : array of float, shape (n_goals, n_instances)
        Law of the outcome when each goal is pursued.
    goal_law : array of float, shape (n_goals,), optional
        How often each goal is pursued; equally often by default.
    base : float, optional
        Base of the logarithm; nats by default.

    Returns
    -------
    ControlInformation

    Raises
    ------
    ValueError
        If an array is no law or does not fit, or an outcome occurs to which the prior gives no mass.

    References
    ----------
    Lu, "A Semantic Generalization of Shannon's Information Theory and Applications", 2025; paper 44 of
    adami's register.

    Examples
    --------
    >>> from adami.exact import SemanticChannel, control_information
    >>> goals = SemanticChannel([[1.0], [0.5], [0.0]], [0.2, 0.4, 0.4])
    >>> found = control_information(goals, [[0.5, 0.5, 0.0]], base=2)
    >>> round(found.rate, 4), round(found.purposive, 4), round(found.efficiency, 4)
    (0.8219, 0.8219, 1.0)
    """
    prior, truth = as_numpy(goals.prior), as_numpy(goals.truth)
    outcomes = as_kernel(floats(laws, name="laws")[1], name="laws")
    if outcomes.shape != truth.T.shape:
        raise ValueError(f"laws has shape {outcomes.shape}, not (n_goals, n_instances) = {truth.T.shape}")
    count = len(outcomes)
    often = np.full(count, 1 / count) if goal_law is None else as_pmf(goal_law, name="goal_law")
    if often.shape != (count,):
        raise ValueError(f"goal_law has shape {often.shape}, but there are {count} goals")
    stray = (outcomes > 0) & (prior <= 0)
    if stray.any():
        goal, instance = (int(i) for i in np.argwhere(stray)[0])
        raise ValueError(f"goal {goal} leads to outcome {instance}, to which the prior gives no mass")
    pursued = often > 0
    costs = kl_divergence(outcomes, prior[None, :], axis=1)
    gains = label_means(outcomes, as_numpy(goals.semantic_information()))
    unit = float(in_base(1.0, base))
    return ControlInformation(
        float(often @ costs) * unit,
        float(often[pursued] @ gains[pursued]) * unit,
        unit_name(base),
        outcomes,
    )


def constraint_control(
    goals: SemanticChannel, strength: float = 1.0, goal_law: Any = None, *, base: float | None = None
) -> ControlInformation:
    """Control outcomes towards goals, ``P(x | a) = P(x) truth[x, a]**strength / Z``.

    Parameters
    ----------
    goals : SemanticChannel
        Truth functions of the goals, and the law of the outcome without control.
    strength : float
        Control strength, 0 or more: 0 leaves the prior, 1 is the cheapest way to the semantic prediction of
        the goal and the only one of efficiency 1, and larger ones press outcomes to where the goal is truest.
    goal_law : array of float, shape (n_goals,), optional
        How often each goal is pursued; equally often by default.
    base : float, optional
        Base of the logarithm; nats by default.

    Returns
    -------
    ControlInformation

    Raises
    ------
    ValueError
        If the strength is negative or not finite, or `goal_law` is no law or does not fit.

    Examples
    --------
    >>> from adami.exact import SemanticChannel, constraint_control
    >>> goals = SemanticChannel([[1.0], [0.5], [0.0]], [0.2, 0.4, 0.4])
    >>> [round(constraint_control(goals, s).efficiency, 4) for s in (1.0, 3.0)]
    [1.0, 0.8014]
    """
    if not 0 <= strength < math.inf:
        raise ValueError(f"strength={strength}: control strengths are finite and 0 or more")
    prior, truth = as_numpy(goals.prior), as_numpy(goals.truth)
    # relative to each column's largest cell of positive mass, so that strong control does not underflow
    seen = truth[prior > 0].max(axis=0)
    masses = (
        prior[:, None] * (truth / seen) ** strength
        if strength > 0
        else np.tile(prior[:, None], truth.shape[1])
    )
    laws = (masses / masses.sum(axis=0)).T
    return control_information(goals, laws, goal_law, base=base)


@dataclass(frozen=True, slots=True, eq=False)
class Portfolio:
    """Shares of capital with the largest expected logarithmic growth.

    Parameters
    ----------
    fractions : numpy.ndarray, shape (n_assets,)
        Share of the capital in each asset; what is left earns the riskless return.
    growth : float
        Expected logarithm of the growth factor.
    unit : str
    gap : float
        How much larger growth could be at most, by the first-order bound; infinite without bounds on the
        shares, unless the gradient vanishes.
    trace : tuple of float
        Growth after each step of the search.
    converged : bool
    """

    fractions: np.ndarray
    growth: float
    unit: str
    gap: float
    trace: tuple[float, ...]
    converged: bool

    def returns(self, outcomes: Any, riskless: float = 1.0) -> np.ndarray:
        """Return the growth factor under each outcome, ``(1 - sum q) r_0 + R q``."""
        table = np.asarray(outcomes, dtype=float)
        return np.asarray((1 - self.fractions.sum()) * riskless + table @ self.fractions)


def optimal_portfolio(
    outcomes: Any,
    law: Any,
    *,
    riskless: float = 1.0,
    short: bool = False,
    leverage: float = 1.0,
    base: float | None = None,
) -> Portfolio:
    """Return the portfolio with the largest expected logarithmic growth.

    Parameters
    ----------
    outcomes : array of float, shape (n_outcomes, n_assets)
        Growth factor of each asset under each outcome: 1 keeps its price, 0 loses all.
    law : array of float, shape (n_outcomes,)
        Probability of each outcome.
    riskless : float
        Growth factor of what is not invested, and cost of what is borrowed.
    short : bool
        Whether shares may be negative.
    leverage : float
        Largest sum of shares; more than 1 borrows, ``math.inf`` sets no limit.
    base : float, optional
        Base of the logarithm; nats by default.

    Returns
    -------
    Portfolio

    Raises
    ------
    ValueError
        If the law is none, shapes do not fit, returns are negative, or growth has no maximum (a combination
        of assets that never loses, without limits on it).

    References
    ----------
    Lu, "A Semantic Generalization of Shannon's Information Theory and Applications", 2025; paper 44 of
    adami's register.

    Examples
    --------
    A bet that doubles with probability 0.6 and else is lost: stake one fifth.

    >>> from adami.exact import optimal_portfolio
    >>> found = optimal_portfolio([[2.0], [0.0]], [0.6, 0.4], base=2)
    >>> found.fractions.round(4), round(found.growth, 4)
    (array([0.2]), 0.029)
    """
    chances = as_pmf(law, name="law")
    table = np.asarray(outcomes, dtype=float)
    if chances.ndim != 1 or table.ndim != 2 or len(table) != len(chances) or not table.shape[1]:
        raise ValueError(
            f"outcomes has shape {table.shape} and law {chances.shape}: one row of growth factors for each "
            "outcome, one column for each asset"
        )
    if not (np.isfinite(table).all() and (table >= 0).all() and 0 < riskless < math.inf):
        raise ValueError("outcomes and riskless are growth factors: finite, not negative, riskless above 0")
    if not leverage > 0:
        raise ValueError(f"leverage={leverage}: the largest sum of shares is above 0")
    fractions, trace, gap, converged = best_fractions(
        table - riskless, riskless, chances, short=short, leverage=leverage
    )
    unit = float(in_base(1.0, base))
    return Portfolio(
        fractions, trace[-1] * unit, unit_name(base), gap * unit, tuple(t * unit for t in trace), converged
    )


@dataclass(frozen=True, slots=True, eq=False)
class ForecastValue:
    """What a forecast adds to an investor's growth.

    Parameters
    ----------
    value : float
        Expected gain of logarithmic growth under the forecast, from changing the portfolio.
    bound : float
        Divergence of the forecast from the prior, which the value cannot exceed when shares are free to cover
        every outcome, and never exceeds otherwise.
    unit : str
        Unit of both.
    before, after : Portfolio
        The best for the prior and the best for the forecast.
    """

    value: float
    bound: float
    unit: str
    before: Portfolio
    after: Portfolio


def forecast_value(
    outcomes: Any,
    prior: Any,
    forecast: Any,
    *,
    riskless: float = 1.0,
    short: bool = False,
    leverage: float = 1.0,
    base: float | None = None,
) -> ForecastValue:
    """Return the information value of a forecast, ``sum P(x|theta) log(r(x, q**) / r(x, q*))``.

    Parameters
    ----------
    outcomes : array of float, shape (n_outcomes, n_assets)
    prior : array of float, shape (n_outcomes,)
        The law for which the portfolio `q*` is the best.
    forecast : array of float, shape (n_outcomes,)
        The law told by the forecast, for which `q**` is the best and under which the value is expected; a row
        of `SemanticChannel.semantic_bayes`, for example.
    riskless, short, leverage, base
        As in `optimal_portfolio`.

    Returns
    -------
    ForecastValue
        The value is 0 or more, and infinite if the old portfolio is ruined by an outcome of the forecast.

    Raises
    ------
    ValueError
        As in `optimal_portfolio`.

    Examples
    --------
    Two horses at even odds: the value is the whole information of the forecast.

    >>> from adami.exact import forecast_value
    >>> found = forecast_value([[2.0, 0.0], [0.0, 2.0]], [0.5, 0.5], [0.9, 0.1], base=2)
    >>> round(found.value, 4), round(found.bound, 4)
    (0.531, 0.531)
    """
    options: dict[str, Any] = {"riskless": riskless, "short": short, "leverage": leverage, "base": base}
    before = optimal_portfolio(outcomes, prior, **options)
    after = optimal_portfolio(outcomes, forecast, **options)
    told = np.asarray(as_pmf(forecast, name="forecast"))
    if told.shape != np.shape(prior):
        raise ValueError(f"forecast has shape {told.shape}, but prior {np.shape(prior)}")
    seen = told > 0
    old = before.returns(outcomes, riskless)[seen]
    new = after.returns(outcomes, riskless)[seen]
    ruined = bool((old <= 0).any())
    value = math.inf if ruined else float(in_base(told[seen] @ np.log(new / old), base))
    bound = float(kl_divergence(told, as_pmf(prior, name="prior"), base=base))
    return ForecastValue(value, bound, unit_name(base), before, after)
