"""Choose the runner that the configuration names."""

from __future__ import annotations

from onrecord import OnrecordError
from onrecord.plugins.registry import Plugins
from onrecord.workers import Runner, local_runner
from onrecord.workers.remote import Setup


def connect_runner(plugins: Plugins) -> Runner:
    """Return a runner on the configured cluster, or on this machine if none is configured.

    Raises OnrecordError if the cluster cannot be reached, has no workers, or has workers that would make other rows.
    """
    settings = plugins.settings.workers
    if settings.runner == "processes":
        return local_runner(plugins)
    assert settings.address is not None  # the settings check it
    try:
        if settings.runner == "dask":
            from .dask import DaskRunner

            return DaskRunner(settings.address, Setup.of(plugins))
        from .ray import RayRunner

        return RayRunner(settings.address, Setup.of(plugins))
    except ImportError as error:
        raise OnrecordError(
            f'[workers] runner = "{settings.runner}" needs a package that is not installed ({error}): '
            f"pip install 'onrecord[{settings.runner}]'"
        ) from error
