"""The terminal of a command, and its exit status."""

from __future__ import annotations

import logging
import os
import sys
from typing import NoReturn

from rich.console import Console

console = Console(highlight=False)

COULD_NOT_START = 2
"""The exit status of a command that could not start its work."""

FAILED = 1
"""The exit status of a command that failed in part."""


def leave(status: int) -> NoReturn:
    """End the program at once.

    Otherwise threads that wait for dead workers would delay the exit, and DuckDB's binding would complain about
    connections in the tracebacks of errors that were already reported.
    """
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
