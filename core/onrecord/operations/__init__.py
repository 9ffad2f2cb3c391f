"""Operation of a warehouse: backup, export, retention, health."""
