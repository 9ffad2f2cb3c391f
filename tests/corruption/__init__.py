"""Corruption of clean articles, to measure what the cleaners recover."""
