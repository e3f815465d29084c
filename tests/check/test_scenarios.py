"""The reload scenarios R-21 to R-53, as far as they concern what `check` finds."""

import pytest
from botfolder import bot, places, write
from planted import BOT, ENVIRON, LONGER, SECRET, problems_in
from scenario_texts import (
    AWKWARD_VALUES,
    ENCODINGS,
    ESCAPES,
    KEYS_THAT_ARE_NO_TEXTS,
    KEYS_THAT_ARE_TEXTS,
    LAYOUTS_OUTSIDE,
    NO_TEXTS,
    RUNAWAYS,
    TAGS,
    TEXTS_OUTSIDE,
    WORDS,
    WRONG_SECRETS,
    amplified,
    documents,
)

from imbot.behaviour import prepare
from imbot.config.loader import Loader


def found(tmp_path, files, environ=ENVIRON):
    files = files if isinstance(files, dict) else {"a.yaml": files}
    return tuple(problems_in(write(tmp_path / "bots", files), environ))


def spec(tmp_path, text, environ=ENVIRON):
    folder = write(tmp_path / "bots", {"a.yaml": text})
    (file,) = Loader(folder, environ=environ).load().files
    assert file.problems == ()
    return file.spec


def test_r21_a_position_is_right_after_wide_characters(tmp_path):
    assert places(found(tmp_path, BOT + "title: 客服😀: 小满\n")) == [(3, 11, "yaml.colon")]


def test_r22_a_file_that_is_right_again_is_what_it_was(tmp_path):
    folder = write(tmp_path / "bots", {"a.yaml": BOT})
    loader = Loader(folder, environ=ENVIRON)
    before = loader.load().specs
    write(folder, {"a.yaml": BOT + "titel: x\n"})
    assert loader.load().specs == ()
    write(folder, {"a.yaml": BOT})
    result = loader.load()
    assert result.problems == ()
    assert [spec.fingerprint for spec in result.specs] == [spec.fingerprint for spec in before]


@pytest.mark.parametrize("change", [lambda text: "\ufeff" + text, lambda text: text.replace("\n", "\r\n")])
def test_r23_byte_order_mark_and_line_ends_are_fine(tmp_path, change):
    assert found(tmp_path, change(LONGER)) == ()
    assert places(found(tmp_path, change(LONGER + "titel: x\n"))) == [(18, 1, "schema.unknown-key")]


@pytest.mark.parametrize(("encoding", "name", "title"), ENCODINGS)
def test_r23_other_encodings_are_named_with_the_remedy(tmp_path, encoding, name, title):
    (problem,) = found(tmp_path, {"a.yaml": (BOT + f"title: {title}\n").encode(encoding)})
    assert problem.message == f"the file is not UTF-8; it looks like {name}"
    assert problem.hint == "save it as UTF-8"


def test_r24_a_tab_is_pointed_at(tmp_path):
    (problem,) = found(tmp_path, LONGER.replace("  pace", "\tpace"))
    assert (problem.line, problem.column, problem.code) == (11, 1, "yaml.tab")


def test_r25_a_duplicate_key_tells_both_positions(tmp_path):
    (problem,) = found(tmp_path, BOT + "title: a\ntitle: b\n")
    assert (problem.line, problem.column) == (4, 1)
    assert "line 3, column 1" in problem.message


@pytest.mark.parametrize("key", KEYS_THAT_ARE_NO_TEXTS)
def test_r26_a_key_is_a_text(tmp_path, key):
    assert places(found(tmp_path, BOT + f"{key}: x\n")) == [(3, 1, "yaml.key-type")]


@pytest.mark.parametrize("key", KEYS_THAT_ARE_TEXTS)
def test_r26_what_yaml_1_2_takes_for_a_text_is_an_unknown_key_at_most(tmp_path, key):
    assert places(found(tmp_path, BOT + f"{key}: x\n")) == [(3, 1, "schema.unknown-key")]


@pytest.mark.parametrize("tag", TAGS)
def test_r27_a_tag_constructs_nothing(tmp_path, tag):
    marker = tmp_path / "made"
    (problem,) = found(tmp_path, BOT + f'title: {tag} "touch {marker}"\n')
    assert (problem.line, problem.column, problem.code) == (3, 8, "yaml.tag")
    assert not marker.exists()


@pytest.mark.parametrize("text", WORDS)
def test_r28_words_are_texts_as_in_yaml_1_2(tmp_path, text):
    assert spec(tmp_path, BOT + f"title: {text}\n").title == text


@pytest.mark.parametrize("text", NO_TEXTS)
def test_r28_what_is_no_text_shall_be_quoted_where_one_belongs(tmp_path, text):
    (problem,) = found(tmp_path, BOT + f"title: {text}\n")
    assert (problem.code, problem.hint) == ("schema.type", "put it in quotes")


@pytest.mark.parametrize(("text", "what"), documents(BOT))
def test_r29_what_a_file_holds_instead_of_a_mapping_is_said(tmp_path, text, what):
    (problem,) = found(tmp_path, {"a.yaml": text})
    assert what in problem.message


def test_r30_aliases_do_not_multiply(tmp_path):
    (problem,) = found(tmp_path, {"a.yaml": amplified()})
    assert problem.code == "yaml.too-many"


def test_r31_a_huge_file_is_refused_unparsed_and_its_limit_named(tmp_path):
    (problem,) = found(tmp_path, {"a.yaml": BOT + "#" * 1_100_000})
    assert problem.code == "file.too-large"
    assert "1,048,576" in problem.message


def test_r32_braces_without_quotes_are_explained(tmp_path):
    (problem,) = found(tmp_path, BOT + "title: {{ name }}\n")
    assert problem.code == "yaml.unquoted-template"
    assert "quotes" in problem.hint


def test_r33_five_mistakes_are_five_problems(tmp_path):
    wrong = "titel: x\nenabled: maybe\nthrottle: {pace: fats, chunks: 0, intervall: 2s}\n"
    assert places(found(tmp_path, BOT + wrong)) == [
        (3, 1, "schema.unknown-key"),
        (4, 10, "schema.type"),
        (5, 18, "schema.enum"),
        (5, 32, "schema.range"),
        (5, 35, "schema.unknown-key"),
    ]


def test_r34_a_misspelt_key_or_value_is_pointed_at_with_the_right_one(tmp_path):
    wrong = "throttle:\n  pase: fixed\ncard: {kind: markdwon}\n"
    assert [(problem.line, problem.column, problem.hint) for problem in found(tmp_path, BOT + wrong)] == [
        (4, 3, "did you mean `pace`?"),
        (5, 14, "did you mean `markdown`?"),
    ]


def test_r35_only_the_chosen_alternative_is_judged(tmp_path):
    layout = "card: {kind: standard, templates: {final: {contents: [{type: markdown, txt: x}]}}}\n"
    (problem,) = found(tmp_path, BOT + layout)
    assert problem.hint.startswith("did you mean `text`?")


@pytest.mark.parametrize("value", WRONG_SECRETS)
def test_r36_a_wrong_secret_is_never_shown(tmp_path, value):
    text = f"credentials:\n  client_id: a\n  client_secret: {value}\nagent: {{type: echo}}\n"
    problems = found(tmp_path, text)
    assert len(problems) == 1
    assert SECRET not in repr(problems)


def test_r37_an_unset_variable_is_named_with_its_place_and_may_be_forgiven(tmp_path):
    folder = write(tmp_path / "bots", {"a.yaml": BOT + "title: 你好 <<WHO>>\n"})
    (problem,) = problems_in(folder)
    assert (problem.line, problem.column) == (3, 11)
    assert problem.message == "environment variable WHO is not set"
    assert Loader(folder, environ={}, no_env=True).load().problems == ()


def test_r37_a_misspelt_variable_is_told_the_right_one(tmp_path):
    (problem,) = found(tmp_path, BOT + "title: <<SECRTE>>\n")
    assert problem.hint == "did you mean `SECRET`?"


def test_r38_defaults_and_messages(tmp_path):
    assert spec(tmp_path, BOT + "title: <<NOPE:-default>>\n").title == "default"
    assert spec(tmp_path, BOT + "title: <<EMPTY:-default>>\n").title == "default"
    (problem,) = found(tmp_path, BOT + "title: <<EMPTY:?ask 小李>>\n")
    assert problem.message == "environment variable EMPTY is empty: ask 小李"


@pytest.mark.parametrize("value", AWKWARD_VALUES)
def test_r39_an_awkward_value_arrives_as_it_is(tmp_path, value):
    assert spec(tmp_path, BOT + "title: <<T>>\n", ENVIRON | {"T": value}).title == value


def test_r40_a_placeholder_becomes_the_type_that_is_wanted(tmp_path):
    environ = ENVIRON | {"N": " 42 ", "ON": "False"}
    made = spec(tmp_path, BOT + "throttle: {chunks: <<N>>}\nenabled: <<ON>>\n", environ)
    assert (made.throttle.chunks, made.enabled) == (42, False)
    (problem,) = found(tmp_path, BOT + "throttle: {chunks: <<SECRET>>}\n")
    assert (problem.line, problem.column, problem.code) == (3, 20, "placeholder.type")
    assert SECRET not in str(problem)


def test_r41_no_placeholder_in_a_key(tmp_path):
    assert places(found(tmp_path, BOT + "<<ID>>: x\n")) == [(3, 1, "placeholder.in-key")]


def test_r42_one_name_for_two_files(tmp_path):
    files = {"b.yaml": bot("ding2", "name: a\n"), "a.yaml": bot("ding1")}
    (problem,) = found(tmp_path, files)
    assert problem.path.endswith("b.yaml")
    assert "a.yaml:1:1" in problem.message


def test_r43_one_app_for_two_files_also_through_a_variable(tmp_path):
    (problem,) = found(tmp_path, {"a.yaml": bot("ding1"), "b.yaml": bot("<<ID>>")})
    assert (problem.path.endswith("b.yaml"), problem.code) == (True, "identity.taken")


def test_r44_a_newer_version_is_the_one_problem(tmp_path):
    (problem,) = found(tmp_path, BOT + "version: 2\nunheard_of: true\n")
    assert problem.code == "version.newer"


def test_r46_r47_a_broken_partial_is_one_problem_at_its_own_line(tmp_path):
    use = "card: {templates: {final: {msgContent: \"{% include 'x.j2' %}\"}}}\n"
    files = {f"{n}.yaml": bot(f"ding{n}", use) for n in range(4)} | {"x.j2": "fine\n{% if answer %}\n"}
    (problem,) = found(tmp_path, files)
    assert (problem.path.endswith("x.j2"), problem.line, problem.column) == (True, 2, 4)


def test_r48_what_a_sample_shows_is_found(tmp_path):
    card = 'card: {templates: {final: {msgContent: x, msgButtons: "{{ suggestions }}"}}}\n'
    (problem,) = found(tmp_path, BOT + card)
    assert problem.code == "schema.type"


def test_r49_a_missing_layout_is_told_at_the_line_that_names_it(tmp_path):
    assert places(found(tmp_path, BOT + "card: {templates: {final: {file: cards/gone.yaml}}}\n")) == [
        (3, 34, "file.missing")
    ]


@pytest.mark.parametrize("template", RUNAWAYS)
def test_r50_a_runaway_template_is_stopped(tmp_path, template):
    (problem,) = found(tmp_path, BOT + f'card: {{templates: {{final: {{msgContent: "{template}"}}}}}}\n')
    assert problem.code == "template.too-expensive"


def test_r51_a_cycle_is_shown(tmp_path):
    card = "card: {templates: {final: {msgContent: \"{% include 'a.j2' %}\"}}}\n"
    files = {"a.yaml": BOT + card, "a.j2": "{% include 'b.j2' %}", "b.j2": "{% extends 'a.j2' %}"}
    (problem,) = found(tmp_path, files)
    assert "a.j2 → b.j2 → a.j2" in problem.message


@pytest.mark.parametrize("expression", ESCAPES)
def test_r52_nothing_is_reached_or_changed(tmp_path, expression):
    layout = f'card: {{templates: {{final: {{msgContent: "{{{{ {expression} }}}}"}}}}}}\n'
    (problem,) = found(tmp_path, BOT + layout)
    assert problem.code in ("template.unsafe", "template.undefined", "template.syntax")
    assert "object at 0x" not in str(problem)


@pytest.mark.parametrize("path", LAYOUTS_OUTSIDE)
def test_r53_nothing_outside_the_folder_is_read(tmp_path, path):
    write(tmp_path, {"x.yaml": f"msgContent: {SECRET}\n"})
    (problem,) = found(tmp_path, BOT + f"card: {{templates: {{final: {{file: {path}}}}}}}\n")
    assert problem.code == "file.outside"


@pytest.mark.parametrize("path", TEXTS_OUTSIDE)
def test_r53_no_text_outside_the_folder_is_included(tmp_path, path):
    write(tmp_path, {"x.j2": SECRET})
    layout = f"card: {{templates: {{final: {{msgContent: \"{{% include '{path}' %}}\"}}}}}}\n"
    (problem,) = found(tmp_path, BOT + layout)
    assert problem.code == "template.missing"


def test_r53_a_link_out_of_the_folder_is_refused(tmp_path):
    folder = write(tmp_path / "bots", {"a.yaml": BOT + "card: {templates: {final: {file: x.yaml}}}\n"})
    write(tmp_path, {"x.yaml": "msgContent: x\n"})
    (folder / "x.yaml").symlink_to(tmp_path / "x.yaml")
    assert "file.outside" in {problem.code for problem in problems_in(folder)}


def test_what_check_passes_is_prepared(tmp_path):
    prepare(spec(tmp_path, LONGER))
