"""`onrecord tables`: print the data dictionary."""

from __future__ import annotations

from pathlib import Path

import click

from ..config.loading import parse_settings
from ..plugins.registry import Plugins
from ..reporting.dictionary import render_dictionary
from .options import config_options, resolve_settings


@click.command()
@config_options
@click.option("--builtin", is_flag=True, help="Only the tables of an installation without a configuration.")
def tables_command(config: Path | None, warehouse: Path | None, builtin: bool) -> None:
    """Print the data dictionary in Markdown: all tables, their writers and columns."""
    settings = parse_settings({}) if builtin else resolve_settings(config, warehouse)
    click.echo(render_dictionary(Plugins(settings)), nl=False)
