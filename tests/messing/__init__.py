"""Clean articles made dirty in known ways, so that what was put in can be compared with what is taken out."""
