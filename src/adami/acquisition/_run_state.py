"""A run that is frozen in the middle, and taken up again."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from adami.acquisition._ledger import Ledger
from adami.acquisition._stop import Stop

if TYPE_CHECKING:
    from adami.acquisition._base import Policy

P = TypeVar("P", bound="Policy")


def state_of(policy: Policy) -> dict[str, Any]:
    """Return everything that the next query depends on, as plain values and arrays."""
    return {
        "policy": policy.name,
        "settings": _settings(policy),
        "memory": {name: getattr(policy, name) for name in policy.remembers},
        "ledger": policy.ledger.told(),
        "pending": list(policy.pending),
        "answered": [[k, v] for k, v in policy._seen.items()],
        "stop_reason": policy.stop_reason,
        "random": policy.rng.bit_generator.state,
    }


def from_state(cls: type[P], told: Mapping[str, Any], given: Mapping[str, Any]) -> P:
    """Return the policy whose state was stored.

    Raises
    ------
    ValueError
        If a parameter that is not stored is not given.
    """
    if missing := [n for n in cls.needs if n not in given]:
        raise ValueError(f"{cls.name} needs {', '.join(f'{n}=' for n in missing)} to be loaded")
    settings = {**told["settings"], **given}
    if isinstance(settings.get("stop"), Mapping):
        settings["stop"] = Stop(**settings["stop"])
    policy = cls(**settings)
    policy.ledger = Ledger.from_told(told["ledger"])
    policy.pending = list(told["pending"])
    policy._seen = dict(told["answered"])
    policy.stop_reason = told["stop_reason"]
    policy.rng.bit_generator.state = told["random"]
    for name in cls.remembers:
        setattr(policy, name, told["memory"][name])
    policy._woken()
    return policy


def _settings(policy: Policy) -> dict[str, Any]:
    names = [n for n in inspect.signature(type(policy)).parameters if n not in policy.needs]
    settings = {name: getattr(policy, name) for name in names}
    if isinstance(settings.get("stop"), Stop):
        settings["stop"] = settings["stop"].to_dict()
    return settings
