"""``imbot test``: what a bot does, proven without a platform, without an agent, without waiting.

``casefile`` reads what people wrote, ``company`` prepares the bots they chose, ``playing`` plays each case
with the real bot on a ``stage`` in virtual time, ``expectations`` judge it, ``reports`` tell.
"""
