"""A worker process: runs batches, and sends results and log records."""

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
from ..stages import Batch, BatchResult, perform

log = logging.getLogger("onrecord")

END_WITH_STACK = signal.SIGUSR1
"""The signal on which a worker writes its Python stack and exits."""


def serve(connection_fd: int, dump_fd: int) -> None:
    """Answer the requests of a `Processes` until it closes the connection.

    The first request is the settings, answered with None; the others are batches, answered with their results. An
    answer may also be an error. Log records are sent before the answer.
    """
    # Ctrl-C and SIGTERM reach the whole process group, but the parent decides when workers end. A handler, unlike
    # SIG_IGN, is not inherited by programs that a plugin starts.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: None)
    # These write the stack even while native code runs, such as a runaway regular expression.
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
                answer = perform_and_collect(request, plugins)
        except BaseException as error:
            answer = _make_portable(error)
        sender.enqueue(answer)


def load_plugins(settings: Settings) -> Plugins:
    """Load the plugins, without warnings that the parent has already logged."""
    # A batch makes hundreds of thousands of rows without cycles; frequent collections would take much of its time.
    gc.set_threshold(100_000, 50, 100)
    before = log.level
    log.setLevel(logging.CRITICAL)
    try:
        return Plugins(settings)
    finally:
        log.setLevel(before)
        # The modules stay: a collection need not search them.
        gc.freeze()


def perform_and_collect(batch: Batch, plugins: Plugins) -> BatchResult:
    """Run a batch, and free the cycles that plugins left: they may hold its docs."""
    try:
        return perform(batch, plugins)
    finally:
        gc.collect()


class _Sender(QueueHandler):
    """Sends log records and answers through a connection, from any thread."""

    queue: Any

    def enqueue(self, record: object) -> None:
        # `handle` holds the same lock for a record.
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
        # The parent has closed its end or died, perhaps during a batch.
        os._exit(1)


def _make_portable(error: BaseException) -> Exception:
    """Make an error that any process can unpickle, with its traceback as a note."""
    text = str(error) if isinstance(error, OnrecordError) else f"{type(error).__name__}: {error}"
    portable = OnrecordError(text) if isinstance(error, OnrecordError) else RuntimeError(text)
    portable.add_note("in a worker process: " + "".join(traceback.format_exception(error)))
    return portable
