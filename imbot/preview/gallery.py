"""The gallery: every card a bot would show for some sample turns, in the forms that leave here.

``look`` draws it from a spec; its ``to_json`` is what ``imbot preview --json`` prints, its ``to_page``
what the page draws.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from imbot.cards import Card, prepare_card
from imbot.model import CardPhase, CardView, button_id
from imbot.platforms import platform_type
from imbot.preview.samples import PreviewSample, sample_context
from imbot.spec import BotSpec

# How the simulator's page names the states of a card.
_STATES = {
    CardPhase.THINKING: "processing",
    CardPhase.STREAMING: "inputting",
    CardPhase.FINAL: "finished",
    CardPhase.ERROR: "failed",
    CardPhase.STOPPED: "finished",
}


@dataclass(frozen=True, slots=True)
class Picture:
    """One sample turn in one phase; ``after`` is what a click changes, by the id of the button."""

    sample: str
    view: CardView
    after: Mapping[str, Mapping[str, Any]]

    def to_json(self) -> dict[str, Any]:
        """What would be sent, for people who write templates."""
        view = self.view
        return {
            "sample": self.sample,
            "phase": str(view.phase),
            "data": view.data,
            "title": view.title,
            "text": view.text,
        }

    def to_page(self) -> dict[str, Any]:
        """The same for the page: a card as its renderer takes it, or null where there is only a message."""
        view = self.view
        card = {
            "id": f"{self.sample}-{view.phase}",
            "template": view.template_id,
            "data": view.data,
            "private": {},
            "state": _STATES[view.phase]
            if view.content_key
            else "finished",  # what cannot stream has no state
            "streamed": view.content_key or None,
            "callback": True,
        }
        shown = card if view.template_id else None
        return {**self.to_json(), "card": shown, "after": self.after}


@dataclass(frozen=True, slots=True)
class Gallery:
    """The pictures of one bot, sample by sample."""

    spec: BotSpec
    pictures: tuple[Picture, ...]

    def to_json(self) -> dict[str, Any]:
        """What is the same for all pictures."""
        card = self.spec.card
        return {
            "name": self.spec.name,
            "title": self.spec.title,
            "path": self.spec.path,
            "kind": card.kind,
            "template_id": next((picture.view.template_id for picture in self.pictures), card.template_id),
        }


def draw(spec: BotSpec, samples: Iterable[PreviewSample], phases: Iterable[CardPhase]) -> Gallery:
    """Draw a bot's cards. Raises ConfigError where a layout would not draw.

    A kind that shows nothing before the end has no pictures of it.
    """
    card, phases = prepare_card(spec, platform_type(spec.type)), tuple(phases)
    shown = [phase for phase in phases if card.live or phase.terminal]
    return Gallery(spec, tuple(_pictures(spec, card, samples, shown)))


def _pictures(
    spec: BotSpec, card: Card, samples: Iterable[PreviewSample], phases: Iterable[CardPhase]
) -> Iterator[Picture]:
    ratings = [button.rating for button in spec.feedback.buttons]
    for sample in samples:
        if sample.rated and not ratings:
            continue
        for phase in phases:
            yield _picture(card, sample, phase, ratings)


def _picture(card: Card, sample: PreviewSample, phase: CardPhase, ratings: list[str]) -> Picture:
    context = sample_context(sample, phase, card, ratings[0] if sample.rated else "")
    view = card.render(context)
    clicked = {
        button_id("feedback", rating): card.changed(view, card.render(replace(context, chosen=rating)))
        for rating in (ratings if phase is CardPhase.FINAL else ())
    }
    return Picture(sample.name, view, clicked)
