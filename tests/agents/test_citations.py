"""Sources, as servers name them beside an answer."""

import pytest
from scripted_server import DONE, answer, data, event

from imbot.agents.citations import MOST
from imbot.model import Citation, Finished, TextDelta

A, B = "https://a.test/1", "https://b.test/2"
SAID = [data(content="It is 42 [1].")]


def choice(**part):
    return event({"choices": [{"index": 0, "finish_reason": "stop", **part}]})


def cited(*script):
    outcome = answer(*SAID, *script, DONE)
    assert outcome.error is None
    return [each for each in outcome.events if isinstance(each, Citation)]


@pytest.mark.parametrize(
    "script",
    [
        [event({"choices": [], "citations": [{"title": "A", "url": A, "content": "a"}]})],
        [
            event(
                {"choices": [], "search_results": [{"title": "A", "url": A, "date": "2026", "snippet": "a"}]}
            )
        ],
        [
            choice(
                delta={
                    "annotations": [
                        {"type": "url_citation", "url_citation": {"title": "A", "url": A, "content": "a"}}
                    ]
                }
            )
        ],
        [choice(delta={"annotations": [{"type": "url_citation", "title": "A", "url": A, "text": "a"}]})],
        [choice(message={"annotations": [{"url_citation": {"title": "A", "url": A, "content": "a"}}]})],
        [choice(delta={}, citations=[{"title": "A", "url": A, "snippet": "a"}])],
        [event({"choices": [], "web_search": [{"title": "A", "link": A, "content": "a", "refer": "ref_1"}]})],
        [event({"choices": [], "references": [{"site_name": "A", "url": A, "summary": "a"}]})],
        [
            event(
                {"choices": [], "search_info": {"search_results": [{"title": "A", "url": A, "snippet": "a"}]}}
            )
        ],
        [choice(delta={"context": {"citations": [{"title": "A", "url": A, "content": "a"}]}})],
        [
            event(
                {
                    "choices": [],
                    "citations": [A],
                    "search_results": [{"title": "A", "url": A, "snippet": "a"}],
                }
            )
        ],
        [event({"citations": [{"title": "A", "url": A, "content": "a"}]})] * 3,
    ],
)
def test_a_source_is_read_in_every_form_and_once(script):
    assert cited(*script) == [Citation("A", A, "a")]


def test_sources_keep_their_order_whoever_names_them_again():
    first = event({"choices": [], "citations": [A, B, A]})
    again = event({"choices": [], "search_results": [{"title": "B", "url": B}, {"title": "A", "url": A}]})
    assert cited(first, again, first) == [Citation("A", A), Citation("B", B)]


def test_a_source_without_a_title_has_the_name_of_its_host():
    assert cited(event({"choices": [], "citations": [A]})) == [Citation("a.test", A)]


def test_a_document_without_an_address_is_a_source():
    assert cited(choice(delta={"citations": [{"document_name": "handbook.pdf"}, "rules.md"]})) == [
        Citation("handbook.pdf"),
        Citation("rules.md"),
    ]


@pytest.mark.parametrize(
    "odd",
    [
        None,
        "x",
        7,
        {},
        [None, 7, [], {}, {"url": 7}, {"title": ""}, {"url": "javascript:alert(1)"}, {"url_citation": 7}],
    ],
)
def test_what_is_no_source_is_none(odd):
    assert cited(event({"choices": [], "citations": odd, "search_info": odd})) == []


def test_no_link_leads_elsewhere_than_to_the_web():
    assert cited(event({"choices": [], "citations": [{"title": "A", "url": "javascript:alert(1)"}]})) == [
        Citation("A")
    ]


def test_there_are_never_too_many():
    many = event({"choices": [], "citations": [f"https://a.test/{number}" for number in range(1000)]})
    more = event({"choices": [], "citations": [f"https://b.test/{number}" for number in range(1000)]})
    assert len(cited(many, more)) == MOST


def test_sources_come_before_the_end():
    events = answer(*SAID, event({"choices": [], "citations": [A]}), data("stop")).events
    assert [type(each) for each in events[1:]] == [TextDelta, Citation, Finished]
