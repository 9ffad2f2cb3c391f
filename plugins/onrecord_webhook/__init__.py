"""Webhooks: POST the result of each run as JSON, optionally signed."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor

from onrecord import RunReport, hookimpl

from .config import Config
from .message import build_message
from .sending import send

ONRECORD_API = 1

__all__ = ["Config", "run_finished"]

log = logging.getLogger("onrecord")


@hookimpl
def run_finished(run: RunReport, config: Config) -> None:
    if not config.urls:
        return
    try:
        # Read the key after every run, so that a missing key is reported before the first failure.
        key = config.read_key()
    except (OSError, ValueError) as error:
        log.warning("webhook: no messages are sent: %s", error)
        return
    if run.run.status not in config.on:
        return
    body = build_message(run)
    urls = [url.get_secret_value() for url in config.urls]
    # A receiver that is down must not delay the others or fail the run.
    with ThreadPoolExecutor(len(urls)) as threads:
        for url, problem in zip(urls, threads.map(lambda url: send(url, body, key, config), urls), strict=True):
            if problem is not None:
                log.warning("webhook %s: %s", _loggable_address(url), problem)


def _loggable_address(url: str) -> str:
    """Return the part of an address to log; its path is often a password."""
    return url.split("/")[2].rpartition("@")[2]
