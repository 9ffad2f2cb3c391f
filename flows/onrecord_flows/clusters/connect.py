"""Which cluster a configuration asks for, and what is the same for all of them."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from onrecord import OnrecordError
from onrecord.plugins.registry import Plugins
from onrecord.workers.remote import Setup
from onrecord.workers.runner import Cluster


def connect_cluster(plugins: Plugins) -> Cluster | None:
    """The cluster of a configuration, none for processes of this machine.

    Raises OnrecordError if it cannot be reached, has no workers, or has some that would not do the same work.
    """
    settings = plugins.settings.workers
    if settings.runner == "processes":
        return None
    assert settings.address is not None  # the settings see to that
    try:
        if settings.runner == "dask":
            from .dask import OnDask

            return OnDask(settings.address, Setup.of(plugins))
        from .ray import OnRay

        return OnRay(settings.address, Setup.of(plugins))
    except ImportError as error:
        raise OnrecordError(
            f'[workers] runner = "{settings.runner}" needs a package that is not installed ({error}): '
            f"pip install 'onrecord[{settings.runner}]'"
        ) from error


def relay_logs(records: Iterable[logging.LogRecord]) -> None:
    """Handle what a worker has logged as if it had been logged here, where the log file is."""
    for record in records:
        logging.getLogger(record.name).handle(record)
