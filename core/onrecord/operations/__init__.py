"""What keeps a warehouse healthy: backup, export, retention, health."""
