from imbot.agents.words import Word, plain, tokens, words


def test_chinese_is_read_by_characters_and_pairs():
    assert list(words("退货款")) == [
        Word("退", ("退货",)),
        Word("货", ("退货", "货款")),
        Word("款", ("货款",)),
    ]
    assert tokens("退货款") == {"退", "货", "款", "退货", "货款"}


def test_filler_says_nothing_in_both_languages():
    assert [word.text for word in words("请问一下怎么申请退货呢？")] == list("申请退货")
    assert [word.text for word in words("Hello, how do I get a VPN?")] == ["vpn"]
    assert list(words("你好！")) == list(words("what is this")) == []


def test_words_of_one_stem_are_equal():
    for family in (
        "reset resets resetting",
        "request requests requested requesting",
        "policy policies",
        "box boxes",
    ):
        assert len({word.text for word in words(family)}) == 1, family
    assert tokens("address") == {"address"}
    assert tokens("vpn as") == {"vpn"}


def test_width_case_hyphens_and_apostrophes_make_no_difference():
    assert tokens("ＷｉＦｉ") == tokens("Wi-Fi") == tokens("wifi")
    assert tokens("can't") == tokens("CAN’T") == {"cant"}


def test_both_scripts_stand_side_by_side():
    assert [word.text for word in words("VPN连不上v2")] == ["vpn", "连", "不", "上", "v2"]


def test_a_character_counts_less_without_its_neighbour():
    first = next(words("退货"))
    assert first.credit(tokens("退货")) == 1
    assert 0 < first.credit(tokens("退了")) < 1
    assert first.credit(tokens("发票")) == 0


def test_a_character_alone_is_a_word():
    assert next(words("退")).credit(tokens("退货")) == 1


def test_plain_keeps_what_is_asked():
    assert plain("How do I  reset it?") == plain("how do i reset it")
    assert plain("如何 退货？！") == "如何退货"
    assert plain("？！") == ""
