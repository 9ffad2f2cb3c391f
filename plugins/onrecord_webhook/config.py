"""The settings in `[plugins.webhook]`."""

from __future__ import annotations

import os
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator

import onrecord
from onrecord import ConfiguredPath


def _check_address(value: SecretStr) -> SecretStr:
    scheme, _, rest = value.get_secret_value().partition("://")
    if scheme not in ("http", "https") or not rest:
        raise ValueError("must be an address that begins with http:// or https://")
    return value


class Config(onrecord.Config):
    """Receivers, outcomes and retries."""

    urls: list[Annotated[SecretStr, AfterValidator(_check_address)]] = []
    """Addresses of the receivers."""
    on: list[Literal["completed", "failed", "interrupted", "killed"]] = ["failed", "interrupted", "killed"]
    """Outcomes of a run that are reported."""
    timeout_seconds: float = Field(default=10, gt=0)
    """Time limit of one attempt."""
    retries: int = Field(default=3, ge=0)
    """Number of retries if a receiver cannot be reached or is busy."""
    retry_seconds: float = Field(default=1, ge=0)
    """Pause before the first retry; it doubles each time."""
    total_seconds: float = Field(default=30, gt=0)
    """Time limit of all attempts together. A run that was told to end has a minute for everything."""
    secret_file: ConfiguredPath | None = None
    """A file with the signature key; white space around it is stripped."""
    secret_variable: str | None = None
    """An environment variable with the signature key, instead of a file."""

    @model_validator(mode="after")
    def _has_one_secret(self) -> Self:
        if self.secret_file and self.secret_variable:
            raise ValueError("secret_file and secret_variable are both set: one of them is enough")
        return self

    def read_key(self) -> bytes | None:
        """Return the signature key, if one is configured.

        Raises ValueError or OSError if it is missing. Read only when needed: worker processes also load this plugin,
        possibly on other machines, and do not need the key.
        """
        key: str | None = None
        if self.secret_file:
            key = self.secret_file.read_text("utf-8").strip()
        elif self.secret_variable:
            key = os.environ.get(self.secret_variable, "")
        if key == "":
            raise ValueError(f"{self.secret_file or f'the environment variable {self.secret_variable}'} has no key")
        return key.encode() if key else None
