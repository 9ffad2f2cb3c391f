"""The interface for plugins, and their discovery and validation."""
