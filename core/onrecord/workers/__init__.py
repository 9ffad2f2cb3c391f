"""Where batches are worked on: this process, worker processes, a cluster."""
