"""The plan of a run: which work there is, and why."""
