"""What holds for all tests."""

from __future__ import annotations

from hypothesis import settings

# How long an example takes is the machine's business: a test that fails because of it says nothing about the code.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
