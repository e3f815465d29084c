"""The shipped examples, damaged in every way a hand slips: no crash, no cascade, no secret in a message."""

import re
from pathlib import Path

import pytest
from botfolder import write
from planted import SECRET, problems_in

from imbot.cards.sample_render import render_samples

BOTS = Path(__file__).parents[2] / "bots"
ENVIRON = {"LLM_BASE_URL": "http://x", "LLM_API_KEY": SECRET}
MOST = 3


def folder_of(name):
    """A folder with one example and what it needs; its credentials stand in the file, secret and all."""
    text = (BOTS / name).read_text(encoding="utf-8")
    text = re.sub("<<[A-Z]+_CLIENT_ID>>", "ding1", re.sub("<<[A-Z]+_CLIENT_SECRET>>", SECRET, text))
    files = {path.relative_to(BOTS).as_posix(): path.read_bytes() for path in BOTS.glob("*/*.*")}
    return {name: text, **{name: content for name, content in files.items() if not name.startswith("snap")}}


def lines_of(text):
    return text.splitlines(keepends=True)


def each_line(change):
    """Mutations that change one line that says something."""

    def mutate(text):
        lines = lines_of(text)
        for index, line in enumerate(lines):
            if line.strip() and not line.startswith("#"):
                yield "".join([*lines[:index], *change(line), *lines[index + 1 :]])

    return mutate


def each_match(pattern, replacement):
    def mutate(text):
        for found in re.finditer(pattern, text, re.MULTILINE):
            yield text[: found.start()] + found.expand(replacement) + text[found.end() :]

    return mutate


def cut_off(text):
    return (text[:end] for end in range(0, len(text), 11))


def without_a_character(text):
    return (text[:at] + text[at + 1 :] for at in range(0, len(text), 7))


def with_a_character(text):
    signs = "\"'{}[]:,#&*!|>%@`-? \t\n<"
    return (text[:at] + signs[at % len(signs)] + text[at:] for at in range(0, len(text), 7))


MUTATIONS = {
    "a line is gone": each_line(lambda line: []),
    "a line stands twice": each_line(lambda line: [line, line]),
    "a line is deeper": each_line(lambda line: ["  " + line]),
    "a line is a little deeper": each_line(lambda line: [" " + line]),
    "a line is less deep": each_line(lambda line: [line.removeprefix("  ")]),
    "a line begins with a tab": each_line(lambda line: ["\t" + line]),
    "a line is a comment": each_line(lambda line: ["# " + line]),
    "a line is all there is": each_line(lambda line: [line.partition(":")[0] + "\n"]),
    "a colon is full-width": each_match(": ", "："),
    "a colon is gone": each_match(": ", " "),
    "a space is gone": each_match(r": (?=\S)", ":"),
    "quotes are others": each_match('"', "'"),
    "a quote is gone": each_match("[\"']", ""),
    "a bracket is gone": each_match(r"[\[\]{}]", ""),
    "a dash is gone": each_match(r"^( *)- ", r"\1  "),
    "a value is gone": each_match(r"(?<=: ).+$", ""),
    "a value is a number": each_match(r"(?<=: ).+$", "42"),
    "a value is a list": each_match(r"(?<=: ).+$", "[a, b]"),
    "a value is a mapping": each_match(r"(?<=: ).+$", "{a: b}"),
    "a value is true": each_match(r"(?<=: ).+$", "true"),
    "a value is an unset variable": each_match(r"(?<=: ).+$", "<<NOT_SET>>"),
    "a key is misspelt": each_match(r"\b(\w)(\w)(\w*)(?=:)", r"\2\1\3"),
    "a key is in capitals": each_match(r"\b([a-z])(\w*)(?=:)", r"X\2"),
    "a name in a template is misspelt": each_match(r"(\{[{%].*?\b\w)(\w)(\w+\b.*?[}%]\})", r"\1\3"),
    "a closing brace is gone": each_match(r"\}\}|%\}", "}"),
    "an opening brace is gone": each_match(r"\{\{|\{%", "{"),
    "a placeholder is damaged": each_match("<<|>>", "<"),
    "the file is cut off": cut_off,
    "a character is gone": without_a_character,
    "a character too many": with_a_character,
}
DAMAGED = [
    *(("support.yaml", "support.yaml"), ("support.yaml", "cards/support.yaml")),
    *(("assistant.yaml", "assistant.yaml"), ("echo.yaml", "echo.yaml")),
]


@pytest.mark.parametrize("mutation", MUTATIONS)
@pytest.mark.parametrize(("bot", "file"), DAMAGED, ids=lambda name: name)
def test_a_damaged_example_has_few_problems_and_no_secret_in_them(bot, file, mutation, tmp_path):
    files = folder_of(bot)
    folder = write(tmp_path / "bots", files)
    for text in dict.fromkeys(MUTATIONS[mutation](as_text(files[file]))):
        (folder / file).write_text(text, encoding="utf-8")
        problems = problems_in(folder, ENVIRON)
        shown = [str(problem) for problem in problems]
        assert len(problems) <= MOST, (shown, text)
        assert not any(SECRET in line for line in shown), (shown, text)
        assert all(problem.line >= 1 and problem.column >= 1 for problem in problems)


def as_text(content):
    return content.decode() if isinstance(content, bytes) else content


@pytest.mark.parametrize(("bot", "file"), DAMAGED, ids=lambda name: name)
def test_what_the_fast_library_passes_the_thorough_one_passes_too(bot, file, tmp_path, monkeypatch):
    files = folder_of(bot)
    folder = write(tmp_path / "bots", files)
    texts = [text for mutate in MUTATIONS.values() for text in mutate(as_text(files[file]))][::9]

    def found():
        for text in texts:
            (folder / file).write_text(text, encoding="utf-8")
            yield problems_in(folder, ENVIRON)

    with_both = list(found())
    monkeypatch.setattr("imbot.config.schema._is_valid", lambda *_: False)
    render_samples.cache_clear()

    assert list(found()) == with_both
