"""Being told to end: Ctrl-C, and the signal that service managers send.

Either is raised as KeyboardInterrupt where the main thread happens to be. That may be in somebody's code that
survives it (a scheduler may run event loops in the main thread for moments, a plugin may catch everything) or makes an
error of its own of it (DuckDB's binding does, of several kinds). So it is also recorded,
`raise_if_interrupted` raises it again where work can be left, and any error after a signal counts as its consequence.
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
    """Take note of signals to end while the block runs, and hand them on to whoever had them before.

    A handler of our own keeps asyncio from putting its own in the place of Python's, which turns the signal into a
    cancellation that is lost when the loop is about to end. Outside the main thread no signals come, and this does
    nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _received.clear()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def note(number: int, frame: FrameType | None) -> None:
        _received.append(number)
        if callable(handler := before[signal.Signals(number)]):
            handler(number, frame)
        raise KeyboardInterrupt

    try:
        for number in before:
            signal.signal(number, note)
        yield
    except Exception as error:
        if _received:
            raise KeyboardInterrupt from error
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def raise_if_interrupted() -> None:
    """Raise KeyboardInterrupt if a signal to end has come."""
    if _received:
        raise KeyboardInterrupt


def exit_status() -> int:
    """The exit status of a process that was told to end, as shells have it: 128 and the signal's number."""
    return 128 + (_received[0] if _received else signal.SIGINT)
