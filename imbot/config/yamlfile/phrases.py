"""The error texts of YAML's parsers, and what each means for the author of the file.

libyaml and PyYAML's own parser use different texts; a test produces every one of them from a real file.
A text must match as a whole: a new one that only resembles a known one would get the wrong hint.
"""

import re
from dataclasses import dataclass

from imbot.config.yamlfile.traps import QUOTE_IT
from imbot.config.yamlfile.tree import TOO_DEEP


@dataclass(frozen=True, slots=True)
class Rule:
    """The message for the parser texts ``phrases``, in which ``…`` stands for anything.

    ``opening``: point at where the construct begins. ``certain``: the file's text cannot explain it better.
    """

    phrases: tuple[str, ...]
    message: str
    hint: str
    code: str = "yaml.syntax"
    opening: bool = False
    certain: bool = False


OUT_OF_PLACE = Rule(
    (
        "did not find expected <document start>",
        "while parsing a block collection: did not find expected '-' indicator",
        "while parsing a block mapping: did not find expected key",
        "expected '<document start>', but found …",
        "while parsing a block collection: expected <block end>, but found …",
        "while parsing a block mapping: expected <block end>, but found …",
    ),
    "the indentation of this line does not fit the lines above",
    "lines of one mapping or list begin in the same column",
    code="yaml.indentation",
)
TWO_COLONS = Rule(
    ("mapping values are not allowed in this context", "mapping values are not allowed here"),
    "a key cannot begin here: the line above is a text",
    "check the indentation, and that the line above is key: value",
    code="yaml.indentation",
)
NO_COLON = Rule(
    ("while scanning a simple key: could not find expected ':'",),
    "expected key: value, but this line has no colon followed by a space",
    "add it; a text of several lines goes in quotes or below a |",
    opening=True,
)
RULES = (
    OUT_OF_PLACE,
    TWO_COLONS,
    NO_COLON,
    Rule(
        (
            "while scanning a quoted scalar: found unexpected end of stream",
            "while scanning a quoted scalar: found unexpected document indicator",
            "while scanning a quoted scalar: found unexpected document separator",
        ),
        "the quoted text that begins here is never closed",
        "add the closing quote",
        opening=True,
    ),
    Rule(
        (
            "while parsing a quoted scalar: found invalid Unicode character escape code",
            "found invalid Unicode character escape code",  # so `yamlfile` says it for PyYAML's parser
        ),
        "no character has this code",
        r"write the character itself (😀) instead of \uD83D\uDE00",
    ),
    Rule(
        (
            "while parsing a quoted scalar: found unknown escape character",
            "while parsing a quoted scalar: did not find expected hexdecimal number",
            "while scanning a double-quoted scalar: found unknown escape character …",
            "while scanning a double-quoted scalar: expected escape sequence of … hexadecimal numbers, but found …",
        ),
        "in double quotes a backslash begins an escape, and this is not a valid one",
        r"use single quotes, or write \\",
    ),
    Rule(
        ("block sequence entries are not allowed in this context", "sequence entries are not allowed here"),
        "a list cannot begin here",
        "begin it on a line of its own; quote a text that begins with a -",
    ),
    Rule(
        ("mapping keys are not allowed in this context", "mapping keys are not allowed here"),
        "a key cannot begin here",
        "quote a text that begins with ? and a space",
    ),
    Rule(
        (
            "while parsing a flow mapping: did not find expected ',' or '}'",
            "while parsing a flow sequence: did not find expected ',' or ']'",
            "while parsing a flow mapping: expected ',' or '}', but got …",
            "while parsing a flow sequence: expected ',' or ']', but got …",
        ),
        "a comma is missing here, or the bracket opened in line {line} is not closed",
        "check the brackets; quote texts that contain brackets, commas or colons",
    ),
    Rule(
        ("while scanning a plain scalar: found unexpected ':'",),
        "inside [ ] and { } an unquoted text cannot end with a colon",
        "put the text in quotes, or write key: value with a space after the colon",
        code="yaml.colon",
    ),
    Rule(
        (
            "while scanning a block scalar: did not find expected comment or line break",
            "while scanning a block scalar: found an indentation indicator equal to 0",
            "while scanning a block scalar: expected a comment or a line break, but found …",
            "while scanning a block scalar: expected chomping or indentation indicators, but found …",
            "while scanning a block scalar: expected indentation indicator in the range 1-9, but found 0",
        ),
        "the text of a | or > block must begin on the next line",
        "move it there, indented deeper than its key; quote a text that begins with | or >",
    ),
    Rule(
        (
            "while scanning an alias: did not find expected alphabetic or numeric character",
            "while scanning an anchor: did not find expected alphabetic or numeric character",
            "while scanning an alias: expected alphabetic or numeric character, but found …",
            "while scanning an anchor: expected alphabetic or numeric character, but found …",
        ),
        "a text that begins with * or & needs quotes",
        QUOTE_IT,
    ),
    Rule(
        (
            "while parsing a node: found undefined tag handle",
            "while parsing a tag: did not find expected tag URI",
            "while parsing a tag: did not find URI escaped octet",
            "while parsing a tag: found an incorrect leading UTF-8 octet",
            "while parsing a tag: found an incorrect trailing UTF-8 octet",
            "while scanning a tag: did not find expected whitespace or line break",
            "while scanning a tag: did not find the expected '>'",
            "while parsing a node: found undefined tag handle …",
            "while parsing a tag: expected '>', but found …",
            "while parsing a tag: expected URI, but found …",
            "while scanning a tag: expected ' ', but found …",
            "while scanning a tag: expected '!', but found …",
            "while scanning a tag: expected URI escape sequence of 2 hexadecimal numbers, but found …",
            "while scanning a tag: 'utf-8' codec can't decode …",
        ),
        "a text that begins with ! is a tag, and this one is unknown",
        QUOTE_IT,
        code="yaml.tag",
    ),
    Rule(
        (
            "found duplicate %TAG directive",
            "found duplicate %YAML directive",
            "found incompatible YAML document",
            "while scanning a directive: could not find expected directive name",
            "while scanning a directive: found unexpected non-alphabetical character",
            "while scanning a directive: found unknown directive name",
            "while scanning a directive: did not find expected comment or line break",
            "while scanning a %YAML directive: did not find expected digit or '.' character",
            "while scanning a %YAML directive: did not find expected version number",
            "while scanning a %YAML directive: found extremely long version number",
            "while scanning a %TAG directive: did not find expected whitespace",
            "while scanning a %TAG directive: did not find expected whitespace or line break",
            "while scanning a tag directive: did not find expected '!'",
            "while parsing a %TAG directive: did not find expected tag URI",
            "while parsing a %TAG directive: did not find URI escaped octet",
            "while parsing a %TAG directive: found an incorrect leading UTF-8 octet",
            "while parsing a %TAG directive: found an incorrect trailing UTF-8 octet",
            "while parsing a tag directive: did not find expected '!'",
            "duplicate tag handle …",
            "found duplicate YAML directive",
            "found incompatible YAML document (version 1.* is required)",
            "while scanning a directive: expected …, but found …",
            "while scanning a directive: 'utf-8' codec can't decode …",
            "while parsing a directive: expected …, but found …",
        ),
        "a line that begins with % is a directive, and this one is unknown",
        "delete it",
    ),
    Rule(
        (
            "while scanning for the next token: found character that cannot start any token",
            "while scanning for the next token: found character … that cannot start any token",
        ),
        "an unquoted text cannot begin with this character",
        QUOTE_IT,
    ),
    Rule(
        (
            "while scanning a plain scalar: found a tab character that violates indentation",
            "while scanning a block scalar: found a tab character where an indentation space is expected",
        ),
        "a tab in the indentation",
        "indent with spaces only",
        code="yaml.tab",
    ),
    Rule(
        (
            "while parsing a block node: did not find expected node content",
            "while parsing a flow node: did not find expected node content",
            "while parsing a block node: expected the node content, but found …",
            "while parsing a flow node: expected the node content, but found …",
        ),
        "a value is missing here, or there is a bracket or comma too many",
        "check the brackets and commas",
    ),
    Rule(
        (
            "while increasing block level: exceeded maximum nesting depth",
            "while increasing flow level: exceeded maximum nesting depth",
        ),
        TOO_DEEP[1],
        TOO_DEEP[2],
        code=TOO_DEEP[0],
        certain=True,
    ),
)


def _pattern(phrase: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, phrase.split("…"))), re.DOTALL)


_BY_PATTERN = [(_pattern(phrase), rule) for rule in RULES for phrase in rule.phrases]


def rule_of(phrase: str) -> Rule | None:
    """The rule for a parser's text; None for a text that is not in the table."""
    return next((rule for pattern, rule in _BY_PATTERN if pattern.fullmatch(phrase)), None)
