"""Reports for the terminal, in HTML and in Markdown, and the data dictionary."""
