"""A running bot: access, order of messages, limits, clicks, and recovery after a crash."""
