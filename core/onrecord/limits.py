"""Time limits for calls that may hang, by an alarm or in a separate thread."""

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
    """A call exceeded its time limit. It may still be running in its thread."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"did not finish within {seconds:g} seconds and was given up")


_REPEAT_SECONDS = 1.0
"""The pause between attempts to interrupt a call."""


class _Alarm(BaseException):
    """Raised by the alarm; a plugin's `except Exception` does not catch it."""


@contextmanager
def time_limit(seconds: float, interrupt: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Raise TimeLimitError if the block takes too long.

    First `interrupt` is called from another thread, to end a query in progress. If the block goes on, an alarm raises
    an error in its Python code or in a waiting call. Alarms go to the main thread: in other threads, and on systems
    without alarms, there is no limit.
    """
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return
    elapsed = over = False

    def ring(number: int, frame: FrameType | None) -> None:
        if not over:
            raise _Alarm

    def watch() -> None:
        nonlocal elapsed
        pause = seconds
        while not ended.wait(pause):
            elapsed, pause = True, _REPEAT_SECONDS
            interrupt()

    ended = threading.Event()
    before = signal.signal(signal.SIGALRM, ring)
    remaining, interval = signal.getitimer(signal.ITIMER_REAL)
    threading.Thread(target=watch, daemon=True, name="onrecord-limit").start()
    try:
        # Repeatedly, in case the block catches even this error.
        signal.setitimer(signal.ITIMER_REAL, seconds + _REPEAT_SECONDS, _REPEAT_SECONDS)
        yield
        over = True
        if elapsed:
            raise TimeLimitError(seconds)
    except BaseException as error:
        over = True
        # An interrupted call may raise any error. Only Ctrl-C takes precedence.
        if elapsed and not isinstance(error, TimeLimitError | KeyboardInterrupt):
            raise TimeLimitError(seconds) from error
        raise
    finally:
        ended.set()
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        # Restore an earlier alarm, such as that of a scheduler.
        signal.setitimer(signal.ITIMER_REAL, remaining, interval)


class BackgroundCaller:
    """Makes one call after another in a separate thread.

    A thread cannot be ended: one that hangs is abandoned, and the next call starts a new one. No such thread keeps the
    process from exiting.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._calls: SimpleQueue[Any] | None = None

    def call(self, function: Callable[..., Value], *arguments: Any) -> Value:
        """Make a call and raise its errors, or TimeLimitError if it takes too long."""
        if self._calls is None:
            self._calls = SimpleQueue()
            threading.Thread(target=_answer, args=(self._calls,), daemon=True, name="onrecord-caller").start()
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
        """Let the thread end after its present call."""
        if self._calls is not None:
            self._calls.put(None)
            self._calls = None


def _answer(calls: SimpleQueue[Any]) -> None:
    while call := calls.get():
        context, function, arguments, answers = call
        try:
            answers.put((context.run(function, *arguments), None))
        except BaseException as error:
            # Any error, even SystemExit, belongs to the caller.
            answers.put((None, error))
