"""`onrecord check`: run the checks that precede publishing."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from rich.markup import escape

from ..errors import CheckError
from ..operations.verification import check_all
from ..warehouse import Warehouse
from .options import config_options, open_plugins
from .terminal import FAILED, console


@click.command()
@config_options
@click.option("--all", "everything", is_flag=True, help="Check all published rows, as `maintain` does once a week.")
def check_command(config: Path | None, warehouse: Path | None, everything: bool) -> None:
    """Run the checks that precede publishing; nothing is changed.

    They look at the rows that are not published yet. The exit status is 1 if a check fails.
    """
    plugins = open_plugins(config, warehouse)
    try:
        failures = check_all(plugins) if everything else []
        if not everything:
            Warehouse(plugins.settings.warehouse).check(*plugins.checked())
    except CheckError as error:
        failures = list(error.failures)
    for failure in failures:
        console.print(escape(failure), soft_wrap=True)
    console.print(f"{len(failures)} check(s) failed" if failures else "all checks hold")
    if failures:
        sys.exit(FAILED)
