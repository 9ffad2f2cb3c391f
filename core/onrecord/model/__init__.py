"""Declarations of stored data: rows, tables, views, drafts, ids."""
