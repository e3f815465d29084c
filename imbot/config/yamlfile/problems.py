"""The problems of one YAML file: collected while it is read, and raised together."""

from dataclasses import dataclass
from typing import NoReturn

from imbot.config.yamlfile.lines import Lines
from imbot.errors import ConfigError, Problem, Span

_ENOUGH = 20


@dataclass(frozen=True, slots=True)
class YamlFault:
    """A problem between two offsets of a text."""

    start: int
    end: int
    code: str
    message: str
    hint: str


class Problems:
    """The problems of one file found so far."""

    def __init__(self, path: str, text: str) -> None:
        self._path = path
        self._text = text
        self._found: list[Problem] = []

    def add(self, span: Span, code: str, message: str, hint: str, pointer: str = "") -> None:
        """Add a problem and go on reading; raises ConfigError when there are too many."""
        self._found.append(Problem.at(self._path, span, code, message, hint, pointer=pointer))
        if len(self._found) == _ENOUGH:
            raise ConfigError(self._found)

    def stop(self, span: Span, code: str, message: str, hint: str) -> NoReturn:
        """Raise all problems with this one last, because nothing can be read after it."""
        raise ConfigError([*self._found, Problem.at(self._path, span, code, message, hint)])

    def stop_at(self, fault: YamlFault) -> NoReturn:
        """The same for a fault known by its offsets."""
        span = Lines(self._text).span(fault.start, fault.end)
        self.stop(span, fault.code, fault.message, fault.hint)

    def check(self, from_line: int = 1) -> None:
        """Raise if there are problems from that line on: they have probably caused the parser's error."""
        if any(problem.line >= from_line for problem in self._found):
            raise ConfigError(self._found)
