"""What is wrong in one YAML file: collected while its reading goes on, raised together."""

from dataclasses import dataclass
from typing import NoReturn

from imbot.config.yamlfile.lines import Lines
from imbot.errors import ConfigError, Problem, Span

_ENOUGH = 20


@dataclass(frozen=True, slots=True)
class YamlFault:
    """What is wrong between two offsets of a text, and the cure."""

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
        """Keep one and let the reading go on; when there are enough, raise."""
        self._found.append(Problem.at(self._path, span, code, message, hint, pointer=pointer))
        if len(self._found) == _ENOUGH:
            raise ConfigError(self._found)

    def stop(self, span: Span, code: str, message: str, hint: str) -> NoReturn:
        """Raise all, this one last: nothing can be read after it."""
        raise ConfigError([*self._found, Problem.at(self._path, span, code, message, hint)])

    def stop_at(self, fault: YamlFault) -> NoReturn:
        """The same for a fault known by its offsets."""
        span = Lines(self._text).span(fault.start, fault.end)
        self.stop(span, fault.code, fault.message, fault.hint)

    def check(self, from_line: int = 1) -> None:
        """Raise if there are any, from that line on: what the parser stumbles over next is an echo of those."""
        if any(problem.line >= from_line for problem in self._found):
            raise ConfigError(self._found)
