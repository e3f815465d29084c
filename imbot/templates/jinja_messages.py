"""Jinja's errors as messages that tell the author of a template what to do.

``compile`` calls this for every exception of compiling or drawing.
"""

import re
from collections.abc import Callable
from typing import Any

from jinja2.exceptions import TemplateSyntaxError

from imbot.templates.budget import TooExpensiveError, UnsafeTemplateError
from imbot.templates.sandbox import FILTERS, TESTS, type_name
from imbot.text.suggestions import did_you_mean

Explanation = tuple[str, str]
"""A message, with the word it is about in backquotes, and a hint."""

# a tag -> an example of it, where it needs something after its name
_EXAMPLES = {
    "block": "{% block name %}",
    "call": "{% call button(answer) %}",
    "elif": "{% elif error %}",
    "extends": "{% extends 'base.j2' %}",
    "filter": "{% filter upper %}",
    "for": "{% for x in suggestions %}",
    "from": "{% from 'macros.j2' import button %}",
    "if": "{% if answer %}",
    "import": "{% import 'macros.j2' as macros %}",
    "include": "{% include 'part.j2' %}",
    "macro": "{% macro button(text) %}",
    "set": "{% set name = answer %}",
    "with": "{% with name = answer %}",
}
_BARE_TAGS = [
    "else", "endblock", "endcall", "endfilter", "endfor", "endif", "endmacro", "endraw", "endset", "endwith", "raw"
]  # fmt: skip
_TAGS = sorted([*_EXAMPLES, *_BARE_TAGS])
_ESCAPING = frozenset({"e", "escape", "forceescape", "safe", "striptags", "xmlattr"})
_TOKENS = {
    "end of print statement": "}}",
    "end of statement block": "%}",
    "name": "a name",
    "string": "a text",
}
_OPENERS = {"end of print statement": "{{", "end of statement block": "{%"}
_STATEMENT = re.compile(r"\{%[-+]?\s*(\w+)(.*?)[-+]?%\}")
_PRINT = re.compile(r"\{\{[-+]?()(.*?)[-+]?\}\}")
_WANTS_MORE = re.compile(r"(?:^|\b(?:and|as|else|if|import|in|is|not|or)|[^\w\s\"')\]}])$")
_FUNCTION = r"(?:sync_)?(?:do_|_)?(\w+)\(\)"


def explain_error(error: Exception, line: str = "") -> Explanation:
    """Message and hint for an exception; ``line`` is the line of the template that it is about."""
    if isinstance(error, UnsafeTemplateError):
        return str(error), error.hint
    if isinstance(error, TooExpensiveError | MemoryError):
        return str(error) or "the template needs too much memory", "make its loops and texts shorter"
    if isinstance(error, RecursionError):
        return "the template calls itself, or is nested too deeply", "make sure that the recursion ends"
    if isinstance(error, KeyError):
        return f"there is no {error}", ""
    phrase = (error.message if isinstance(error, TemplateSyntaxError) else str(error)) or type(error).__name__
    for pattern, words in _RULES:
        found = re.match(pattern, phrase)
        if found:
            ending = found[found.lastindex or 0]
            return (
                _too_early(ending, line)
                if ending in _OPENERS and words in _CUT_OFF
                else words(*found.groups())
            )
    message, _, hint = phrase.partition("\n")
    return message, hint


def _unclosed(token: str) -> Explanation:
    return f"`{_OPENERS[token]}` is not closed", f"close it with {_TOKENS[token]}"


def _tag_left_open(tag: str) -> Explanation:
    return f"`{tag}` is not closed", f"add {{% end{tag} %}}"


def _wrong_tag(tag: str, open_tag: str | None) -> Explanation:
    if tag not in _TAGS:
        return f"there is no tag `{tag}`", did_you_mean(tag, _TAGS, f"known tags: {', '.join(_TAGS)}")
    if open_tag is None:
        return f"`{tag}` has no opening tag", "remove it, or add the opening tag before it"
    return f"`{tag}` comes before `{open_tag}` is closed", f"close that first: {{% end{open_tag} %}}"


def _no_filter(name: str) -> Explanation:
    otherwise = f"known filters: {', '.join(sorted(name for name in FILTERS if name[0] != '_'))}"
    if name in _ESCAPING:
        otherwise = "leave it out: a card needs no escaping"
    return f"there is no filter `{name}`", did_you_mean(name, FILTERS, otherwise)


def _no_test(name: str) -> Explanation:
    known = [test for test in TESTS if test.isidentifier()]
    return f"there is no test `{name}`", did_you_mean(name, known, f"known tests: {', '.join(known)}")


def _unexpected(wanted: str, got: str) -> Explanation:
    if got == "=":
        return "a single `=` does not compare", "write =="
    if got == "if":
        return "`else if` does not fit here", "write elif"
    return f"`{got}` does not fit here", f"expected {_TOKENS.get(wanted, wanted)}"


def _no_expression(got: str) -> Explanation:
    return f"`{got}` cannot begin an expression", "for example {{ answer }}"


def _too_early(ending: str, line: str) -> Explanation:
    """What is missing in the first expression or tag of the line that wants more before its end."""
    pieces = (_PRINT if ending == "end of print statement" else _STATEMENT).findall(line)
    found = [piece for piece in pieces if piece[0] not in _BARE_TAGS] or [("", "")]
    tag, rest = next((each for each in found if _WANTS_MORE.search(each[1].strip())), found[-1])
    example = f"for example {_EXAMPLES.get(tag, '{{ answer }}')}"
    words = rest.split()
    if not words:
        return "an expression is missing", example
    goes_on = tag in ("", "if", "elif") and _WANTS_MORE.search(rest.strip())
    return "the expression ends too early", f"add what follows {words[-1]}" if goes_on else example


def _bracket(got: str, wanted: str) -> Explanation:
    return f"a closing {wanted} is missing", f"add it before the {got}"


def _strange(character: str) -> Explanation:
    if character == "}":
        return "`}` does not fit here", "an expression ends with two: }}"
    if character.isascii() and character not in "`\\":
        return f"`{character}` does not fit here", f"remove it, or write what is missing before {character}"
    return f"`{character}` does not fit here", "put texts in plain quotes, ' or \""


def _operands(operator: str, left: str, right: str) -> Explanation:
    message = f"`{operator}` does not work on a {type_name(left)} and a {type_name(right)}"
    return message, "join texts with ~; turn a text into a number with | int"


def _joined(other: str) -> Explanation:
    return _operands("+", "str", other)


def _no_function(kind: str) -> Explanation:
    return f"a {type_name(kind)} cannot be called", "leave out the brackets after its name"


def _unknown_argument(name: str, argument: str) -> Explanation:
    return f"`{name}` has no parameter `{argument}`", "check its parameters"


def _missing_argument(name: str, arguments: str) -> Explanation:
    return f"`{name}` needs {arguments.replace(chr(39), '')}", f"write {name}(...) with a value for each"


def _too_many_arguments(name: str) -> Explanation:
    return f"`{name}` takes fewer values", "check its parameters"


def _not_exported(text: str, name: str) -> Explanation:
    return f"`{text}` does not define `{name}`", "check the name of the macro"


def _constant(message: str, hint: str) -> Callable[..., Explanation]:
    return lambda *_: (message, hint)


_RULES: tuple[tuple[str, Callable[..., Explanation]], ...] = (
    (r"unexpected end of template, expected '(end of [\w ]+)'", _unclosed),
    (r"Missing end of comment tag", _constant("`{#` is not closed", "close it with #}")),
    (r"Missing end of raw directive", _constant("`raw` is not closed", "add {% endraw %}")),
    (r"Unexpected end of template\. .*'(\w+)'\.$", _tag_left_open),
    (r"Encountered unknown tag '(\w+)'\.(?:.* to be closed is '(\w+)')?", _wrong_tag),
    (r"the template '(.+)' \(imported on .*\) does not export the requested name '(\w+)'", _not_exported),
    (r"tag name expected", _constant("the name of a tag is missing", "for example {% if answer %}")),
    (r"No filter named '(\w+)'", _no_filter),
    (r"No test named '(\w+)'", _no_test),
    (r"expected token '(.+)', got '(.+)'", _unexpected),
    (r"Expected an expression, got '(.+)'", _no_expression),
    (r"unexpected '(.)', expected '(.)'", _bracket),
    (
        r"expected name or number",
        _constant("a name is missing after the dot", "for example {{ feedback.chosen }}"),
    ),
    (r"unexpected (?:char )?'(.+?)'", _strange),
    (r'can only concatenate \w+ \(not "(\w+)"\)', _joined),
    (r"unsupported operand type\(s\) for (\S+?):? (?:or [\w()]+: )?'(\w+)' and '(\w+)'", _operands),
    (r"'(\S+)' not supported between instances of '(\w+)' and '(\w+)'", _operands),
    (r"'(\w+)' object is not callable", _no_function),
    (rf"{_FUNCTION} got an unexpected keyword argument '(\w+)'", _unknown_argument),
    (rf"{_FUNCTION} missing \d+ required positional arguments?: (.+)", _missing_argument),
    (rf"{_FUNCTION} takes .*positional arguments?", _too_many_arguments),
    (
        r".*division by zero|.*modulo by zero",
        _constant("a division by zero", "check the number first, with {% if ... %}"),
    ),
    (
        r"'(\w+)' object is not iterable",
        lambda kind: (
            f"a {type_name(kind)} is not a list",
            "for example {% for x in suggestions %}",
        ),
    ),
)

_CUT_OFF = (_unexpected, _no_expression, _strange)  # which may be about the end of an expression or a tag


def word_of(message: str, line: str) -> tuple[int, int] | None:
    """Start and end, from 0, of the first word in a line that a message names in backquotes.

    None if none is.
    """
    for name in re.findall(r"`([^`]+)`", message):
        edge = r"\b" if re.fullmatch(r"\w+", name) else ""
        found: Any = re.search(edge + re.escape(name) + edge, line)
        if found:
            span: tuple[int, int] = found.span()
            return span
    return None
