"""The one loader of SQL files, which stand beside the modules that run them."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def read_sql(module: str, name: str) -> str:
    """Return the text of `NAME.sql` beside a module, e.g. `read_sql(__name__, "views")`."""
    return files(module.rpartition(".")[0]).joinpath(f"{name}.sql").read_text("utf-8")
