"""Metrics of the last run for Prometheus, in a file for its node exporter."""

from __future__ import annotations

import logging
from importlib.util import find_spec

from pydantic import field_validator

import onrecord
from onrecord import ConfiguredPath, RunReport, hookimpl

ONRECORD_API = 1

log = logging.getLogger("onrecord")


class Config(onrecord.Config):
    """Location of the metrics."""

    textfile: ConfiguredPath | None = None
    """A file that ends in .prom, in the folder of the node exporter's textfile collector. Without it no file is
    written."""

    @field_validator("textfile")
    @classmethod
    def _is_collected(cls, value: ConfiguredPath | None) -> ConfiguredPath | None:
        if value is not None and value.suffix != ".prom":
            raise ValueError("must end in .prom: the collector reads no other files")
        return value


@hookimpl
def run_finished(run: RunReport, config: Config) -> None:
    if config.textfile is None or run.run.status == "killed":
        # The next run reports a killed one, and writes its own metrics when it ends.
        return
    if find_spec("prometheus_client") is None:
        log.warning("metrics: %s is not written: pip install 'onrecord[metrics]'", config.textfile)
        return
    from .metrics import write_metrics

    write_metrics(run, config.textfile)
