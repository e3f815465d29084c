"""Every phrase of the table is got from a real text, so that a parser which says something else is noticed here."""

from itertools import product

import pytest
import yaml

from imbot.config import yamlfile
from imbot.config.yamlfile import read_yaml
from imbot.config.yamlfile.phrases import RULES, _pattern, rule_of
from imbot.config.yamlfile.syntax import explain
from imbot.errors import ConfigError

PARSERS = {"libyaml": yamlfile._libyaml_events, "python": yamlfile._python_events}
# A text for each phrase. Where one text gets a phrase of either parser, both have it.
TEXTS = {
    "did not find expected <document start>": "  a: 1\nb: 2\n",
    "expected '<document start>', but found …": "  a: 1\nb: 2\n",
    "while parsing a block collection: did not find expected '-' indicator": "- a\nb: 1\n",
    "while parsing a block collection: expected <block end>, but found …": "- a\nb: 1\n",
    "while parsing a block mapping: did not find expected key": "b: 1\n- a\n",
    "while parsing a block mapping: expected <block end>, but found …": "b: 1\n- a\n",
    "mapping values are not allowed in this context": "a: 1\n  b: 2\n",
    "mapping values are not allowed here": "a: 1\n  b: 2\n",
    "while scanning a simple key: could not find expected ':'": "b: 1\nfoo\nc: 1\n",
    "while scanning a quoted scalar: found unexpected end of stream": 'a: "x\n',
    "while scanning a quoted scalar: found unexpected document indicator": 'a: "x\n---\nb: 1\n',
    "while scanning a quoted scalar: found unexpected document separator": 'a: "x\n---\nb: 1\n',
    "while parsing a quoted scalar: found invalid Unicode character escape code": 'a: "\\ud83d"\n',
    "found invalid Unicode character escape code": 'a: "\\ud83d"\n',
    "while parsing a quoted scalar: found unknown escape character": 'a: "C:\\path"\n',
    "while scanning a double-quoted scalar: found unknown escape character …": 'a: "C:\\path"\n',
    "while parsing a quoted scalar: did not find expected hexdecimal number": 'a: "C:\\xml"\n',
    "while scanning a double-quoted scalar: expected escape sequence of … hexadecimal numbers, but found …": (
        'a: "C:\\xml"\n'
    ),
    "block sequence entries are not allowed in this context": "a: - b\n",
    "sequence entries are not allowed here": "a: - b\n",
    "mapping keys are not allowed in this context": "a: ? b\n",
    "mapping keys are not allowed here": "a: ? b\n",
    "while parsing a flow mapping: did not find expected ',' or '}'": "a: {b: 1\nc: 2\n",
    "while parsing a flow mapping: expected ',' or '}', but got …": "a: {b: 1\nc: 2\n",
    "while parsing a flow sequence: did not find expected ',' or ']'": "a: [1, 2\nb: 3\n",
    "while parsing a flow sequence: expected ',' or ']', but got …": "a: [1, 2\nb: 3\n",
    "while scanning a plain scalar: found unexpected ':'": "a: {b: c:}\n",
    "while scanning a block scalar: did not find expected comment or line break": "a: |1 text\n",
    "while scanning a block scalar: expected a comment or a line break, but found …": "a: |1 text\n",
    "while scanning a block scalar: expected chomping or indentation indicators, but found …": "a: |text\n",
    "while scanning a block scalar: found an indentation indicator equal to 0": "a: |0\n",
    "while scanning a block scalar: expected indentation indicator in the range 1-9, but found 0": "a: |0\n",
    "while scanning an alias: did not find expected alphabetic or numeric character": "a: **x**\n",
    "while scanning an alias: expected alphabetic or numeric character, but found …": "a: **x**\n",
    "while scanning an anchor: did not find expected alphabetic or numeric character": "a: & b\n",
    "while scanning an anchor: expected alphabetic or numeric character, but found …": "a: & b\n",
    "while parsing a node: found undefined tag handle": "a: !e!foo x\n",
    "while parsing a node: found undefined tag handle …": "a: !e!foo x\n",
    "while parsing a tag: did not find expected tag URI": "a: !<\n",
    "while parsing a tag: expected URI, but found …": "a: !<\n",
    "while parsing a tag: did not find URI escaped octet": "a: !50% off\n",
    "while scanning a tag: expected URI escape sequence of 2 hexadecimal numbers, but found …": "a: !50% off\n",
    "while parsing a tag: found an incorrect leading UTF-8 octet": "a: !%ff\n",
    "while parsing a tag: found an incorrect trailing UTF-8 octet": "a: !%c3%28\n",
    "while scanning a tag: 'utf-8' codec can't decode …": "a: !%ff\n",
    "while scanning a tag: did not find expected whitespace or line break": "a: !b{c}\n",
    "while scanning a tag: expected ' ', but found …": "a: !b{c}\n",
    "while scanning a tag: did not find the expected '>'": "a: !<b\n",
    "while parsing a tag: expected '>', but found …": "a: !<b\n",
    "while scanning a tag: expected '!', but found …": "a: !b*c!\n",
    "found duplicate %TAG directive": "%TAG ! x\n%TAG ! x\n---\na: 1\n",
    "duplicate tag handle …": "%TAG ! x\n%TAG ! x\n---\na: 1\n",
    "found duplicate %YAML directive": "%YAML 1.1\n%YAML 1.1\n---\na: 1\n",
    "found duplicate YAML directive": "%YAML 1.1\n%YAML 1.1\n---\na: 1\n",
    "found incompatible YAML document": "%YAML 3.0\n---\na: 1\n",
    "found incompatible YAML document (version 1.* is required)": "%YAML 3.0\n---\na: 1\n",
    "while scanning a directive: could not find expected directive name": "% a\n",
    "while scanning a directive: found unexpected non-alphabetical character": "%a: 1\n",
    "while scanning a directive: found unknown directive name": "%a\n",
    "while scanning a directive: did not find expected comment or line break": "%YAML 1.1 x\n---\n",
    "while scanning a directive: expected …, but found …": "%a: 1\n",
    "while scanning a directive: 'utf-8' codec can't decode …": "%TAG ! %ff\n",
    "while scanning a %YAML directive: did not find expected digit or '.' character": "%YAML 1x\n",
    "while scanning a %YAML directive: did not find expected version number": "%YAML x\n",
    "while scanning a %YAML directive: found extremely long version number": "%YAML 11111111111\n",
    "while scanning a %TAG directive: did not find expected whitespace": "%TAG !\n",
    "while scanning a %TAG directive: did not find expected whitespace or line break": "%TAG ! x{\n",
    "while scanning a tag directive: did not find expected '!'": "%TAG x\n",
    "while parsing a tag directive: did not find expected '!'": "%TAG !a x\n",
    "while parsing a %TAG directive: did not find expected tag URI": "%TAG ! <\n",
    "while parsing a directive: expected …, but found …": "%TAG ! <\n",
    "while parsing a %TAG directive: did not find URI escaped octet": "%TAG ! 50%\n",
    "while parsing a %TAG directive: found an incorrect leading UTF-8 octet": "%TAG ! %ff\n",
    "while parsing a %TAG directive: found an incorrect trailing UTF-8 octet": "%TAG ! %c3%28\n",
    "while scanning for the next token: found character that cannot start any token": "a: @x\n",
    "while scanning for the next token: found character … that cannot start any token": "a: @x\n",
    "while scanning a plain scalar: found a tab character that violates indentation": "a: [b\n\tc]\n",
    "while scanning a block scalar: found a tab character where an indentation space is expected": "a: |\n\tx\n",
    "while parsing a block node: did not find expected node content": "a: ]\n",
    "while parsing a block node: expected the node content, but found …": "a: ]\n",
    "while parsing a flow node: did not find expected node content": "a: [, b]\n",
    "while parsing a flow node: expected the node content, but found …": "a: [, b]\n",
    "while increasing block level: exceeded maximum nesting depth": "- " * 2000,
    "while increasing flow level: exceeded maximum nesting depth": "[" * 2000,
}
SINCE = {
    "exceeded maximum nesting depth": (0, 2, 6)
}  # of libyaml; the others are older than any that is used

PIECES = [
    *("a", "b: ", "\n", "  ", "\t", "- ", "? ", "[", "]", "{", "}", ",", ":", "#", " #", "&x ", "*x", "& "),
    *(
        "!",
        "!!str ",
        "!<",
        "!e!x",
        "!%",
        "|",
        "|0",
        "> x\n",
        "'",
        '"',
        "\\",
        "\\x4",
        "\\ud83d",
        "\\U7fffffff",
    ),
    *(
        "@",
        "`",
        "%",
        "%YAML ",
        "%TAG ",
        "1.1",
        "---\n",
        "...\n",
        "--- ",
        "<<: ",
        "{{ x }}",
        "<<X:-",
        "😀",
        "：",
    ),
]


def said(parser, text):
    """The phrase in which a parser refuses a text; None where it does not."""
    try:
        for _ in PARSERS[parser](text):
            pass
    except yaml.MarkedYAMLError as error:
        return ": ".join(filter(None, (error.context, error.problem)))
    return None


def test_every_phrase_of_the_table_has_a_text():
    assert sorted(TEXTS) == sorted(phrase for rule in RULES for phrase in rule.phrases)


@pytest.mark.parametrize("phrase", TEXTS)
def test_a_phrase_is_said_of_a_real_text_and_gets_its_cure(phrase, monkeypatch):
    needed = next((version for words, version in SINCE.items() if words in phrase), (0,))
    if yaml._yaml.get_version() < needed:
        pytest.skip(f"libyaml {yaml._yaml.get_version_string()} does not say it")
    text = TEXTS[phrase]
    answers = {parser: said(parser, text) for parser in PARSERS}
    saying = [parser for parser, answer in answers.items() if answer and _pattern(phrase).fullmatch(answer)]
    assert saying, f"nobody says this, but: {answers}"
    (rule,) = [rule for rule in RULES if phrase in rule.phrases]
    for parser in saying:
        monkeypatch.setattr(yamlfile, "_events", PARSERS[parser])
        with pytest.raises(ConfigError) as caught:
            read_yaml(text.encode(), "a.yaml")
        problem = caught.value.problems[-1]
        assert (problem.code, problem.hint) == (rule.code, rule.hint)
        assert problem.message == rule.message.replace("{line}", "1")


@pytest.mark.parametrize("parser", PARSERS)
def test_the_parsers_have_no_phrase_that_is_unknown(parser):
    texts = ("".join(pieces) for pieces in product(PIECES, repeat=2))
    phrases = {answer for text in (*texts, *TEXTS.values()) if (answer := said(parser, text))}
    assert [phrase for phrase in sorted(phrases) if rule_of(phrase) is None] == []


@pytest.mark.parametrize(
    "phrase",
    [
        "found something that nobody has heard of",
        "while parsing a flow mapping: exceeded the number of ',' or '}'",
        "while scanning a quoted scalar: end of stream was expected earlier",
        "mapping values are not allowed in this context, nor in any other",
    ],
)
@pytest.mark.parametrize("text", ["a: {{ x }}\n", "a: <<X:-4, 5>>\n", "a：1\n", "\ta: 1\n", 'a: "x" y\n'])
def test_an_unknown_phrase_gets_a_neutral_cure(phrase, text):
    fault = explain(phrase, 3, 0, text)
    assert (fault.start, fault.code) == (3, "yaml.syntax")
    assert fault.message == "from here on the file cannot be read as YAML"
    assert fault.hint == "look for the mistake here or in the lines above"


def test_where_a_file_has_two_sides_of_a_merge_no_phrase_is_needed():
    fault = explain("found something that nobody has heard of", 3, None, "a: 1\n<<<<<<< ours\n")
    assert "merge conflict" in fault.message
