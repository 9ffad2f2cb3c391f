"""Tells web hooks how a run went: a JSON object by POST, signed if you like."""

from __future__ import annotations

import logging

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
    for url in config.urls:
        # One that is down is no reason not to tell the others, and none for a run to fail.
        if (problem := sent(url.get_secret_value(), body, key, config)) is not None:
            log.warning("webhook %s: %s", _host(url.get_secret_value()), problem)


def _host(url: str) -> str:
    """What of an address may be logged: with many services its path is the password."""
    return url.split("/")[2].rpartition("@")[2]
