"""One message to one receiver, tried again while that may help."""

from __future__ import annotations

import hashlib
import hmac
import time

import httpx
from tenacity import (
    RetryError,
    Retrying,
    retry_if_exception_type,
    retry_if_result,
    stop_after_attempt,
    stop_before_delay,
    wait_exponential,
)

from .config import Config

SIGNATURE = "X-Onrecord-Signature"
"""Holds `t=SECONDS,sha256=HEX`: the HMAC of the seconds, a full stop and the body. One that is sent again is old."""

_BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})
_LEAST_SECONDS = 0.1
"""A try that is worth making has so much time, even if a pause took longer than it was to."""


def sent(url: str, body: bytes, key: bytes | None, config: Config) -> str | None:
    """Send it; None when it was taken, otherwise what was wrong, in words that do not give the address away."""
    deadline = time.monotonic() + config.total_seconds
    trying = Retrying(
        stop=stop_after_attempt(config.retries + 1) | stop_before_delay(config.total_seconds),
        wait=wait_exponential(multiplier=config.retry_seconds, max=60),
        retry=retry_if_exception_type(httpx.TransportError) | retry_if_result(lambda answer: answer in _BUSY),
    )
    try:
        status = trying(lambda: _post(url, body, key, min(config.timeout_seconds, deadline - time.monotonic())))
    except RetryError as error:
        last = error.last_attempt
        why = f"{type(last.exception()).__name__}" if last.failed else f"it answers {last.result()}"
        tried = "once" if last.attempt_number == 1 else f"{last.attempt_number} times"
        return f"not told, tried {tried}: {why}"
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
        return f"not told: {type(error).__name__}"
    return None if 200 <= status < 300 else f"not told: it answers {status}"


def _post(url: str, body: bytes, key: bytes | None, timeout: float) -> int:
    headers = {"Content-Type": "application/json", "User-Agent": "onrecord"}
    if key is not None:
        headers[SIGNATURE] = signature(key, body, int(time.time()))
    # What it says beside its status may be long in coming, and is of no interest.
    with httpx.stream("POST", url, content=body, headers=headers, timeout=max(timeout, _LEAST_SECONDS)) as answer:
        return answer.status_code


def signature(key: bytes, body: bytes, seconds: int) -> str:
    """What a receiver who has the key can make too, and nobody else."""
    digest = hmac.new(key, b"%d." % seconds + body, hashlib.sha256).hexdigest()
    return f"t={seconds},sha256={digest}"
