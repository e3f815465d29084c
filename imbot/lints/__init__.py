"""Lints: what a bot file may say and nobody should, as warnings that ``check`` adds to the problems.

Each lint is a module; ``ignores`` lets a comment in the file silence warnings of any origin.
"""

from collections.abc import Iterator

from imbot.errors import Problem
from imbot.lints.keys import deprecated_keys, literal_secrets
from imbot.lints.throttle import hasty_throttle
from imbot.loader import BotFile
from imbot.loader.botfile import whole_schema
from imbot.report.sources import Sources


def lint(file: BotFile, sources: Sources) -> Iterator[Problem]:
    """Everything that is doubtful in a bot file on its own."""
    source = sources.of(file.path)
    if source is not None and source.yaml is not None:
        schema = whole_schema(source.yaml.value)
        yield from literal_secrets(source.yaml, schema)
        yield from deprecated_keys(source.yaml, schema)
    if file.spec:
        yield from hasty_throttle(file.spec)
