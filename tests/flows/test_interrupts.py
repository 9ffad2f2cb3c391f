"""Ctrl-C is Ctrl-C, whatever the code that it comes to makes of it."""

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
def as_in_a_fresh_process() -> Iterator[None]:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def signalled(number: int = signal.SIGINT, seconds: float = 0.2) -> None:
    threading.Timer(seconds, os.kill, [os.getpid(), number]).start()


@pytest.mark.parametrize("statement", ["{}", "create table long as {}", "attach ':memory:' as more; {}"])
def test_while_a_query_runs_it_is_an_interrupt_and_does_no_harm(tmp_path: Path, statement: str) -> None:
    warehouse = Warehouse(tmp_path)
    warehouse.prepare(STANDARD_TABLES.values(), {})
    # Long enough for the signal to come in the middle, and no longer: it is heeded only where a part is done.
    long = statement.format("select sum(a.range * b.range) from range(20000) a, range(10000) b")
    with pytest.raises(KeyboardInterrupt), install_signal_handlers(), warehouse.writing() as connection:  # noqa: PT012
        signalled()
        connection.execute(long).fetchall()
    with warehouse.reading() as connection:
        assert connection.execute("select count(*) from duckdb_tables() where table_name = 'long'").fetchall() == [(0,)]


def test_an_error_that_is_made_of_it_is_an_interrupt() -> None:
    with pytest.raises(KeyboardInterrupt), install_signal_handlers():  # noqa: PT012
        try:
            signalled()
            time.sleep(5)
        except KeyboardInterrupt:
            raise ValueError("reading the schema failed: KeyboardInterrupt") from None


def test_one_that_is_survived_is_raised_where_work_can_be_left() -> None:
    with pytest.raises(KeyboardInterrupt), install_signal_handlers():  # noqa: PT012
        try:
            signalled()
            time.sleep(5)
        except BaseException:
            pass
        raise_if_interrupted()


def test_errors_of_their_own_stay_what_they_are() -> None:
    with pytest.raises(ValueError, match="of its own"), install_signal_handlers():
        raise ValueError("of its own")
    raise_if_interrupted()


def test_whoever_took_the_signal_before_is_told_and_takes_it_again_afterwards() -> None:
    taken: list[int] = []

    def taking(number: int, _frame: object) -> None:
        taken.append(number)

    signal.signal(signal.SIGINT, taking)
    with pytest.raises(KeyboardInterrupt), install_signal_handlers():  # noqa: PT012
        signalled()
        time.sleep(5)
    assert taken == [signal.SIGINT]
    assert signal.getsignal(signal.SIGINT) is taking
