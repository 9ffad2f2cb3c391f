"""Listing of sources: before Prefect is started, or as a task of the flow."""

from __future__ import annotations

import logging

from tenacity import (
    Retrying,
    before_sleep_log,
    retry_if_exception_type,
    stop_after_attempt,
    wait_exponential,
    wait_random,
)

from onrecord import TransientError
from onrecord.errors import PLUGIN_FAILURES
from onrecord.run.engine import ActiveRun
from onrecord.stages import discover

log = logging.getLogger("onrecord")


def list_source(run: ActiveRun, name: str) -> None:
    """List the documents of an ingestor; after a transient failure, retry with growing pauses."""
    settings = run.settings.run
    patiently = Retrying(
        retry=retry_if_exception_type((TransientError, OSError)),
        stop=stop_after_attempt(1 + settings.retries),
        wait=wait_exponential(settings.retry_seconds) + wait_random(0, settings.retry_seconds / 2),
        before_sleep=before_sleep_log(log, logging.WARNING),
        reraise=True,
    )
    try:
        items = patiently(discover, run.ingestors[name], settings.list_seconds)
    except PLUGIN_FAILURES as error:
        run.record_listing_failure(name, error)
    else:
        run.record_listing(name, items)
