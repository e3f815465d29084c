"""What a valid file means."""

import pytest
from botfolder import bot, load, one, spec_of, write

from imbot.model import CardPhase
from imbot.spec import Access, Folder, Limits, Secret


def test_the_smallest_file_gets_every_default(tmp_path):
    spec = spec_of(tmp_path, bot())
    assert (spec.name, spec.title, spec.type, spec.enabled) == ("a", "a", "dingtalk-stream", True)
    assert (spec.timeouts.connect_s, spec.timeouts.total_s) == (10.0, 3600.0)
    assert (spec.history.turns, spec.history.chars) == (10, 20000)
    assert (spec.conversation.group, spec.conversation.idle_s) == ("per_sender", 3600.0)
    assert (spec.throttle.pace, spec.throttle.interval_s, spec.throttle.max_updates) == ("adaptive", 1.0, 20)
    assert (spec.card.kind, spec.card.own, spec.card.mention_sender) == ("ai", {}, False)
    assert spec.feedback.buttons == ()
    assert "/new" in spec.commands.new
    assert spec.texts.keys() >= {"thinking", "error", "stopped", "not_found", "unsupported", "help", "new"}
    assert spec.limits == Limits(2, 100, 200, 20_000, 50_000)
    assert spec.access == Access(None, None, ())


def test_credentials_hold_the_identity_in_the_open_and_the_rest_as_secrets(tmp_path):
    spec = spec_of(tmp_path, bot("ding1"))
    assert spec.identity == "ding1"
    assert spec.credentials == {"client_id": "ding1", "client_secret": Secret("s3cr3t-value")}
    assert "s3cr3t" not in repr(spec)


def test_agent_settings_have_defaults_and_seconds_and_no_type(tmp_path):
    spec = spec_of(tmp_path, bot(more="  delay: 500ms\n"))
    assert spec.agent.type == "echo"
    assert spec.agent.settings["delay"] == 0.5
    assert "type" not in spec.agent.settings


@pytest.mark.parametrize(("text", "seconds"), [("1ms", 0.001), ("20s", 20.0), ("5m", 300.0), ("2h", 7200.0)])
def test_durations_become_seconds(tmp_path, text, seconds):
    assert spec_of(tmp_path, bot(more=f"timeouts: {{total: {text}}}\n")).timeouts.total_s == seconds


def test_a_whole_number_may_be_written_with_a_point(tmp_path):
    turns = spec_of(tmp_path, bot(more="history: {turns: 5.0}\n")).history.turns
    assert (turns, type(turns)) == (5, int)


def test_the_marks_place_values_of_the_file(tmp_path):
    spec = spec_of(tmp_path, bot())
    assert (spec.marks.values["/agent/type"].line, spec.marks.values["/agent/type"].column) == (5, 9)
    assert spec.agent.marks is spec.card.marks is spec.marks
    assert spec.path == spec.agent.path == str(tmp_path / "bots/a.yaml")


def test_feedback_buttons_keep_their_order(tmp_path):
    more = "feedback: {buttons: [{label: 好, rating: up}, {label: 差, rating: down}], thanks: 谢谢}\n"
    feedback = spec_of(tmp_path, bot(more=more)).feedback
    assert [(button.label, button.rating) for button in feedback.buttons] == [("好", "up"), ("差", "down")]
    assert feedback.thanks == "谢谢"


def test_layouts_come_from_the_file_and_from_files(tmp_path):
    layouts = {
        "cards/final.yaml": 'msgContent: |\n  {{ answer }}\n  {% include "cards/foot.j2" %}\n',
        "cards/foot.j2": "{% from 'cards/macros.j2' import line %}",
        "cards/macros.j2": "{% macro line() %}--{% endmacro %}",
        "cards/unused.j2": "nobody asks",
    }
    more = 'card: {templates: {final: {file: cards/final.yaml}, error: {msgContent: "{{ error }}"}}}\n'
    (file,) = load(write(tmp_path / "bots", {"a.yaml": bot(more=more), **layouts}))
    card = file.spec.card
    final, error = card.templates[CardPhase.FINAL], card.templates[CardPhase.ERROR]
    assert final.value["msgContent"].startswith("{{ answer }}\n")
    assert (final.path, final.pointer) == (str(tmp_path / "bots/cards/final.yaml"), "")
    assert final.marks.texts["/msgContent"].line == 2
    assert (error.path, error.pointer) == (file.path, "/card/templates/error")
    assert list(card.files) == ["cards/foot.j2", "cards/macros.j2"]
    assert card.files["cards/macros.j2"].text == layouts["cards/macros.j2"]


def test_the_texts_may_include_files_too(tmp_path):
    files = {"a.yaml": bot(more="texts: {help: \"{% include 'help.j2' %}\"}\n"), "help.j2": "Ask."}
    (file,) = load(write(tmp_path / "bots", files))
    assert file.spec.card.files["help.j2"].text == "Ask."


def test_a_knowledge_folder_is_read_with_what_lies_deeper(tmp_path):
    agent = "credentials: {client_id: x, client_secret: y}\nagent: {type: faq, knowledge: kb/}\n"
    knowledge = {
        "kb/b.md": "# B\nb",
        "kb/a/a.md": "# A\na",
        "kb/no.txt": "",
        "kb/.draft.md": "",
        "kb/..data/b.md": "",
    }
    (file,) = load(write(tmp_path / "bots", {"a.yaml": agent, **knowledge}))
    folder = file.spec.agent.settings["knowledge"]
    assert isinstance(folder, Folder)
    assert [each.path for each in folder.files] == [
        str(tmp_path / "bots/kb" / name) for name in ("a/a.md", "b.md")
    ]
    assert str(tmp_path / "bots/kb/b.md") in file.sources


def test_own_templates_have_keys_nobody_knows(tmp_path):
    more = "card: {template_id: t1.schema, content_key: text, templates: {final: {text: x, rows: [1]}}}\n"
    card = spec_of(tmp_path, bot(more=more)).card
    assert card.own == {"template_id": "t1.schema", "content_key": "text"}
    assert card.templates[CardPhase.FINAL].value == {"text": "x", "rows": [1]}


def test_a_file_that_is_not_enabled_is_still_judged(tmp_path):
    assert one(tmp_path, bot(more="enabled: false\nthrottle: {pace: x}\n")).spec is None
    assert spec_of(tmp_path, bot(more="enabled: false\n")).enabled is False
