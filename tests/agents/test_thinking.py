import itertools
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imbot.agents.thinking import ThinkSplitter, _Code
from imbot.model import ReasoningDelta, TextDelta, TextReplace


def split(*texts):
    splitter = ThinkSplitter()
    events = [event for text in texts for event in splitter.feed(text)]
    return [*events, *splitter.close()]


def shown(events):
    """What a person sees at the end: the answer and the reasoning."""
    answer = reasoning = ""
    for event in events:
        if isinstance(event, TextDelta):
            answer += event.text
        elif isinstance(event, TextReplace):
            answer = event.text
        else:
            reasoning += event.text
    return answer, reasoning


def test_reasoning_is_taken_out_of_the_answer():
    assert split("<think>\nhm</think>\n\nyes") == [ReasoningDelta("hm"), TextDelta("yes")]


def test_text_without_tags_passes_at_once():
    splitter = ThinkSplitter()
    assert list(splitter.feed("a < b and c <t")) == [TextDelta("a < b and c ")]
    assert list(splitter.feed("able>")) == [TextDelta("<table>")]
    assert list(splitter.close()) == []


def test_a_possible_tag_at_the_very_end_was_text():
    assert shown(split("1 <thi")) == ("1 <thi", "")


def test_a_tag_may_be_cut_anywhere():
    text = "<think>so</think>yes"
    for cut in range(len(text) + 1):
        assert shown(split(text[:cut], text[cut:])) == ("yes", "so")
    assert shown(split(*text)) == ("yes", "so")


def test_without_an_opening_tag_what_was_said_is_taken_back():
    assert split("so I ", "think</thi", "nk>\nyes") == [
        TextDelta("so I "),
        TextDelta("think"),
        ReasoningDelta("so I think"),
        TextReplace(""),
        TextDelta("yes"),
    ]


def test_only_the_first_closing_tag_takes_back():
    assert shown(split("a</think>b</think>c")) == ("b</think>c", "a")
    assert shown(split("<think>a</think>b</think>c")) == ("b</think>c", "a")


def test_it_may_think_again():
    assert shown(split("<think>a</think>b <think>c</think>d")) == ("b d", "ac")


def test_an_empty_thought_says_nothing():
    assert split("<think>\n\n</think>\n\nyes") == [TextDelta("yes")]
    assert split("</think>yes") == [TextDelta("yes")]


def test_an_unfinished_thought_is_no_answer():
    assert shown(split("<think>hm, </thin")) == ("", "hm, </thin")


@pytest.mark.parametrize(
    ("opening", "closing"),
    [
        ("<think>", "</think>"),
        ("<thinking>", "</thinking>"),
        ("<seed:think>", "</seed:think>"),
        ("<Thinking>", "</THINKING>"),
        ("<THOUGHT>", "</thought>"),
        ("<thoughts>", "</thoughts>"),
        ('<reasoning effort="high">', "</reasoning >"),
        ("<reflection>", "</reflection>"),
        ("<think\ntype='deep'>", "</think>"),
        ("[THINK]", "[/THINK]"),
        ("◁think▷", "◁/think▷"),
        ("<|START_THINKING|>", "<|END_THINKING|>"),
        ("<|channel|>analysis<|message|>", "<|end|><|start|>assistant<|channel|>final<|message|>"),
    ],
)
def test_the_tags_of_many_models_are_known(opening, closing):
    text = f"{opening}secret plan{closing}Visible."
    for pieces in ([text], [*text], [text[:7], text[7:40], text[40:]]):
        answer, reasoning = shown(split(*pieces))
        assert answer == "Visible."
        assert reasoning.startswith("secret plan")
    assert shown(split("secret ", f"plan{closing}Visible."))[0] == "Visible."


def test_a_tag_of_ones_own_is_added_by_its_name():
    text = "<Plan>secret</plan>Visible. <my.tag>x</my.tag>"
    assert shown(split(text))[0] == text
    splitter = ThinkSplitter(["plan", "my.tag"])
    events = [event for each in text for event in splitter.feed(each)]
    assert shown([*events, *splitter.close()]) == ("Visible. ", "secretx")


@pytest.mark.parametrize(
    "text",
    [
        "<thinker>a</thinker>",
        "<p>a</p> [link](u) [think](u)",
        "a <b and c> d",
        "List<Thought> x; a[0]",
        "<think/>a",
        "1 < 2",
    ],
)
def test_what_only_looks_like_a_tag_is_text(text):
    if "Thought" in text:
        text = f"```\n{text}\n```"
    assert shown(split(text)) == (text, "")
    assert shown(split(*text)) == (text, "")


@pytest.mark.parametrize(
    "text", ["<thinking>a<think>b</think>c</thinking>d", "<think>a</thinking>b</think>d"]
)
def test_a_thought_ends_with_the_tag_that_it_began_with(text):
    assert shown(split(text))[0] == "d"
    assert shown(split(*text))[0] == "d"


@pytest.mark.parametrize(
    "text",
    [
        "Models write `<think>` and `</think>` around it.",
        "```html\n<think>\n</think>\n```\nThat is all.",
        'It prints "<think>" first.',
    ],
)
def test_a_quoted_tag_is_text(text):
    assert shown(split(text)) == (text, "")
    assert shown(split(*text)) == (text, "")


def test_a_quote_opened_in_an_earlier_piece_counts():
    pieces = ["As ", "`", "<think>", "`", " and ", "```\n", "code ", "here\n", "</think>", "\n```", " shows."]
    assert shown(split(*pieces)) == ("".join(pieces), "")


@given(
    st.lists(
        st.sampled_from(
            [
                "<think>",
                "</think>",
                "<seed:Thinking a>",
                "</seed:thinking>",
                "[THINK]",
                "[/TH",
                "<|channel|>",
                "<",
                "a",
                "。",
                "\n",
                "`",
                "</thi",
                "😀",
            ]
        )
    ),
    st.data(),
)
def test_any_cut_shows_the_same(parts, data):
    text = "".join(parts)
    cuts = data.draw(st.lists(st.integers(0, len(text)))) if text else []
    places = sorted({0, *cuts, len(text)})
    assert shown(split(*(text[a:b] for a, b in itertools.pairwise(places)))) == shown(split(text))


@pytest.mark.parametrize(
    "nasty",
    [
        "<",
        "[",
        "<a",
        "<think ",
        "<|channel|>",
        "<think>",
        "</think>",
        "<think></think>",
        "`<think>",
        "`<think>`",
        "a<thi",
        "```<think>",
    ],
)
def test_the_work_grows_no_faster_than_the_text(nasty):
    splitter, began = ThinkSplitter(), time.process_time()
    for _ in splitter.feed(nasty * (500_000 // len(nasty))):
        pass
    assert time.process_time() - began < 2


@given(st.lists(st.text(st.sampled_from("`x\"'"), max_size=6)))
def test_code_is_told_from_text_however_it_is_cut(pieces):
    code = _Code()
    for piece in pieces:
        code = code.after(piece)
    said = "".join(pieces)
    assert code.quoting == (said.endswith(("`", '"', "'")) or said.count("```") % 2 == 1)
