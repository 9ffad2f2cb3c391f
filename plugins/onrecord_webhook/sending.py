"""Delivery of one message to one receiver, with retries."""

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
"""`t=SECONDS,sha256=HEX`: the HMAC of the seconds, a full stop and the body. The time reveals replayed messages."""

_BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})
_LEAST_SECONDS = 0.1
"""Minimum time for an attempt, even if a pause took longer than planned."""


def send(url: str, body: bytes, key: bytes | None, config: Config) -> str | None:
    """Send a message with retries; returns None, or the error without the address."""
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
        return f"not sent, tried {tried}: {why}"
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
        return f"not sent: {type(error).__name__}"
    return None if 200 <= status < 300 else f"not sent: it answers {status}"


def _post(url: str, body: bytes, key: bytes | None, timeout: float) -> int:
    headers = {"Content-Type": "application/json", "User-Agent": "onrecord"}
    if key is not None:
        headers[SIGNATURE] = signature(key, body, int(time.time()))
    # The response body is not needed and may be slow.
    with httpx.stream("POST", url, content=body, headers=headers, timeout=max(timeout, _LEAST_SECONDS)) as answer:
        return answer.status_code


def signature(key: bytes, body: bytes, seconds: int) -> str:
    """Return the signature, which only holders of the key can make."""
    digest = hmac.new(key, b"%d." % seconds + body, hashlib.sha256).hexdigest()
    return f"t={seconds},sha256={digest}"
