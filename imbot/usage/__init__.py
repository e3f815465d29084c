"""Calls to the platform: the rate limit, the counts, and the monthly quota."""
