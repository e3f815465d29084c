"""Calls: how fast they may go, how many there were, and how many of the month are left."""
