from imbot.platforms.recent_ids import RecentIds


def recent(most=100):
    now = [0.0]
    return RecentIds(600, most, lambda: now[0]), now


def test_an_id_is_new_once():
    ids, _ = recent()

    assert ids.add("a")
    assert not ids.add("a")
    assert ids.add("b")


def test_a_discarded_id_is_new_again():
    ids, _ = recent()
    ids.add("a")

    ids.discard("a")
    ids.discard("a")

    assert ids.add("a")


def test_ids_are_forgotten_with_time_counted_from_their_first_time():
    ids, now = recent()
    ids.add("a")

    now[0] = 599
    assert not ids.add("a")
    now[0] = 600
    assert ids.add("a")


def test_memory_is_bounded_and_the_oldest_go_first():
    ids, _ = recent(most=3)

    for each in "abcd":
        ids.add(each)

    assert [ids.add(each) for each in "dcb"] == [False] * 3
    assert ids.add("a")
    assert len(ids._added_at) == 3


def test_a_known_id_drives_no_other_out():
    ids, _ = recent(most=2)

    for each in "abb":
        ids.add(each)

    assert not ids.add("a")
