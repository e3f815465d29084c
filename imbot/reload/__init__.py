"""From an edit to running bots: files are watched, planned for and followed."""
