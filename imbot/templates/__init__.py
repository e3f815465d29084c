"""Jinja templates in bot files: what they may use, and how much work they may cause."""
