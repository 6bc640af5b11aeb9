"""Parameters by name, as scikit-learn has them."""

from __future__ import annotations

import inspect
from typing import Any, Self


class Parameters:
    """Base of classes whose ``__init__`` stores its parameters as they are given."""

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters of this model by name, as scikit-learn does."""
        return {name: getattr(self, name) for name in inspect.signature(type(self)).parameters}

    def set_params(self, **changes: Any) -> Self:
        """Change parameters by name; a trained network stays until the next `fit`."""
        known = self.get_params()
        for name, value in changes.items():
            if name not in known:
                raise ValueError(f"{type(self).__name__} has no parameter {name!r}")
            setattr(self, name, value)
        return self
