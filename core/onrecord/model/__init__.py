"""What is stored, as declarations only: rows, tables, drafts, ids."""
