"""From files to specs, or to problems with their places."""
