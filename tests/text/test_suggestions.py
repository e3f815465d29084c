from imbot.text.suggestions import did_you_mean, suggest


def test_the_meant_word_is_found_however_it_is_written():
    known = ["max_updates", "interval"]
    words = ["max-updates", "maxUpdates", "MAX_UPDATES", "intervall", "zzz"]
    assert [suggest(word, known) for word in words] == ["max_updates"] * 3 + ["interval", ""]


def test_swapped_letters_of_a_short_word_are_seen_through():
    known = ["ai", "standard", "markdown"]
    assert [suggest(word, known) for word in ("ia", "IA", "iA")] == ["ai"] * 3
    assert [suggest(word, ["id", "url", "key"]) for word in ("di", "ulr", "kye")] == ["id", "url", "key"]
    assert suggest("ii", known) == ""


def test_a_hint_without_a_likely_word_says_something_else():
    assert did_you_mean("zzz", ["abc"], "known here: abc") == "known here: abc"
