"""Calls to the platform: the rate limit, what was counted, and the monthly quota."""
