"""``imbot check``: finds problems in bot files before they run."""
