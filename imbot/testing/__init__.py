"""``imbot test``: tests bots without a platform, without an agent on the network, and without waiting.

``casefile`` reads test files, ``company`` prepares their bots, ``playing`` plays each case with the real bot
on a ``stage`` in virtual time, ``expectations`` check the outcome, ``reports`` print the results.
"""
