import pytest

from imbot.cards.buttons import buttons_of
from imbot.model import CardContext, CardPhase
from imbot.spec import CardSpec, FeedbackButton, FeedbackSpec

BOTH = CardSpec("ai", actions=("stop", "regenerate"), action_labels={"stop": "停", "regenerate": "再来"})
NONE = CardSpec("ai")
RATED = FeedbackSpec((FeedbackButton("👍", "good"), FeedbackButton("👎", "bad")))


def ids(context, card=BOTH, feedback=RATED, *, calls_back=True):
    return [button.id for button in buttons_of(context, card, feedback, calls_back=calls_back)]


@pytest.mark.parametrize("phase", [CardPhase.THINKING, CardPhase.STREAMING])
def test_a_growing_answer_can_be_stopped(phase):
    assert ids(CardContext(phase)) == ["stop"]
    assert ids(CardContext(phase), NONE) == []


def test_a_complete_answer_can_be_rated_and_asked_again():
    assert ids(CardContext(CardPhase.FINAL)) == ["feedback:good", "feedback:bad", "regenerate"]
    assert ids(CardContext(CardPhase.FINAL), NONE) == ["feedback:good", "feedback:bad"]


@pytest.mark.parametrize("phase", [CardPhase.ERROR, CardPhase.STOPPED])
def test_an_answer_that_broke_off_can_be_asked_again(phase):
    assert ids(CardContext(phase)) == ["regenerate"]
    assert ids(CardContext(phase), NONE) == []


def test_what_we_cut_off_can_always_be_asked_again():
    assert ids(CardContext(CardPhase.STOPPED, retry=True), NONE) == ["regenerate"]


def test_what_was_asked_again_is_not_asked_a_third_time():
    assert ids(CardContext(CardPhase.FINAL, replaced=True)) == ["feedback:good", "feedback:bad"]
    assert ids(CardContext(CardPhase.STOPPED, retry=True, replaced=True)) == []


def test_where_nobody_hears_of_clicks_only_ratings_are_shown():
    assert ids(CardContext(CardPhase.FINAL), calls_back=False) == ["feedback:good", "feedback:bad"]
    assert ids(CardContext(CardPhase.STREAMING), calls_back=False) == []
    assert ids(CardContext(CardPhase.STOPPED, retry=True), calls_back=False) == []


def test_labels_are_the_bot_files_and_the_chosen_rating_is_marked():
    to_text = [*buttons_of(CardContext(CardPhase.FINAL, chosen="bad"), BOTH, RATED, calls_back=True)]
    assert [button.label for button in to_text] == ["👍", "👎", "再来"]
    assert [button.chosen for button in to_text] == [False, True, False]
