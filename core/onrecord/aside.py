"""Calls that may hang, made in a thread that can be left behind: a fetch, or the listing of a source."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextvars import copy_context
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from .errors import OnrecordError

Value = TypeVar("Value")


class HungError(OnrecordError):
    """A call that took too long and was given up. What it was doing may still be going on."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"did not finish within {seconds:g} seconds and was given up")


class Aside:
    """A thread beside the caller's, which makes one call after the other.

    A thread cannot be ended: one that hangs is left to it, and the next call has a new one. None of them keeps the
    process from ending.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._calls: SimpleQueue[Any] | None = None

    def call(self, function: Callable[..., Value], *arguments: Any) -> Value:
        """Make a call; what it raises is raised here. Raises HungError when it takes too long."""
        if self._calls is None:
            self._calls = SimpleQueue()
            threading.Thread(target=_answer, args=(self._calls,), daemon=True, name="onrecord-aside").start()
        answers: SimpleQueue[tuple[Value, BaseException | None]] = SimpleQueue()
        self._calls.put((copy_context(), function, arguments, answers))
        try:
            value, error = answers.get(timeout=self._seconds)
        except Empty:
            self.close()
            raise HungError(self._seconds) from None
        if error is not None:
            raise error
        return value

    def close(self) -> None:
        """Have the thread end, when it is through with what it does."""
        if self._calls is not None:
            self._calls.put(None)
            self._calls = None


def _answer(calls: SimpleQueue[Any]) -> None:
    while call := calls.get():
        context, function, arguments, answers = call
        try:
            answers.put((context.run(function, *arguments), None))
        except BaseException as error:
            # Whatever it is, it belongs to the caller, who knows what to make of it.
            answers.put((None, error))
