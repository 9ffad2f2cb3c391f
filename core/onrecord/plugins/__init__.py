"""What plugin authors see, and how plugins are found and checked."""
