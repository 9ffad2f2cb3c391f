"""Settings of Hypothesis for all tests."""

from __future__ import annotations

import logging
import os

from hypothesis import settings

# No deadline: how long an example takes depends on the machine, so a slow one says nothing about the code.
# The same examples in every run, so that the tests pass or fail for everyone alike.
settings.register_profile("repeatable", deadline=None, derandomize=True)
# Other examples in every run: HYPOTHESIS_PROFILE=random make test
settings.register_profile("random", deadline=None, derandomize=False, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))


def pytest_unconfigure() -> None:
    # Prefect stops its temporary server at exit, and logs that to a stream that pytest has closed by then.
    logging.raiseExceptions = False
