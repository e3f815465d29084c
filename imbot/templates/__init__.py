"""Jinja for the people who write bot files: what a template may use, and what it may cost."""
