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

_TAGS = [
    "block",
    "call",
    "elif",
    "else",
    "endblock",
    "endcall",
    "endfilter",
    "endfor",
    "endif",
    "endmacro",
    "endraw",
    "endset",
    "endwith",
    "extends",
    "filter",
    "for",
    "from",
    "if",
    "import",
    "include",
    "macro",
    "raw",
    "set",
    "with",
]
_ESCAPING = frozenset({"e", "escape", "forceescape", "safe", "striptags", "xmlattr"})
_TOKENS = {
    "end of print statement": "}}",
    "end of statement block": "%}",
    "name": "a name",
    "string": "a text",
}
_OPENERS = {"end of print statement": "{{", "end of statement block": "{%"}
_FUNCTION = r"(?:sync_)?(?:do_|_)?(\w+)\(\)"


def explain_error(error: Exception) -> Explanation:
    """Message and hint for an exception."""
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
            return words(*found.groups())
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
    hint = f"expected {_TOKENS.get(wanted, wanted)}"
    return ("the expression ends too early" if got in _TOKENS else f"`{got}` does not fit here"), hint


def _no_expression(got: str) -> Explanation:
    example = "{% if answer %}" if got == "end of statement block" else "{{ answer }}"
    message = "an expression is missing" if got in _TOKENS else f"`{got}` cannot begin an expression"
    return message, f"for example {example}"


def _strange(character: str) -> Explanation:
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
