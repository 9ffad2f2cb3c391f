"""Runners that run batches on the workers of a Dask or Ray cluster."""
