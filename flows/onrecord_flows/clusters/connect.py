"""The runner that a configuration asks for."""

from __future__ import annotations

from onrecord import OnrecordError
from onrecord.plugins.registry import Plugins
from onrecord.workers import Runner, local_runner
from onrecord.workers.remote import Setup


def connect_runner(plugins: Plugins) -> Runner:
    """Connect to the cluster of a configuration; without one, the runner is of this machine.

    Raises OnrecordError if it cannot be reached, has no workers, or has some that would not do the same work.
    """
    settings = plugins.settings.workers
    if settings.runner == "processes":
        return local_runner(plugins)
    assert settings.address is not None  # the settings see to that
    try:
        if settings.runner == "dask":
            from .dask import OnDask

            return OnDask(settings.address, Setup.of(plugins))
        from .ray import OnRay

        return OnRay(settings.address, Setup.of(plugins))
    except ImportError as error:
        raise OnrecordError(
            f'[workers] runner = "{settings.runner}" needs a package that is not installed ({error}): '
            f"pip install 'onrecord[{settings.runner}]'"
        ) from error
