"""`onrecord verify`: recompute a sample of what aggregators wrote, and compare."""

from __future__ import annotations

import secrets
import sys
from pathlib import Path

import click
from rich.markup import escape

from ..operations.verification import mark_for_refill, verify_warehouse
from ..reporting.layout import make_table
from ..warehouse import Warehouse
from .options import config_options, open_plugins
from .terminal import FAILED, console


@click.command()
@config_options
@click.option("--groups", type=click.IntRange(1), default=1000, show_default=True, help="Groups per aggregator.")
@click.option("--seed", type=int, help="Draw the same groups as another verification with this seed.")
@click.option("--refill", is_flag=True, help="Let the next run fill the tables that differ from scratch.")
def verify_command(config: Path | None, warehouse: Path | None, groups: int, seed: int | None, refill: bool) -> None:
    """Recompute a random sample of what aggregators wrote, and compare it with the published tables.

    An aggregator without groups is recomputed whole. `onrecord status` shows the outcome until the next verification.
    The exit status is 1 if rows differ.
    """
    plugins = open_plugins(config, warehouse)
    seed = secrets.randbelow(2**31) if seed is None else seed
    done = verify_warehouse(plugins, groups, seed)
    table = make_table(("aggregator", "rows", "wrong", "remark"), right=("rows", "wrong"))
    for each in done:
        remark = f"not verified: {each.skipped}" if each.skipped else f"e.g. {each.example}" if each.wrong else ""
        table.add_row(each.component, f"{each.rows:,}", f"{each.wrong:,}", escape(remark))
    console.print(table)
    wrong = [each.component for each in done if each.wrong]
    if not wrong:
        console.print(f"no row differs (seed {seed})")
        return
    if refill:
        mark_for_refill(Warehouse(plugins.settings.warehouse), wrong)
        console.print(f"the next run fills the tables of {', '.join(wrong)} from scratch")
    else:
        console.print(f"rows of {', '.join(wrong)} differ (seed {seed}): --refill lets the next run fill their tables")
    sys.exit(FAILED)
