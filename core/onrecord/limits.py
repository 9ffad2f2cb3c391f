"""Calls that may hang: made in a thread that can be left behind, or in this one with an alarm."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from queue import Empty, SimpleQueue
from types import FrameType
from typing import Any, TypeVar

from .errors import OnrecordError

Value = TypeVar("Value")


class TimeLimitError(OnrecordError):
    """A call that took too long and was given up. What it was doing may still be going on."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"did not finish within {seconds:g} seconds and was given up")


_AGAIN = 1.0
"""Seconds between one call to stop and the next."""


class _Elapsed(BaseException):
    """The alarm. No `except Exception` of a plugin's takes it for an error of its own."""


@contextmanager
def time_limit(seconds: float, interrupt: Callable[[], None] = lambda: None) -> Iterator[None]:
    """A block that is left with HungError when it takes too long.

    First `interrupt` is called, from another thread, which is to end a query in progress. Where that does not help, an
    alarm goes off in Python code, or in what waits. It goes to the main thread: in another one, or on a system without
    alarms, there is no limit.
    """
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return
    elapsed = over = False

    def ring(number: int, frame: FrameType | None) -> None:
        if not over:
            raise _Elapsed

    def watch() -> None:
        nonlocal elapsed
        patience = seconds
        while not ended.wait(patience):
            elapsed, patience = True, _AGAIN
            interrupt()

    ended = threading.Event()
    before = signal.signal(signal.SIGALRM, ring)
    remaining, interval = signal.getitimer(signal.ITIMER_REAL)
    threading.Thread(target=watch, daemon=True, name="onrecord-limit").start()
    try:
        # Again and again, should somebody catch even this.
        signal.setitimer(signal.ITIMER_REAL, seconds + _AGAIN, _AGAIN)
        yield
        over = True
        if elapsed:
            raise TimeLimitError(seconds)
    except BaseException as error:
        over = True
        # What was interrupted may have made another error of it. The operator's word counts for more.
        if elapsed and not isinstance(error, TimeLimitError | KeyboardInterrupt):
            raise TimeLimitError(seconds) from error
        raise
    finally:
        ended.set()
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        # Somebody else's alarm, such as that of a scheduler, goes on.
        signal.setitimer(signal.ITIMER_REAL, remaining, interval)


class BackgroundCaller:
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
            raise TimeLimitError(self._seconds) from None
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
