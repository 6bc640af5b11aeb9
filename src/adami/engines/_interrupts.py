"""Questions to an engine that a person can take back with Ctrl-C."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any, TypeVar

T = TypeVar("T")
PAUSE = 0.2
"""Seconds between two looks at whether the answer has come."""


def interruptible(con: Any, question: Callable[[], T]) -> T:
    """Ask DuckDB in a thread, so that this one hears Ctrl-C at once; DuckDB itself looks only now and then.

    Parameters
    ----------
    con : ibis backend
        Others than DuckDB are asked directly: they hear it themselves.
    question : callable
        Runs the query.
    """
    if con.name != "duckdb" or threading.current_thread() is not threading.main_thread():
        return question()
    with ThreadPoolExecutor(1, "adami-query") as pool:
        asked = pool.submit(contextvars.copy_context().run, question)
        try:
            while not asked.done():
                wait([asked], PAUSE)
        except KeyboardInterrupt:
            _take_back(con, asked)
            raise
        return asked.result()


def _take_back(con: Any, asked: Future[Any]) -> None:
    """Stop the query; told again and again, for it may not have begun when it is told first."""
    while not asked.done():
        con.con.interrupt()
        wait([asked], PAUSE)
