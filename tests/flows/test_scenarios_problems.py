"""R-21 to R-44: what is wrong in files while bots run. Each goes on as it was, and the others notice nothing."""

import asyncio
import re
from urllib.request import urlopen

import pytest
from click.testing import CliRunner
from house import BOT, NAMES, bot, clocks, codes, final, only, places, plainly, spread, unstalled, worked
from planted import SECRET
from scenario_texts import (
    AWKWARD_VALUES,
    ENCODINGS,
    KEYS_THAT_ARE_NO_TEXTS,
    KEYS_THAT_ARE_TEXTS,
    NO_TEXTS,
    TAGS,
    WORDS,
    WRONG_SECRETS,
    amplified,
    documents,
)

from imbot.cli import main
from imbot.ops.address import Beacon

pytestmark = pytest.mark.asyncio(loop_scope="module")


# -- decoding and YAML


async def test_r21_a_syntax_error_is_shown_in_its_line_also_after_wide_characters(house):
    files = {
        "b5.yaml": bot("b5", "title: 客服😀: 小满\n"),
        "b6.yaml": bot("b6", "title: [\n"),
        "b7.yaml": "{",
    }
    async with house.broken(files) as told:
        text = (await house.imbot("status")).output
        report = (await house.imbot("reload")).output
    assert places(told["b5.yaml"]) == [(3, 11, "yaml.colon")]
    shown = re.search(r"\n( *3 \|) (title: 客服😀: 小满)\n *\| ( *)\^", text)
    assert shown, text
    assert len(shown[3]) == len("title: ") + 2 * len("客服😀"), "wide characters take two cells"
    assert shown[0] in re.sub("^    ", "", report, flags=re.MULTILINE), "the report shows the same"


async def test_r22_the_way_back_to_what_was_is_no_change_and_ends_the_error_everywhere(house, caplog):
    caplog.set_level("INFO", "imbot")
    gauge = "imbot_rejected_bots 1.0"
    async with house.broken({"b5.yaml": "agent: {"}):
        assert gauge in await metrics(house)
        async with asyncio.timeout(10):
            house.put({"b5.yaml": bot("b5", "titel: x\n")})  # another mistake: another report
            while "unknown-key" not in str(house.rows()["b5"].rejected):
                await asyncio.sleep(0.02)
        assert gauge in await metrics(house)
    assert gauge not in await metrics(house)
    assert len([line for line in caplog.messages if line.startswith("b5: rejected")]) == 2
    assert len([line for line in caplog.messages if line.startswith("b5: accepted again")]) == 1


async def metrics(house):
    beacon = Beacon.read(house.flow.folder.parent / ".imbot/admin.json")
    return await asyncio.to_thread(lambda: urlopen(f"http://{beacon.address}/metrics").read().decode())


async def test_r23_other_encodings_are_named_and_a_byte_order_mark_is_none(house):
    files = {
        f"{name}.yaml": bot(name, f"title: {title}\n").encode(encoding)
        for name, (encoding, _, title) in zip(NAMES, ENCODINGS, strict=False)
    }
    files |= {
        "b5.yaml": "\ufeff" + bot("b5", "titel: 好\n"),
        "b6.yaml": bot("b6", "titel: x\n").replace("\n", "\r\n"),
    }
    async with house.broken(files) as told:
        pass
    for name, (_, encoding, _) in zip(NAMES, ENCODINGS, strict=False):
        (problem,) = told[f"{name}.yaml"]
        assert problem["message"] == f"the file is not UTF-8; it looks like {encoding}"
        assert problem["hint"] == "save it as UTF-8"
    assert places(told["b5.yaml"]) == places(told["b6.yaml"]) == [(3, 1, "schema.unknown-key")]


async def test_r24_a_tab_is_pointed_at(house):
    text = "throttle:\n\tpace: fixed\n"
    files = {"b5.yaml": bot("b5", text), "b6.yaml": bot("b6", "throttle:\n  pace: fixed\n \t chunks: 2\n")}
    async with house.broken(files) as told:
        pass
    assert places(told["b5.yaml"]) == [(4, 1, "yaml.tab")]
    assert places(told["b6.yaml"]) == [(5, 2, "yaml.tab")]


async def test_r25_a_duplicate_key_tells_both_positions(house):
    inner = "throttle: {pace: fixed, chunks: 2, 'pace': economy}\n"
    async with house.broken(
        {"b5.yaml": bot("b5", "title: a\ntitle: b\n"), "b6.yaml": bot("b6", inner)}
    ) as told:
        pass
    ((outer,), (nested,)) = told["b5.yaml"], told["b6.yaml"]
    assert (outer["line"], outer["column"], "line 3, column 1" in outer["message"]) == (4, 1, True)
    assert (nested["line"], nested["column"], "column 12" in nested["message"]) == (3, 36, True)


async def test_r26_a_key_is_a_text(house):
    keys = [*KEYS_THAT_ARE_NO_TEXTS, *KEYS_THAT_ARE_TEXTS]
    async with house.broken(spread([f"{key}: x\n" for key in keys])) as told:
        pass
    right = ["yaml.key-type"] * len(KEYS_THAT_ARE_NO_TEXTS) + ["schema.unknown-key"] * 3
    assert [places(problems) for _, problems in sorted(told.items())] == [[(3, 1, code)] for code in right]


async def test_r27_a_tag_constructs_nothing(house, tmp_path):
    marker = tmp_path / "made"
    async with house.broken(spread([f'title: {tag} "touch {marker}"\n' for tag in TAGS])) as told:
        pass
    assert all(places(problems) == [(3, 8, "yaml.tag")] for problems in told.values())
    assert not marker.exists()


async def test_r28_scalars_mean_what_they_mean_to_an_editor(house):
    async with house.edited(spread([f"title: {word}\n" for word in WORDS], plainly)):
        assert [house.spec(name).title for name in NAMES[: len(WORDS)]] == WORDS
    async with house.broken(spread([f"title: {value}\n" for value in NO_TEXTS])) as told:
        assert {problem["hint"] for (problem,) in told.values()} == {"put it in quotes"}


async def test_r29_a_document_of_another_shape_is_named(house):
    shapes = documents(bot("b0"))
    async with house.broken(spread([text for text, _ in shapes], only)) as told:
        for (_, what), (problem,) in zip(shapes, [told[name] for name in sorted(told)], strict=True):
            assert what in problem["message"]


async def test_r30_aliases_do_not_multiply_and_hold_nobody_up(house):
    merges = "a: &a {k: x}\n" + "".join(
        f"b{n}: &b{n} {{<<: [{', '.join([f'*{previous}'] * 10)}]}}\n"
        for n, previous in enumerate(["a", *(f"b{n}" for n in range(8))])
    )
    async with unstalled("aliases"):
        began = clocks()
        files = spread([amplified(3 + times) for times in range(8)], only)
        async with house.broken(files | {"b9.yaml": merges}) as told:
            took = worked(began)
            await house.goes_on_answering()
    found = codes(told)
    assert [found[f"b{number}.yaml"] for number in (2, 7, 9)] == [["yaml.too-many"]] * 3
    assert took < 10


async def test_r31_huge_files_are_refused_by_size_and_hold_nobody_up(house):
    deep = bot("b6", "card: {templates: {final: " + "{a: " * 100_000 + "\n")
    files = {
        "b5.yaml": bot("b5", "#" * 1_100_000),
        "b6.yaml": deep,
        "b7.yaml": bot("b7", "title: [" + "x, " * 300_000 + "]\n"),
        "b8.yaml": b"\x00" * 900_000,
        "b9.yaml": b"a" * 50_000_000,
        "b4.yaml": bot("b4", "card: {templates: {final: {file: cards/huge.yaml}}}\n"),
        "cards/huge.yaml": "msgContent: |\n" + "  x\n" * 400_000,
    }
    async with unstalled("huge files"), house.broken(files) as told:
        await house.goes_on_answering()
    found = codes(told)
    assert found["b5.yaml"] == found["b9.yaml"] == ["file.too-large"]
    assert "1,048,576" in told["b5.yaml"][0]["message"]
    assert (found["b6.yaml"], found["b7.yaml"]) == (["yaml.too-deep"], ["yaml.too-many"])
    assert places(told["b4.yaml"]) == [(3, 34, "file.too-large")]


async def test_r32_braces_without_quotes_are_explained(house):
    files = {
        "b5.yaml": bot("b5", "title: {{ name }}\n"),
        "b6.yaml": bot("b6", final("x") + "texts: {error: {{ x }}}\n"),
    }
    async with house.broken(files) as told:
        for (problem,) in told.values():
            assert (problem["code"], "quotes" in problem["hint"]) == ("yaml.unquoted-template", True)


# -- schema, semantics, environment


async def test_r33_five_mistakes_are_told_together_and_each_can_be_looked_up(house):
    wrong = "titel: x\nenabled: maybe\nthrottle: {pace: fats, chunks: 0, intervall: 2s}\n"
    async with house.broken({"b5.yaml": bot("b5", wrong)}) as told:
        (problems,) = told.values()
        pages = [await house_explains(code) for code in {problem["code"] for problem in problems}]
    assert [(line, column) for line, column, _ in places(problems)] == [
        (3, 1),
        (4, 10),
        (5, 18),
        (5, 32),
        (5, 35),
    ]
    assert pages == [0] * len(pages)


async def house_explains(code):
    return (await asyncio.to_thread(CliRunner().invoke, main, ["explain", code])).exit_code


async def test_r34_a_misspelt_key_or_value_is_pointed_at_with_the_right_one(house):
    wrong = "throttle:\n  pase: fixed\ncard: {kind: markdwon}\n"
    async with house.broken({"b5.yaml": bot("b5", wrong)}) as told:
        (problems,) = told.values()
    assert [(each["line"], each["column"], each["hint"]) for each in problems] == [
        (4, 3, "did you mean `pace`?"),
        (5, 14, "did you mean `markdown`?"),
    ]


async def test_r35_only_the_chosen_alternative_is_judged(house):
    layout = "card: {kind: standard, templates: {final: {contents: [{type: markdown, txt: x}]}}}\n"
    agent = "credentials: {client_id: app-b6, client_secret: x}\nagent: {type: openai, base_url: http://x, modl: m}\n"
    async with house.broken({"b5.yaml": bot("b5", layout), "b6.yaml": agent}) as told:
        ((card,), agent) = told["b5.yaml"], told["b6.yaml"]
    assert card["hint"].startswith("did you mean `text`?")
    assert all("model" in each["message"] + each["hint"] for each in agent), "of `openai` only"


async def test_r36_a_wrong_secret_is_shown_nowhere(house, caplog):
    def make(name, value):
        return f"credentials:\n  client_id: app-{name}\n  client_secret: {value}\nagent: {{type: echo}}\n"

    caplog.set_level("DEBUG")
    files = spread(WRONG_SECRETS, make)
    files |= {"b5.yaml": make("b5", "").replace("client_secret", f"client_secret {SECRET}")}
    files |= {"b6.yaml": make("b6", SECRET).replace("client_secret", "client_secrte")}
    async with house.broken(files) as told:
        outputs = [(await house.imbot(command)).output for command in ("status", "reload", "plan")]
        outputs.append(await metrics(house))
    assert len(told) == 7
    assert all(len(problems) == 1 for name, problems in told.items() if name < "b5")
    assert SECRET not in "".join(outputs)
    assert SECRET not in caplog.text


async def test_r37_an_unset_variable_rejects_the_change_and_names_its_place(house, monkeypatch):
    monkeypatch.setenv("IMBOT_TEST_SPELT", "x")
    files = {
        "b5.yaml": bot("b5", "title: 你好 <<IMBOT_TEST_WHO>>\n"),
        "b6.yaml": bot("b6", "title: <<IMBOT_TEST_SPLET>>\n"),
    }
    async with house.broken(files) as told:
        ((unset,), (misspelt,)) = told["b5.yaml"], told["b6.yaml"]
    assert places([unset]) == [(3, 11, "placeholder.unset")]
    assert unset["message"] == "environment variable IMBOT_TEST_WHO is not set"
    assert misspelt["hint"] == "did you mean `IMBOT_TEST_SPELT`?"


async def test_r37_a_variable_that_goes_away_while_its_bot_runs_hurts_who_uses_it_only(house):
    env = house.flow.folder.parent / ".env"
    env.write_text("IMBOT_TEST_TITLE=x\n")
    async with house.edited({"b5.yaml": bot("b5", "title: <<IMBOT_TEST_TITLE>>\n")}):
        before = house.standing()
        env.unlink()
        await house.flow.until(lambda: house.refused() == {"b5.yaml"})
        assert house.spec("b5").title == "x"
        env.write_text("IMBOT_TEST_TITLE=x\n")
        await house.flow.until(lambda: not house.refused())
        assert house.standing() == before
    env.unlink()


async def test_r38_defaults_apply_and_messages_are_shown(house, monkeypatch):
    monkeypatch.setenv("IMBOT_TEST_EMPTY", "")
    right = ["<<IMBOT_TEST_NOPE:-default>>", "<<IMBOT_TEST_EMPTY:-default>>"]
    async with house.edited(spread([f"title: {text}\n" for text in right], plainly)):
        assert [house.spec(name).title for name in NAMES[:2]] == ["default"] * 2
    wrong = ["<<IMBOT_TEST_EMPTY:?ask 小李>>", "<<IMBOT_TEST_NOPE:?ask 小李>>"]
    async with house.broken(spread([f"title: {text}\n" for text in wrong])) as told:
        messages = [problem["message"] for (problem,) in told.values()]
    assert sorted(messages) == [
        "environment variable IMBOT_TEST_EMPTY is empty: ask 小李",
        "environment variable IMBOT_TEST_NOPE is not set: ask 小李",
    ]


async def test_r39_an_awkward_value_arrives_as_it_is_in_what_people_read(house, monkeypatch):
    values = [value for value in AWKWARD_VALUES if value != "{{ x }}"][: len(NAMES)]
    for number, value in enumerate([*values, "{{ x }}"]):
        monkeypatch.setenv(f"IMBOT_TEST_{number}", value)

    def make(name, number):
        return plainly(name, f"title: <<IMBOT_TEST_{number}>>\n")

    async with house.edited(spread(range(len(values)), make)):
        assert [house.spec(name).title for name in NAMES] == values
    card = 'card: {vars: {t: <<IMBOT_TEST_10>>}, templates: {final: {msgContent: "{{ vars.t }}"}}}\n'
    async with house.edited({"b5.yaml": bot("b5", card)}):
        assert await house.answers("b5") == "{{ x }}", "what came once is never read as a template"


async def test_r40_a_placeholder_becomes_the_type_that_is_wanted_or_is_refused_unseen(house, monkeypatch):
    monkeypatch.setenv("IMBOT_TEST_N", " 42 ")
    monkeypatch.setenv("IMBOT_TEST_ON", "True")
    async with house.edited(
        {"b5.yaml": bot("b5", "throttle: {chunks: <<IMBOT_TEST_N>>}\nenabled: <<IMBOT_TEST_ON>>\n")}
    ):
        assert house.spec("b5").throttle.chunks == 42
    async with house.broken({"b5.yaml": bot("b5", "throttle: {chunks: <<IMBOT_TEST_SECRET>>}\n")}) as told:
        assert places(told["b5.yaml"]) == [(3, 20, "placeholder.type")]


async def test_r41_no_placeholder_in_a_key_or_name(house, monkeypatch):
    monkeypatch.setenv("IMBOT_TEST_KEY", "title")
    files = {
        "b5.yaml": bot("b5", "<<IMBOT_TEST_KEY>>: x\n"),
        "b6.yaml": bot("b6", "name: <<IMBOT_TEST_KEY>>\n"),
        "b7.yaml": bot("b7", "card: {templates: {final: {file: <<IMBOT_TEST_KEY>>}}}\n"),
    }
    async with house.broken(files) as told:
        found = {name: places(problems) for name, problems in told.items()}
    assert found["b5.yaml"] == [(3, 1, "placeholder.in-key")]
    assert [place[:2] for place in found["b6.yaml"]] == [(3, 7)]
    assert [place[:2] for place in found["b7.yaml"]] == [(3, 34)]


@pytest.mark.parametrize("newcomer", ["a0.yaml", "z.yaml"])
async def test_r42_a_name_belongs_to_who_runs_it_until_its_file_goes(house, newcomer):
    files = {newcomer: BOT.format(name="new") + "name: b5\n"}
    async with house.broken(files) as told:
        (problem,) = told[newcomer]
        assert problem["line"] == 3
        assert "b5.yaml:1:1" in problem["message"]
        assert not house.sim.connections("app-new")
    try:
        house.put(files)
        await house.flow.until(lambda: house.refused() == {newcomer})
        house.put({"b5.yaml": None})
        await house.flow.until(lambda: house.rows()["b5"].path.endswith(newcomer) and house.sound())
        assert await house.answers("new") == "hello"
    finally:
        await house.heal()


async def test_r43_an_app_belongs_to_who_has_it_however_it_is_named(house, monkeypatch):
    monkeypatch.setenv("IMBOT_TEST_APP", "app-b5")
    files = {
        "a0.yaml": bot("b5"),
        "z.yaml": bot("b5").replace("app-b5", "<<IMBOT_TEST_APP>>"),
        "b6.yaml": bot("b5"),  # also a bot that has had another one until now
    }
    async with house.broken(files) as told:
        assert codes(told) == {name: ["identity.taken"] for name in files}
        assert len(house.sim.connections("app-b5")) == 1
        assert {row.name for row in house.rows().values()} == {*NAMES, "w"}


async def test_r44_a_newer_version_is_refused_and_is_the_one_problem(house):
    async with house.broken({"b5.yaml": bot("b5", "version: 2\nunheard_of: true\n")}) as told:
        assert places(told["b5.yaml"]) == [(3, 10, "version.newer")]
