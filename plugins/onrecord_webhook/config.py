"""The settings in `[plugins.webhook]`."""

from __future__ import annotations

import os
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator

import onrecord
from onrecord import ConfiguredPath


def _address(value: SecretStr) -> SecretStr:
    scheme, _, rest = value.get_secret_value().partition("://")
    if scheme not in ("http", "https") or not rest:
        raise ValueError("must be an address that begins with http:// or https://")
    return value


class Config(onrecord.Config):
    """Whom to tell, of what, and how hard to try."""

    urls: list[Annotated[SecretStr, AfterValidator(_address)]] = []
    """Addresses that are told; without any, nobody is."""
    on: list[Literal["completed", "failed", "interrupted", "killed"]] = ["failed", "interrupted", "killed"]
    """The outcomes of a run that they are told of."""
    timeout_seconds: float = Field(default=10, gt=0)
    """How long one try may take."""
    retries: int = Field(default=3, ge=0)
    """How often a receiver that cannot be reached, or is busy, is tried again."""
    retry_seconds: float = Field(default=1, ge=0)
    """The pause before the first of these; each further one is twice as long."""
    total_seconds: float = Field(default=30, gt=0)
    """How long all tries together may take: a run that was told to end has a minute for everything."""
    secret_file: ConfiguredPath | None = None
    """A file whose content, less white space at its ends, is the key of the signature."""
    secret_variable: str | None = None
    """An environment variable that holds that key instead."""

    @model_validator(mode="after")
    def _has_one_secret(self) -> Self:
        if self.secret_file and self.secret_variable:
            raise ValueError("secret_file and secret_variable are both set: one of them is enough")
        return self

    def key(self) -> bytes | None:
        """What messages are signed with, if they are to be. Raises ValueError or OSError where it is not there.

        Looked up when it is needed: worker processes, which may be elsewhere, load this plugin and have no use for it.
        """
        key: str | None = None
        if self.secret_file:
            key = self.secret_file.read_text("utf-8").strip()
        elif self.secret_variable:
            key = os.environ.get(self.secret_variable, "")
        if key == "":
            raise ValueError(f"{self.secret_file or f'the environment variable {self.secret_variable}'} holds no key")
        return key.encode() if key else None
