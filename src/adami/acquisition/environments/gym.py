"""Any environment of Gymnasium."""

from __future__ import annotations

from typing import Any

from adami.acquisition.environments._base import Environment


class FromGym(Environment):
    """An episode of a Gymnasium environment: the observation is the context, the action the query.

    The answer is a dictionary with ``observation``, ``reward``, ``terminated`` and ``truncated``.

    Parameters
    ----------
    env : gymnasium.Env or str
        An environment, or the name of a registered one.
    random_state : int

    Raises
    ------
    ImportError
        If it is a name and Gymnasium is not installed.
    """

    def __init__(self, env: Any, random_state: int = 0) -> None:
        if isinstance(env, str):
            try:
                import gymnasium
            except ImportError as problem:
                raise ImportError("this needs Gymnasium: pip install 'adami[acquire]'") from problem
            env = gymnasium.make(env)
        self.env = env
        super().__init__(random_state)

    def _start(self) -> None:
        self.observation, _ = self.env.reset(seed=self.random_state)
        self.returned = 0.0
        self.over = False

    def context(self) -> Any:
        return self.observation

    def answer(self, query: Any) -> dict[str, Any]:
        self.observation, reward, terminated, truncated, _ = self.env.step(query)
        self.returned += float(reward)
        self.over = bool(terminated or truncated)
        return {
            "observation": self.observation,
            "reward": float(reward),
            "terminated": bool(terminated),
            "truncated": bool(truncated),
        }

    def loss(self, decision: Any) -> float:
        """Return the negative sum of rewards."""
        return -self.returned

    @property
    def done(self) -> bool:
        return self.over
