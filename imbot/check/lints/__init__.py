"""Lints: what is allowed in a bot file but doubtful, as warnings that ``check`` adds to the problems.

Each lint is a module; ``ignores`` lets comments in a file silence warnings of any origin.
"""

from collections.abc import Iterator

from imbot.check.lints.braces import stray_braces
from imbot.check.lints.buttons import unshown_buttons
from imbot.check.lints.final import final_without_answer
from imbot.check.lints.keys import deprecated_keys, literal_secrets, weak_secrets
from imbot.check.lints.throttle import hasty_throttle
from imbot.check.lints.user_text import marked_up_user_text
from imbot.config.loader import BotFile
from imbot.config.loader.defaults import Defaults
from imbot.config.loader.merge import merged
from imbot.config.loader.schema_choice import whole_schema
from imbot.config.schema import Schema
from imbot.config.yamlfile import YamlFile
from imbot.errors import Problem
from imbot.problems.sources import Sources


def lint(file: BotFile, sources: Sources, defaults: Defaults) -> Iterator[Problem]:
    """The warnings for one bot file."""
    source = sources.of(file.path)
    if source is not None and source.yaml is not None:
        whole = merged(defaults.file, source.yaml) if defaults.file else source.yaml
        literal = list(_doubtful_keys(source.yaml, whole_schema(whole.value)))
        yield from literal
        if file.spec:
            yield from weak_secrets(file.spec, {each.pointer for each in literal})
    if file.spec:
        yield from stray_braces(file.spec)
        yield from hasty_throttle(file.spec)
        yield from unshown_buttons(file.spec)
        yield from final_without_answer(file.spec)
        yield from marked_up_user_text(file.spec)


def lint_defaults(defaults: Defaults, sources: Sources) -> Iterator[Problem]:
    """The warnings for the defaults."""
    source = sources.of(defaults.path)
    if source is not None and source.yaml is not None:
        yield from _doubtful_keys(source.yaml, whole_schema(source.yaml.value))


def _doubtful_keys(file: YamlFile, schema: Schema) -> Iterator[Problem]:
    yield from literal_secrets(file, schema)
    yield from deprecated_keys(file, schema)
