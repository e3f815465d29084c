import asyncio

from virtual import run_virtual

from imbot.backoff import Backoff, retrying


def test_backoff_doubles_its_bound_up_to_the_cap():
    backoff = Backoff(first_s=1.0, cap_s=6.0, chance=lambda: 1.0)
    assert [backoff.next() for _ in range(5)] == [1.0, 2.0, 4.0, 6.0, 6.0]


def test_backoff_spreads_over_the_whole_bound():
    chances = iter([0.0, 0.5, 0.25])
    backoff = Backoff(first_s=1.0, cap_s=60.0, chance=lambda: next(chances))
    assert [backoff.next() for _ in range(3)] == [0.0, 1.0, 1.0]


def test_backoff_starts_small_again_after_success():
    backoff = Backoff(chance=lambda: 1.0)
    backoff.next()
    backoff.next()
    backoff.reset()
    assert backoff.next() == 1.0


def test_backoff_is_at_random_by_default():
    assert len({Backoff().next() for _ in range(10)}) == 10


def test_backoff_never_exceeds_a_cap_below_its_first_delay():
    assert Backoff(first_s=10.0, cap_s=2.0, chance=lambda: 1.0).next() == 2.0


# -- retrying


class Flaky:
    """Fails with these errors, then answers."""

    def __init__(self, *errors):
        self.errors = list(errors)
        self.tries = 0

    async def __call__(self):
        self.tries += 1
        if self.errors:
            raise self.errors.pop(0)
        return "answer"


def tried(call, tries=3, wait_s=lambda _: 0.0):
    async def main():
        try:
            got = await retrying(call, tries, Backoff(first_s=1.0, cap_s=4.0, chance=lambda: 1.0), wait_s)
        except OSError as error:
            got = error
        return got, call.tries, asyncio.get_running_loop().time()

    return run_virtual(main())


def test_a_call_that_works_is_made_once():
    assert tried(Flaky()) == ("answer", 1, 0)


def test_a_call_is_repeated_after_growing_waits():
    assert tried(Flaky(OSError("a"), OSError("b"))) == ("answer", 3, 1 + 2)


def test_the_last_error_is_raised_when_there_are_no_tries_left():
    last = OSError("c")

    assert tried(Flaky(OSError("a"), OSError("b"), last, OSError("d"))) == (last, 3, 1 + 2)


def test_an_error_that_no_try_would_help_is_raised_at_once():
    fatal = OSError("a")

    assert tried(Flaky(fatal), wait_s=lambda _: None) == (fatal, 1, 0)


def test_a_wish_to_wait_longer_is_heeded():
    assert tried(Flaky(OSError("a")), wait_s=lambda _: 7.5) == ("answer", 2, 7.5)
