"""Ctrl-C ends a run, even if the interrupted code swallows or replaces KeyboardInterrupt."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from onrecord.model.tables import STANDARD_TABLES
from onrecord.run.signals import install_signal_handlers, raise_if_interrupted
from onrecord.warehouse.database import Warehouse


@pytest.fixture(autouse=True)
def default_sigint_handler() -> Iterator[None]:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def send_signal_later(number: int = signal.SIGINT, seconds: float = 0.2) -> None:
    threading.Timer(seconds, os.kill, [os.getpid(), number]).start()


@pytest.mark.parametrize("statement", ["{}", "create table long as {}", "attach ':memory:' as more; {}"])
def test_ctrl_c_interrupts_a_query_and_rolls_back(tmp_path: Path, statement: str) -> None:
    warehouse = Warehouse(tmp_path)
    warehouse.prepare(STANDARD_TABLES.values(), {})
    # Long enough for the signal to arrive in the middle, but short: DuckDB checks for it only between parts.
    long = statement.format("select sum(a.range * b.range) from range(20000) a, range(10000) b")
    with pytest.raises(KeyboardInterrupt), install_signal_handlers(), warehouse.writing() as connection:  # noqa: PT012
        send_signal_later()
        connection.execute(long).fetchall()
    with warehouse.reading() as connection:
        assert connection.execute("select count(*) from duckdb_tables() where table_name = 'long'").fetchall() == [(0,)]


def test_an_error_raised_instead_of_the_interrupt_is_an_interrupt() -> None:
    with pytest.raises(KeyboardInterrupt), install_signal_handlers():  # noqa: PT012
        try:
            send_signal_later()
            time.sleep(5)
        except KeyboardInterrupt:
            raise ValueError("reading the schema failed: KeyboardInterrupt") from None


def test_a_swallowed_interrupt_is_raised_at_the_next_check() -> None:
    with pytest.raises(KeyboardInterrupt), install_signal_handlers():  # noqa: PT012
        try:
            send_signal_later()
            time.sleep(5)
        except BaseException:
            pass
        raise_if_interrupted()


def test_other_errors_are_not_changed() -> None:
    with pytest.raises(ValueError, match="of its own"), install_signal_handlers():
        raise ValueError("of its own")
    raise_if_interrupted()


def test_the_previous_handler_is_called_and_restored() -> None:
    taken: list[int] = []

    def handle(number: int, _frame: object) -> None:
        taken.append(number)

    signal.signal(signal.SIGINT, handle)
    with pytest.raises(KeyboardInterrupt), install_signal_handlers():  # noqa: PT012
        send_signal_later()
        time.sleep(5)
    assert taken == [signal.SIGINT]
    assert signal.getsignal(signal.SIGINT) is handle
