"""Helpers for text: Markdown, masking of secrets, JSON pointers, suggestions, width on a terminal."""
