"""Cards as DingTalk shows them, for tests that need some platform's."""

from imbot import cards
from imbot.cards import kinds
from imbot.cards.compile import compile_checked as compile_on
from imbot.platforms.dingtalk import STREAM


def prepare_card(spec):
    return cards.prepare_card(spec, STREAM)


def compile_checked(spec):
    return compile_on(spec, STREAM)


def open_kind(spec):
    return kinds.open_kind(spec, STREAM)
