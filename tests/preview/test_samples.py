import pytest
from dingtalk_cards import prepare_card

from imbot.config.loader import Loader
from imbot.model import CardPhase
from imbot.preview.samples import SAMPLES, given, sample_context


@pytest.fixture
def card(bots):
    (spec,) = Loader(bots, no_env=True).load().specs
    return prepare_card(spec)


def sample(name):
    return next(sample for sample in SAMPLES if sample.name == name)


def test_the_answer_grows_from_phase_to_phase(card):
    texts = [
        sample_context(sample("long"), phase, card).answer
        for phase in (
            CardPhase.THINKING,
            CardPhase.ERROR,
            CardPhase.STOPPED,
            CardPhase.STREAMING,
            CardPhase.FINAL,
        )
    ]
    assert texts[0] == ""
    assert texts[-1] == sample("long").answer
    assert sorted(texts, key=len) == texts
    assert len(set(texts)) == 5
    assert all(texts[-1].startswith(text) for text in texts)


@pytest.mark.parametrize("phase", [CardPhase.ERROR, CardPhase.STOPPED])
def test_what_went_wrong_is_told_in_the_words_of_the_bot(card, phase):
    context = sample_context(sample("short"), phase, card)
    assert context.error == card.text(str(phase), context)
    assert context.error


def test_no_answer_ends_in_the_words_of_the_bot(card):
    context = sample_context(sample("unknown"), CardPhase.FINAL, card)
    assert context.answer == card.text("not_found", context)
    assert sample_context(sample("unknown"), CardPhase.STREAMING, card).reasoning


def test_only_a_final_card_has_suggestions_and_a_rating(card):
    for phase in CardPhase:
        context = sample_context(sample("suggestions"), phase, card, "good")
        assert bool(context.suggestions) == bool(context.chosen) == (phase is CardPhase.FINAL)


def test_given_texts_are_taken_as_they_are(card):
    context = sample_context(given("Why?", "Because {{ 7*7 }}."), CardPhase.FINAL, card)
    assert (context.question, context.answer) == ("Why?", "Because {{ 7*7 }}.")
