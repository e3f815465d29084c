"""The virtual clock of ``imbot test``, under the name tests know."""

from imbot.testing.clock import VirtualLoop, run_virtual

__all__ = ["VirtualLoop", "run_virtual"]
