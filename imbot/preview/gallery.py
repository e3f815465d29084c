"""The gallery: all cards that a bot would show for some sample turns.

``look`` draws it from a spec. ``to_json`` gives the output of ``imbot preview --json``, ``to_page`` the
input of the web page.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from imbot.cards import Card, prepare_card
from imbot.cards.buttons import button_id
from imbot.model import CardChange, CardPhase, CardView
from imbot.platforms import open_renderer, platform_type
from imbot.preview.samples import PreviewSample, sample_context
from imbot.spec import BotSpec


@dataclass(frozen=True, slots=True)
class Picture:
    """One sample turn in one phase. ``after`` are the changes of a click, by the id of the button.

    ``page_card`` is the card for its platform's renderer; None if there is only a message.
    """

    sample: str
    view: CardView
    after: Mapping[str, Mapping[str, Any]]
    page_card: Mapping[str, Any] | None

    def to_json(self) -> dict[str, Any]:
        """The card's data as it would be sent, for authors of templates."""
        view = self.view
        return {
            "sample": self.sample,
            "phase": str(view.phase),
            "data": view.data,
            "title": view.title,
            "text": view.text,
        }

    def to_page(self) -> dict[str, Any]:
        """The same with the input of the page's renderer; ``card`` is null if there is only a message."""
        card = self.page_card and {**self.page_card, "id": f"{self.sample}-{self.view.phase}"}
        return {**self.to_json(), "card": card, "after": self.after}


@dataclass(frozen=True, slots=True)
class Gallery:
    """The pictures of one bot, sample by sample."""

    spec: BotSpec
    pictures: tuple[Picture, ...]

    def to_json(self) -> dict[str, Any]:
        """What all pictures have in common."""
        views = (picture.view for picture in self.pictures)
        return {
            "name": self.spec.name,
            "title": self.spec.title,
            "path": self.spec.path,
            "kind": self.spec.card.kind,
            "template_id": next((view.native.get("template_id", "") for view in views), ""),
        }


def draw(spec: BotSpec, samples: Iterable[PreviewSample], phases: Iterable[CardPhase]) -> Gallery:
    """Draw a bot's cards. Raises ConfigError if a layout cannot be drawn.

    A card kind that shows only the end of a turn has no pictures of earlier phases.
    """
    card, phases = prepare_card(spec, platform_type(spec.type)), tuple(phases)
    shown = [phase for phase in phases if card.live or phase.terminal]
    return Gallery(spec, tuple(_pictures(spec, card, samples, shown)))


def _pictures(
    spec: BotSpec, card: Card, samples: Iterable[PreviewSample], phases: Iterable[CardPhase]
) -> Iterator[Picture]:
    for sample in samples:
        if sample.rated and not spec.feedback.buttons:
            continue
        for phase in phases:
            yield _picture(spec, card, sample, phase)


def _picture(spec: BotSpec, card: Card, sample: PreviewSample, phase: CardPhase) -> Picture:
    ratings = [button.rating for button in spec.feedback.buttons]
    context = sample_context(sample, phase, card, ratings[0] if sample.rated else "")
    view = card.render(context)
    clicked = {
        button_id("feedback", rating): CardChange(view, card.render(replace(context, chosen=rating))).data
        for rating in (ratings if phase is CardPhase.FINAL else ())
    }
    return Picture(sample.name, view, clicked, open_renderer(spec.type).page_card(view))
