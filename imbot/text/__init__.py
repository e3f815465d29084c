"""Helpers for text: Markdown, masking of secrets, JSON pointers, suggestions."""
