import subprocess
import sys

import pytest

from imbot.cards import KINDS
from imbot.cards.compile import compile_checked
from imbot.cards.kinds import built_in, open_kind
from imbot.cards.layout import compile_layout
from imbot.cards.samples import samples
from imbot.config import schema
from imbot.model import CardPhase
from imbot.spec import CardSpec
from imbot.templates.budget import Budget


def test_every_kind_has_its_schema_and_every_schema_its_kind():
    assert tuple(sorted(KINDS)) == schema.names("cards")


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_is_called_what_the_table_says_and_has_all_phases(name):
    kind = open_kind(CardSpec(name))
    assert kind.name == name
    assert set(built_in(name)) == set(kind.layouts) == set(CardPhase)


@pytest.mark.parametrize("phase", list(CardPhase))
@pytest.mark.parametrize("name", KINDS)
def test_built_in_layouts_fit_their_schema_whatever_the_turn(bot, name, phase):
    kind, card = open_kind(CardSpec(name)), compile_checked(bot(f"card: {{kind: {name}}}"))
    layout = compile_layout(built_in(name)[phase], ())
    assert not layout.faults
    for sample in samples(phase):
        with Budget(len(sample.context.answer)):
            drawn = layout.draw(card.variables(sample.context))
        assert schema.violations(kind.part, drawn) == []


def test_looking_at_the_seam_imports_no_template_library():
    code = "import sys, imbot.cards; sys.exit('jinja2' in sys.modules or 'yaml' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
