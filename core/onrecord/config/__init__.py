"""Settings, their loading, and schedules."""
