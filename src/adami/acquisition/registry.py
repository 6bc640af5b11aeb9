"""Short names of the policies, and the file that holds each."""

from __future__ import annotations

import difflib
from importlib import import_module
from pathlib import Path
from typing import Any

from adami.acquisition._base import Policy
from adami.acquisition._run_state import from_state
from adami.acquisition._stored import read_state

POLICIES: dict[str, tuple[str, str]] = {
    "conformal_pursuit": ("conformal_pursuit", "ConformalPursuit"),
    "dime": ("dime_policy", "DIMEPolicy"),
    "exp3": ("exp3", "EXP3"),
    "expert_ranking": ("expert_ranking", "ExpertRanker"),
    "fixed_order": ("static_orders", "FixedOrder"),
    "intervention_search": ("intervention_search", "InterventionSearch"),
    "optimistic_brownian": ("optimistic_brownian", "BrownianOptimizer"),
    "random_order": ("static_orders", "RandomOrder"),
    "stabl": ("stabl", "StABL"),
    "stabl_convex": ("stabl_convex", "StABLConvex"),
    "ucb1": ("ucb1", "UCB1"),
}
"""Short name -> (module, class). Each goes through the conformance test."""


def policy_names() -> list[str]:
    """Return the short names of all policies."""
    return sorted(POLICIES)


def policy_class(name: str) -> type[Policy]:
    """Return the class of a policy by its short name.

    Raises
    ------
    ValueError
        If there is none of this name.

    Examples
    --------
    >>> from adami.acquisition import policy_class
    >>> policy_class("ucb1").__name__
    'UCB1'
    """
    if name not in POLICIES:
        near = difflib.get_close_matches(name, POLICIES, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else f"; there are {', '.join(policy_names())}"
        raise ValueError(f"there is no policy {name!r}{hint}")
    module, cls = POLICIES[name]
    found: type[Policy] = getattr(import_module(f"adami.acquisition.{module}"), cls)
    return found


def load_policy(path: str | Path, **given: Any) -> Policy:
    """Take a stored run up, whichever policy it belongs to.

    Parameters
    ----------
    path : path
        The ``.json`` file.
    **given
        Parameters that are not stored.
    """
    told = read_state(path)
    if not isinstance(told.get("policy"), str):
        raise ValueError(f"{path} holds no policy")
    return from_state(policy_class(told["policy"]), told, given)
