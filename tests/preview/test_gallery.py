import json
from pathlib import Path

import pytest
from botfolder import write

from imbot.config.loader import Loader
from imbot.errors import ConfigError
from imbot.model import CardPhase
from imbot.preview.gallery import draw
from imbot.preview.look import Looker
from imbot.preview.samples import SAMPLES, given

GIVEN = (given("Why?", "Because."),)
BASE = "credentials: {client_id: a, client_secret: b}\nagent: {type: echo}\n"
RATED = "feedback: {buttons: [{label: Good, rating: good}]}\n"
OWN = """\
card:
  template_id: mine.schema
  content_key: body
  templates:
    final: {body: "{{ answer }}", who: "{{ sender.nick }}"}
"""


@pytest.fixture
def gallery(tmp_path):
    def make(text, samples=GIVEN, phases=tuple(CardPhase)):
        (spec,) = Loader(write(tmp_path / "bots", {"a.yaml": BASE + text})).load().specs
        return draw(spec, samples, phases)

    return make


def pages(gallery):
    return {picture.view.phase: picture.to_page() for picture in gallery.pictures}


def test_a_picture_of_each_sample_in_each_phase(gallery):
    drawn = gallery(RATED, SAMPLES)
    pairs = [(picture.sample, picture.view.phase) for picture in drawn.pictures]
    assert pairs == [(sample.name, phase) for sample in SAMPLES for phase in CardPhase]


def test_without_buttons_nothing_is_rated(gallery):
    assert "rated" not in {picture.sample for picture in gallery("", SAMPLES).pictures}


def test_the_json_holds_what_would_be_sent(gallery):
    final = gallery(RATED, phases=[CardPhase.FINAL]).pictures[0].to_json()
    assert final["data"]["msgContent"] == "Because."
    assert final["data"]["flowStatus"] == "3"
    assert [button["id"] for button in json.loads(final["data"]["sys_full_json_obj"])["msgButtons"]] == [
        "feedback:good"
    ]
    assert {key: final[key] for key in ("sample", "phase", "text")} == {
        "sample": "given",
        "phase": "final",
        "text": "Because.",
    }


def test_a_click_changes_what_it_would_change_for_the_clicker(gallery):
    final = pages(gallery(RATED))["final"]
    assert final["after"].keys() == {"feedback:good"}
    changed = final["after"]["feedback:good"]
    assert json.loads(changed["sys_full_json_obj"])["msgButtons"][0]["color"] == "blue"
    assert all(final["data"][key] != value for key, value in changed.items())


def test_an_own_template_names_what_streams_and_its_states(gallery):
    drawn = pages(gallery(OWN))
    assert {str(phase): page["card"]["state"] for phase, page in drawn.items()} == {
        "thinking": "processing",
        "streaming": "inputting",
        "final": "finished",
        "error": "failed",
        "stopped": "finished",
    }
    assert drawn["final"]["card"]["template"] == "mine.schema"
    assert drawn["final"]["card"]["streamed"] == "body"
    assert drawn["final"]["card"]["data"]["who"] == "李雷"


def test_a_standard_card_has_no_states(gallery):
    drawn = pages(gallery("card: {kind: standard}\n"))
    assert {page["card"]["state"] for page in drawn.values()} == {"finished"}
    assert drawn["final"]["card"]["template"] == "StandardCard"


def test_a_message_is_no_card_and_shows_nothing_before_the_end(gallery):
    drawn = pages(gallery("card: {kind: markdown}\n"))
    assert drawn.keys() == {"final", "error", "stopped"}
    assert {page["card"] for page in drawn.values()} == {None}


def test_what_would_not_draw_is_a_problem(gallery):
    with pytest.raises(ConfigError, match="anwser"):
        gallery('card: {templates: {final: {msgContent: "{{ anwser }}"}}}\n')


def test_a_secret_stays_hidden(gallery, tmp_path):
    (tmp_path / "secret").write_text("hunter2")
    text = """\
card:
  vars: {key: "<<file:../secret>>"}
  templates: {final: {msgContent: "key {{ vars.key }}"}}
"""
    final = pages(gallery(text))["final"]
    assert final["data"]["msgContent"] == "key ***"
    assert "hunter2" not in str(final)


EXAMPLES = sorted(
    path for path in (Path(__file__).parents[2] / "bots").glob("*.yaml") if ".test." not in path.name
)


@pytest.mark.parametrize("bot", EXAMPLES, ids=lambda path: path.stem)
def test_the_head_of_an_example_is_the_same_in_every_phase(bot):
    pictures = Looker(bot, SAMPLES, [*CardPhase]).look().gallery.pictures
    for sample in SAMPLES:
        heads = {picture.view.data.get("msgTitle") for picture in pictures if picture.sample == sample.name}

        assert len(heads) <= 1, "the card would jump when its head comes or goes"


def test_the_hotline_of_the_example_goes_only_where_it_is_not_needed(monkeypatch):
    monkeypatch.setenv("SUPPORT_HOTLINE", "400-1")
    (support,) = (path for path in EXAMPLES if path.stem == "support")
    pictures = Looker(support, SAMPLES, [CardPhase.FINAL]).look().gallery.pictures
    after = next(picture.after for picture in pictures if picture.sample == "short")

    has_hotline = {id_.partition(":")[2]: "人工热线" in str(data) for id_, data in after.items()}
    assert has_hotline == {"very_helpful": False, "helpful": False, "unhelpful": True}
