"""The views and macros that every warehouse offers analysts beside its tables."""

from __future__ import annotations

import re

from ..sql import read_sql

VIEWS_SQL = read_sql(__name__, "views")
"""The script that creates the views and macros, or replaces them. They read the standard tables."""

VIEW_NAMES = frozenset(re.findall(r"^create or replace view (\w+)", VIEWS_SQL, re.MULTILINE))
"""The names of the views, which no table can have. A table and a macro may have the same name."""
