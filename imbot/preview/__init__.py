"""``imbot preview``: shows a bot's cards before they are used, drawn from sample turns.

``look`` loads a file and draws its ``gallery`` of cards; ``server`` and ``onepage`` show that as a web page.
"""
