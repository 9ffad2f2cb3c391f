"""Tells web hooks how a run went: a JSON object by POST, signed if you like."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor

from onrecord import RunReport, hookimpl

from .config import Config
from .message import message
from .sending import sent

ONRECORD_API = 1

__all__ = ["Config", "run_finished"]

log = logging.getLogger("onrecord")


@hookimpl
def run_finished(run: RunReport, config: Config) -> None:
    if not config.urls:
        return
    try:
        # After every run, so that a key that is missing is heard of before there is a failure to tell of.
        key = config.key()
    except (OSError, ValueError) as error:
        log.warning("webhook: nobody can be told how a run went: %s", error)
        return
    if run.run.status not in config.on:
        return
    body = message(run)
    urls = [url.get_secret_value() for url in config.urls]
    # One that is down is no reason for the others to wait, and none for a run to fail.
    with ThreadPoolExecutor(len(urls)) as threads:
        for url, problem in zip(urls, threads.map(lambda url: sent(url, body, key, config), urls), strict=True):
            if problem is not None:
                log.warning("webhook %s: %s", _host(url), problem)


def _host(url: str) -> str:
    """What of an address may be logged: with many services its path is the password."""
    return url.split("/")[2].rpartition("@")[2]
