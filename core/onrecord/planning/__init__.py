"""What is still to do, and why."""
