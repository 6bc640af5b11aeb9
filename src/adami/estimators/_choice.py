"""What the adaptive choice hands back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from adami.result import Diagnostic


@dataclass
class Choice:
    """A value in nats, its standard error, and why it was chosen among the candidates."""

    value: float
    error: float
    name: str
    reason: str
    candidates: dict[str, float] = field(default_factory=dict)
    notes: dict[str, Any] = field(default_factory=dict)
    doubts: tuple[Diagnostic, ...] = ()
