"""Signals that end a program: Ctrl-C, and the SIGTERM of service managers.

Either raises KeyboardInterrupt in the main thread. Code there may swallow it (a scheduler's event loop, a plugin that
catches everything) or turn it into another error (DuckDB's binding). So the signal is also recorded:
`raise_if_interrupted` raises it again where work can stop, and any error after a signal counts as its consequence.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_received: list[int] = []


@contextmanager
def install_signal_handlers() -> Iterator[None]:
    """Record SIGINT and SIGTERM in the block, and call the earlier handlers.

    Our handler keeps asyncio from replacing Python's, whose cancellation is lost when the loop is about to end. Outside
    the main thread, where no signals arrive, this does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _received.clear()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def handle(number: int, frame: FrameType | None) -> None:
        _received.append(number)
        if callable(handler := before[signal.Signals(number)]):
            handler(number, frame)
        raise KeyboardInterrupt

    try:
        for number in before:
            signal.signal(number, handle)
        yield
    except Exception as error:
        if _received:
            raise KeyboardInterrupt from error
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def raise_if_interrupted() -> None:
    """Raise KeyboardInterrupt if a signal has been received."""
    if _received:
        raise KeyboardInterrupt


def exit_status() -> int:
    """Return the exit status after a signal, as in shells: 128 plus its number."""
    return 128 + (_received[0] if _received else signal.SIGINT)
