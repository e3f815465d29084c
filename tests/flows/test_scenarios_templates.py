"""R-45 to R-53: templates that are edited, broken, lost or hostile while bots run."""

import asyncio

import pytest
from house import FILES, GROWING, PARTIAL, bot, clocks, codes, final, places, spread, unstalled, worked
from planted import SECRET
from scenario_texts import ESCAPES, LAYOUTS_OUTSIDE, RUNAWAYS, TEXTS_OUTSIDE

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_r45_an_edited_template_is_live_and_no_socket_is_touched(house):
    async with house.edited({"cards/own.yaml": 'msgContent: "new {{ answer }}"\n'}, "b4"):
        assert await house.answers("b4") == "new hello"
    assert await house.answers("b4") == "own hello"


async def test_r45_a_layout_may_come_to_include_another_text_and_is_followed_there(house):
    files = {
        "cards/own.yaml": "msgContent: \"{% include 'cards/more.j2' %}\"\n",
        "cards/more.j2": "one {{ answer }}",
    }
    async with house.edited(files, "b4"):
        assert await house.answers("b4") == "one hello"
        house.put({"cards/more.j2": "two {{ answer }}"})
        await house.flow.until(lambda: house.rows()["b4"].generation)
        async with asyncio.timeout(10):
            while await house.answers("b4") != "two hello":
                await asyncio.sleep(0.05)


async def test_r46_a_shared_partial_updates_exactly_who_uses_it(house):
    async with house.edited({"cards/shared.j2": "together {{ answer }}"}, *PARTIAL):
        assert [await house.answers(name) for name in ("b0", "b3", "b5")] == ["together hello"] * 2 + [
            "hello"
        ]
    async with house.edited({"cards/middle.j2": "between {% include 'cards/shared.j2' %}"}, "b2", "b3"):
        assert await house.answers("b2") == "between shared hello"


async def test_r47_a_broken_partial_names_itself_and_everyone_it_hurts(house):
    files = {"cards/shared.j2": "fine\n客服😀 {% if answer %}\n"}
    async with house.broken(files, *PARTIAL) as told:
        status = (await house.imbot("status")).output
        assert await house.answers("b3") == "shared hello"
    places_told = {
        (each["path"].rpartition("/")[2], each["line"], each["column"]) for (each,) in told.values()
    }
    assert places_told == {("shared.j2", 2, 8)}
    assert status.count("客服😀 {% if answer %}") == 4


async def test_r47_of_two_broken_templates_each_is_told_to_its_own_bots(house):
    files = {"cards/shared.j2": "{% if answer %}", "cards/own.yaml": "msgContent: [\n"}
    async with house.broken(files, *PARTIAL, "b4") as told:
        assert told["b4.yaml"][0]["path"].endswith("own.yaml")
        house.put({"cards/own.yaml": FILES["cards/own.yaml"]})
        await house.flow.until(lambda: house.refused() == {f"{name}.yaml" for name in PARTIAL})


async def test_r48_what_cannot_be_drawn_is_found_before_it_runs(house):
    wrong = [
        final("{{ answr }}"),
        final("{{ 1 / 0 }}"),
        final("{{ answer.upper.lower() }}"),
        'card: {templates: {final: {msgContent: x, msgButtons: "{{ suggestions }}"}}}\n',
        'card: {templates: {final: {msgContent: x, msgButtons: "{{ answer }}"}}}\n',
        final("{% if answer | length > 9000 %}{{ nope.x }}{% endif %}"),  # only a long answer shows it
        'card: {templates: {error: {msgContent: "{{ error.kind.no }}"}}}\n',  # only a turn that fails
    ]
    async with house.broken(spread(wrong)) as told:
        pass
    assert told["b0.yaml"][0]["hint"].startswith("did you mean `answer`?")
    assert {problem["line"] for problems in told.values() for problem in problems} == {3}


async def test_r49_a_template_that_disappears_is_told_where_it_is_named(house):
    async with house.broken({"cards/own.yaml": None}, "b4") as told:
        assert await house.answers("b4") == "own hello"
        assert places(told["b4.yaml"]) == [(3, 34, "file.missing")]
    async with house.broken(
        {"cards/shared.j2": None, "cards/shard.j2": FILES["cards/shared.j2"]}, *PARTIAL
    ) as told:
        assert await house.answers("b2") == "shared hello"
    found = {(each["path"].rpartition("/")[2], each["code"]) for (each,) in told.values()}
    assert found == {
        ("b0.yaml", "template.missing"),
        ("b1.yaml", "template.missing"),
        ("middle.j2", "template.missing"),
    }


async def test_r49_a_template_whose_folder_moves_and_comes_back_is_followed_again(house):
    cards, away = house.flow.folder / "cards", house.flow.folder / "away"
    before = house.standing()
    cards.rename(away)
    try:
        await house.flow.until(lambda: house.refused() == {f"{name}.yaml" for name in (*PARTIAL, "b4")})
        assert await house.answers("b4") == "own hello"
    finally:
        away.rename(cards)
    await house.flow.until(lambda: not house.refused())
    assert house.standing() == before


async def test_r50_a_runaway_template_is_refused_and_holds_nobody_up(house):
    endless = [
        "{% macro m(x) %}{{ m(x) }}{% endmacro %}{{ m(1) }}",
        GROWING,
    ]
    files = spread([final(template) for template in [*RUNAWAYS, *endless]])
    async with unstalled("runaway templates"):
        began = clocks()
        async with house.broken(files) as told:
            took = worked(began)
            await house.goes_on_answering()
    assert took < 10
    found = [code for _, (code,) in sorted(codes(told).items())]
    assert found == ["template.too-expensive"] * 3 + ["template.recursion", "template.too-expensive"]


async def test_r50_what_runs_away_only_in_a_chat_still_leaves_a_readable_answer(house, caplog):
    loops = "{% for a in range(9999) %}{% for b in range(9999) %}{{ a }}{% endfor %}{% endfor %}"
    cards = [
        final(f"{{% if question == 'boom' %}}{wild}{{% endif %}}drawn {{{{ answer }}}}")
        for wild in (loops, GROWING)
    ]
    async with house.edited(spread(cards)), unstalled("a template that runs away in a chat"):
        began = clocks()
        asked = (house.answers("b0", "boom"), house.answers("b1", "boom"), house.answers("w"))
        assert await asyncio.gather(*asked) == ["boom", "boom", "hello"]
        took = worked(began)
        assert await house.answers("b0") == "drawn hello"
    assert took < 10
    assert "too-expensive" in caplog.text or "built-in" in caplog.text


async def test_r51_a_cycle_is_shown(house):
    files = {
        "b5.yaml": bot("b5", final("{% include 'cards/a.j2' %}")),
        "cards/a.j2": "{% include 'cards/b.j2' %}",
        "cards/b.j2": "{% extends 'cards/a.j2' %}",
        "b6.yaml": bot("b6", final("{% include 'cards/self.j2' %}")),
        "cards/self.j2": "{% if answer == 'never' %}{% include 'cards/self.j2' %}{% endif %}",
        "b7.yaml": bot("b7", final("{% import 'cards/m.j2' as m %}{{ m.one(3) }}")),
        "cards/m.j2": "{% macro one(n) %}{{ two(n) }}{% endmacro %}{% macro two(n) %}{{ one(n) }}{% endmacro %}",
    }
    async with unstalled("recursion"), house.broken(files, "b5", "b6", "b7") as told:
        pass
    ((cycle,), (alone,), (macro,)) = (told[f"b{number}.yaml"] for number in (5, 6, 7))
    assert "cards/a.j2 → cards/b.j2 → cards/a.j2" in cycle["message"]
    assert "cards/self.j2 → cards/self.j2" in alone["message"]
    assert macro["code"].startswith("template.")


async def test_r51_a_cycle_that_closes_in_a_partial_hurts_who_uses_it_only(house):
    async with house.broken({"cards/shared.j2": "{% include 'cards/middle.j2' %}"}, *PARTIAL) as told:
        pass
    assert all("→" in problem["message"] for (problem,) in told.values())


async def test_r52_nothing_is_reached_or_changed(house):
    async with house.broken(spread([final(f"{{{{ {expression} }}}}") for expression in ESCAPES])) as told:
        pass
    found = [problem for problems in told.values() for problem in problems]
    assert {each["code"] for each in found} <= {"template.unsafe", "template.undefined", "template.syntax"}
    assert "object at 0x" not in str(found)


async def test_r52_what_people_write_is_never_a_template(house):
    async with house.edited({"b5.yaml": bot("b5", final("{{ question }}|{{ answer }}"))}):
        for text in ("{{ 7 * 7 }}", "{% include '../x' %}", "<<IMBOT_TEST_SECRET>>", "{{ bot.__class__ }}"):
            assert await house.answers("b5", text) == f"{text}|{text}"


async def test_r53_nothing_outside_the_folder_is_read(house):
    outside = house.flow.folder.parent
    (outside / "x.yaml").write_text(f"msgContent: {SECRET}\n")
    (outside / "x.j2").write_text(SECRET)
    layouts = [f"card: {{templates: {{final: {{file: {path}}}}}}}\n" for path in LAYOUTS_OUTSIDE]
    texts = [final(f"{{% include '{path}' %}}") for path in TEXTS_OUTSIDE]
    files = spread([*layouts, *texts, final("{% include question %}")])
    link = house.flow.folder / "cards/link.yaml"
    link.symlink_to("../../x.yaml")
    files["b8.yaml"] = bot("b8", "card: {templates: {final: {file: cards/link.yaml}}}\n")
    async with house.broken(files) as told:
        found = [problems[0]["code"] for _, problems in sorted(told.items())]
    assert found == ["file.outside"] * 4 + ["template.missing"] * 3 + ["template.unsafe", "file.outside"]
    assert told["b7.yaml"][0]["message"] == "the name of an included text must be written out"


async def test_r53_a_template_that_becomes_a_link_out_of_the_folder_is_refused(house):
    (house.flow.folder.parent / "x.j2").write_text(SECRET)
    before = house.standing()
    shared = house.flow.folder / "cards/shared.j2"
    shared.unlink()
    shared.symlink_to("../../x.j2")
    try:
        await house.flow.until(lambda: house.refused() == {f"{name}.yaml" for name in PARTIAL})
        assert await house.answers("b0") == "shared hello"
    finally:
        shared.unlink()
        await house.heal()
    assert house.standing() == before
