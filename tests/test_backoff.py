from imbot.backoff import Backoff


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
