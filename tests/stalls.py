"""A machine that is busy elsewhere, on purpose: event loops stall at random, and threads come late.

``pytest --stalls 7``, or ``make stress``: a test that depends on a quick machine fails here first. Where time
is virtual only threads are late, by so much that they overtake one another. A seed decides when; what is met
then differs from run to run.
"""

import asyncio
import random
import time

from imbot.testing.clock import VirtualLoop

OFTEN = 0.01  # of a loop's rounds; a flow of a second has hundreds
LATE = 0.1  # of the errands in threads
LONGEST_S = 0.4
OVERTAKEN_S = 0.005


def stall(seed):
    """From now on, in this process."""
    chance = random.Random(seed)
    once, errand = asyncio.BaseEventLoop._run_once, asyncio.BaseEventLoop.run_in_executor

    def perhaps(share, longest_s=LONGEST_S):
        if chance.random() < share:
            time.sleep(chance.uniform(0, longest_s))

    def run_once(loop):
        if not isinstance(loop, VirtualLoop):
            perhaps(OFTEN)
        once(loop)

    def run_in_executor(loop, executor, func, *args):
        lateness = (0.5, OVERTAKEN_S) if isinstance(loop, VirtualLoop) else (LATE, LONGEST_S)

        def late():
            perhaps(*lateness)
            try:
                return func(*args)
            finally:
                perhaps(*lateness)

        return errand(loop, executor, late)

    asyncio.BaseEventLoop._run_once = run_once
    asyncio.BaseEventLoop.run_in_executor = run_in_executor
