"""Preview: a bot's cards before anyone else sees them, drawn from sample turns.

``look`` gets from a file to its ``gallery`` of cards, ``onepage`` and ``server`` show that on the page;
``imbot preview`` wires these.
"""
