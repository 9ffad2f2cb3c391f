"""Batches on the workers of a cluster: Dask or Ray."""
