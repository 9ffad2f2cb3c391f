"""What a worker process does: load the plugins once, run batches, and send what is logged with the results."""

from __future__ import annotations

import faulthandler
import gc
import logging
import os
import signal
import traceback
from logging.handlers import QueueHandler
from multiprocessing.connection import Connection
from queue import SimpleQueue
from threading import Thread
from typing import Any

from ..config.settings import Settings
from ..errors import OnrecordError
from ..logs import ContextFields
from ..plugins.registry import Plugins
from ..stages import BatchResult, perform

log = logging.getLogger("onrecord")

END_WITH_STACK = signal.SIGUSR1
"""Has a worker write its Python stack and end."""


def serve(connection_fd: int, dump_fd: int) -> None:
    """Answer the requests of a `Processes` until it closes the connection.

    The first request is the settings, which is answered with None; the others are batches, which are answered with
    their results. An answer may also be an error; before it come the records that were logged.
    """
    # Ctrl-C and signals to end reach the whole group; the parent decides what becomes of the work. Programs that a
    # plugin starts can still be told to end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: None)
    # Native code, such as a regular expression that runs away, does not keep these from writing the stack.
    faulthandler.enable(dump_fd, all_threads=False)
    faulthandler.register(END_WITH_STACK, dump_fd, all_threads=False, chain=True)
    connection: Any = Connection(connection_fd)
    requests: SimpleQueue[Any] = SimpleQueue()
    Thread(target=_receive, args=(connection, requests), daemon=True).start()
    sender = _Sender(connection)
    sender.addFilter(ContextFields())
    logging.getLogger().addHandler(sender)
    plugins: Plugins | None = None
    while True:
        request = requests.get()
        answer: BatchResult | Exception | None = None
        try:
            if plugins is None:
                plugins = load_plugins(request)
            else:
                answer = perform(request, plugins)
        except BaseException as error:
            answer = _portable(error)
        sender.enqueue(answer)


def load_plugins(settings: Settings) -> Plugins:
    """Load the plugins in a worker, without the warnings that the parent has given already."""
    # A batch makes hundreds of thousands of rows, none of them in a cycle: looking for cycles among them all the time
    # would take a good part of it.
    gc.set_threshold(100_000, 50, 100)
    before = log.level
    log.setLevel(logging.CRITICAL)
    try:
        return Plugins(settings)
    finally:
        log.setLevel(before)


class _Sender(QueueHandler):
    """Sends log records and answers whole, from any thread, through a connection in place of a queue."""

    queue: Any

    def enqueue(self, record: object) -> None:
        # The lock that `handle` holds for a record.
        self.acquire()
        try:
            self.queue.send(record)
        finally:
            self.release()


def _receive(connection: Connection, requests: SimpleQueue[Any]) -> None:
    try:
        while True:
            requests.put(connection.recv())
    finally:
        # The parent has closed its end or is gone, perhaps in the middle of a batch.
        os._exit(1)


def _portable(error: BaseException) -> Exception:
    """The error as one that every process can unpickle, with its traceback as a note."""
    text = str(error) if isinstance(error, OnrecordError) else f"{type(error).__name__}: {error}"
    portable = OnrecordError(text) if isinstance(error, OnrecordError) else RuntimeError(text)
    portable.add_note("in a worker process: " + "".join(traceback.format_exception(error)))
    return portable
