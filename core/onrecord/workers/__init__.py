"""Runners of batches: this process, worker processes, or a cluster.

A `Runner` runs batches, `Workers` adds the policy for workers that die or hang, and `imap` keeps them busy::

    with Workers(plugins, local_runner(plugins)) as team:
        for result in imap(team, run.batches("annotate", team.processes("annotate"))):
            run.load(result)
"""

from .recovery import Workers, imap, local_runner
from .runner import Runner, WorkerDiedError, WorkerEndedError

__all__ = ["Runner", "WorkerDiedError", "WorkerEndedError", "Workers", "imap", "local_runner"]
