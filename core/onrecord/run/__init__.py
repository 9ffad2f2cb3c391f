"""A run of the engine, and the signals that end it."""
