"""DingTalk: a platform type that reaches people over its Stream mode."""

from urllib.parse import quote

from imbot.cards import MARKDOWN
from imbot.model import CardPhase
from imbot.platforms import PlatformType
from imbot.spec import CardSpec
from imbot.usage.accounting import Calendar


def calls_of(card: CardSpec, phase: CardPhase) -> int:
    """How many calls it takes to show a card in a phase.

    The end of a card with the app's own template takes two: one for its variables, one to end its streaming.
    """
    from imbot.cards.kinds import open_kind  # it imports YAML, which the table of types does without

    if not open_kind(card, STREAM).live:
        return int(phase.terminal)
    return 2 if phase.terminal and card.own else 1


def say_link(text: str) -> str:
    """The address of a link that sends a text to the chat when it is pressed."""
    return f"dtmd://dingtalkclient/sendMessage?content={quote(text)}"


STREAM = PlatformType(
    name="dingtalk-stream",
    gateway="imbot.platforms.dingtalk.gateway:DingTalkGateway",
    dry_run="imbot.platforms.dingtalk.dry_run:DingTalkDryRun",
    diagnosis="imbot.platforms.dingtalk.diagnosis:DingTalkDiagnosis",
    kinds={
        "ai": "imbot.platforms.dingtalk.kinds.ai:AiKind",
        "standard": "imbot.platforms.dingtalk.kinds.standard:StandardKind",
        "markdown": MARKDOWN,
    },
    calls_of=calls_of,
    renderer="imbot.platforms.dingtalk.renderer",
    simulator="imbot.platforms.dingtalk.simulator:Simulator",
    month=Calendar(utc_offset_h=8),  # the time of Shanghai
    say_link=say_link,
)
