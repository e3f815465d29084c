"""What every platform type must have, whoever adds one."""

import subprocess
import sys

import pytest

from imbot.cards import prepare_card
from imbot.cards.kinds import open_kind, read_layouts
from imbot.cards.layout import compile_layout
from imbot.cards.samples import samples
from imbot.config import schema
from imbot.model import CardPhase
from imbot.platforms import TYPES, open_dry_run, platform_type
from imbot.spec import CardSpec
from imbot.templates.budget import Budget

KINDS = [(name, kind) for name in TYPES for kind in platform_type(name).kinds]


def test_every_type_has_its_schema_and_every_schema_its_type():
    assert tuple(sorted(TYPES)) == schema.names("types")


@pytest.mark.parametrize("name", TYPES)
def test_a_type_is_called_what_the_table_says_and_its_schema_lists_its_kinds(name):
    assert platform_type(name).name == name
    assert schema.source(f"types/{name}")["x-kinds"] == list(platform_type(name).kinds)


@pytest.mark.parametrize("name", TYPES)
def test_a_type_has_a_dry_run(name):
    async def called(_):
        pass

    assert open_dry_run(name, called)


def test_every_kind_has_its_schema_and_every_schema_its_kind():
    assert {kind for _, kind in KINDS} == set(schema.names("cards"))


@pytest.mark.parametrize(("name", "kind"), KINDS)
def test_a_kind_is_called_what_its_type_says_and_has_all_phases(name, kind):
    opened = open_kind(CardSpec(kind), platform_type(name))
    assert opened.name == kind
    assert set(read_layouts(opened.built_in)) == set(opened.layouts) == set(CardPhase)


@pytest.mark.parametrize("phase", list(CardPhase))
@pytest.mark.parametrize(("name", "kind"), KINDS)
def test_built_in_layouts_fit_their_schema_whatever_the_turn(bot, name, kind, phase):
    opened = open_kind(CardSpec(kind), platform_type(name))
    card = prepare_card(bot(f"card: {{kind: {kind}}}"), platform_type(name))
    layout = compile_layout(read_layouts(opened.built_in)[phase], ())
    assert not layout.faults
    for sample in samples(phase):
        with Budget(len(sample.context.answer)):
            drawn = layout.draw(card.variables(sample.context))
        assert schema.violations(opened.part, drawn) == []


def test_looking_at_the_seams_imports_no_library_of_theirs():
    code = (
        "import sys, imbot.cards, imbot.platforms.dingtalk;"
        "sys.exit(bool({'jinja2', 'yaml', 'aiohttp', 'asyncio', 'dingtalk_stream'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
