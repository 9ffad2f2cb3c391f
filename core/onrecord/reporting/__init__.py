"""What people read: terminal, HTML and Markdown reports, and the data dictionary."""
