"""``imbot layouts``: what it prints is what cards are drawn with, and can be copied."""

import pytest
import yaml
from botfolder import bot, write
from click.testing import CliRunner

from imbot.behaviour import prepare
from imbot.cards.kinds import kind_class, read_layouts
from imbot.cli import main
from imbot.config import schema
from imbot.config.loader import Loader
from imbot.model import CardPhase
from imbot.platforms import DEFAULT_TYPE, platform_type

KINDS = schema.names("cards")


def printed(*words):
    done = CliRunner().invoke(main, ["layouts", *words])
    assert done.exit_code == 0, done.output
    return done.output


def built_in(kind):
    return read_layouts(kind_class(kind, platform_type(DEFAULT_TYPE)).built_in)


@pytest.mark.parametrize("kind", KINDS)
def test_the_layouts_of_a_kind_are_those_that_its_cards_are_drawn_with(kind):
    assert yaml.safe_load(printed(kind)) == {phase.value: layout for phase, layout in built_in(kind).items()}


@pytest.mark.parametrize("phase", CardPhase)
@pytest.mark.parametrize("kind", KINDS)
def test_a_phase_is_printed_as_a_file_that_a_bot_may_name(kind, phase, tmp_path):
    text = printed(kind, "--phase", phase.value)
    more = f"card: {{kind: {kind}, templates: {{{phase.value}: {{file: cards/x.yaml}}}}}}\n"
    folder = write(tmp_path / "bots", {"a.yaml": bot(more=more), "cards/x.yaml": text})

    (file,) = Loader(folder, no_env=True).load().files

    assert yaml.safe_load(text) == built_in(kind)[phase]
    assert not [problem for problem in file.problems if problem.severity == "error"]
    prepare(file.spec)


def test_without_a_kind_all_are_printed():
    assert all(printed(kind) in printed() for kind in KINDS)


@pytest.mark.parametrize(
    ("kind", "said"), [("ia", "did you mean `ai`?"), ("zzz", "there are: ai, markdown, standard")]
)
def test_an_unknown_kind_is_wrong_use(kind, said):
    done = CliRunner().invoke(main, ["layouts", kind])
    assert (done.exit_code, said in done.output) == (2, True)
