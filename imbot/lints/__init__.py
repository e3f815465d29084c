"""Lints: what a bot file may say and nobody should, as warnings that ``check`` adds to the problems.

Each lint is a module; ``ignores`` lets a comment in the file silence warnings of any origin.
"""

from collections.abc import Iterator

from imbot.errors import Problem
from imbot.lints.buttons import unshown_buttons
from imbot.lints.keys import deprecated_keys, literal_secrets
from imbot.lints.throttle import hasty_throttle
from imbot.loader import BotFile
from imbot.loader.defaults import Defaults
from imbot.loader.merge import merged
from imbot.loader.parts import whole_schema
from imbot.report.sources import Sources
from imbot.schema import Schema
from imbot.yamlfile import YamlFile


def lint(file: BotFile, sources: Sources, defaults: Defaults) -> Iterator[Problem]:
    """Everything that is doubtful in a bot file on its own."""
    source = sources.of(file.path)
    if source is not None and source.yaml is not None:
        whole = merged(defaults.file, source.yaml) if defaults.file else source.yaml
        yield from _doubtful_keys(source.yaml, whole_schema(whole.value))
    if file.spec:
        yield from hasty_throttle(file.spec)
        yield from unshown_buttons(file.spec)


def lint_defaults(defaults: Defaults, sources: Sources) -> Iterator[Problem]:
    """Everything that is doubtful in what bots share."""
    source = sources.of(defaults.path)
    if source is not None and source.yaml is not None:
        yield from _doubtful_keys(source.yaml, whole_schema(source.yaml.value))


def _doubtful_keys(file: YamlFile, schema: Schema) -> Iterator[Problem]:
    yield from literal_secrets(file, schema)
    yield from deprecated_keys(file, schema)
