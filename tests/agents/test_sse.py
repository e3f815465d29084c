import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imbot.agents import sse
from imbot.agents.sse import ServerEvent, SseDecoder
from imbot.errors import AgentError


def decode(*chunks):
    decoder = SseDecoder()
    events = [event for chunk in chunks for event in decoder.feed(chunk)]
    return [*events, *decoder.close()]


def data(*texts):
    return [ServerEvent("message", text) for text in texts]


def test_one_space_after_the_colon_is_dropped_and_none_is_needed():
    assert decode(b"data: a\n\ndata:b\n\ndata:  c\n\n") == data("a", "b", " c")


def test_several_data_lines_are_one_event():
    assert decode(b"data: a\ndata\ndata: b\n\n") == data("a\n\nb")


def test_lines_end_with_lf_cr_or_both():
    assert decode(b"data: a\r\n\r\ndata: b\r\rdata: c\n\n") == data("a", "b", "c")


def test_a_cr_at_the_end_of_a_chunk_may_be_completed_in_the_next():
    assert decode(b"data: a\r", b"", b"\ndata: b\r\n", b"\r", b"\n") == data("a\nb")


def test_comments_and_unknown_fields_say_nothing():
    assert decode(b": keep-alive\n\nid: 7\nretry: 10\ndata: a\n\n") == data("a")


def test_an_event_keeps_its_type_and_a_bare_ping_is_none():
    assert decode(b"event: ping\n\nevent: end\ndata: {}\n\ndata: a\n\n") == [
        ServerEvent("end", "{}"),
        *data("a"),
    ]


def test_an_unterminated_last_event_is_flushed():
    assert decode(b"data: a\n\ndata: b") == data("a", "b")
    assert decode(b"data: a\n") == data("a")


def test_a_byte_order_mark_is_skipped_at_the_start_only():
    assert decode("\ufeffdata: \ufeffa\n\n".encode()) == data("\ufeffa")


def test_separators_of_other_alphabets_end_no_line():
    assert decode("data: a\u2028b\x0bc\x85d\n\n".encode()) == data("a\u2028b\x0bc\x85d")


@given(st.lists(st.integers(0, 80), max_size=12), st.sampled_from(["\n", "\r", "\r\n"]))
def test_any_cut_gives_the_same_events(cuts, end):
    stream = "event: x\ndata: 你好😀\ndata: b\n\n: c\n\ndata: 世界\n\n".replace("\n", end).encode()
    places = sorted({0, *(cut % len(stream) for cut in cuts), len(stream)})
    assert decode(*(stream[a:b] for a, b in itertools.pairwise(places))) == decode(stream)


def test_an_endless_line_is_refused(monkeypatch):
    monkeypatch.setattr(sse, "LIMIT_BYTES", 1 << 20)
    with pytest.raises(AgentError, match="line of more than 1 MiB"):
        decode(*[b"x" * (1 << 16)] * 17)
    assert len(decode(b"data:", *[b"x" * (1 << 15)] * 17)[0].data) == 17 << 15


@pytest.mark.parametrize("line", [b"data: " + b"x" * 1000 + b"\n", b"data:\n"])
def test_an_endless_event_is_refused(monkeypatch, line):
    monkeypatch.setattr(sse, "LIMIT_BYTES", 1 << 14)
    with pytest.raises(AgentError, match="event of more"):
        decode(*[line] * (1 << 15))
