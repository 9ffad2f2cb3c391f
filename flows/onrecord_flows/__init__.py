"""The Prefect flows, the clusters, and the commands `onrecord run` and `onrecord up`."""
