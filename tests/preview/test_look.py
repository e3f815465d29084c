import asyncio
from contextlib import aclosing
from functools import partial

from botfolder import write
from preview_bot import BOT, FINAL

from imbot.model import CardPhase
from imbot.preview import look
from imbot.reload.watch import Settle, Watch


def test_unset_variables_do_not_matter(looker):
    look = looker(CardPhase.FINAL).look()
    assert look.problems == ()
    assert look.gallery.spec.title == "小助手"


def test_the_json_tells_of_bot_problems_and_cards(looker, bots):
    write(
        bots,
        {
            "a.yaml": BOT.replace("kind: ai", "kind: standard").replace(
                "{file: cards/final.yaml}", "{contents: [{type: text, text: hi}]}"
            )
        },
    )
    told = looker(CardPhase.FINAL).look().to_json()
    assert (told["name"], told["title"], told["kind"]) == ("a", "小助手", "standard")
    assert [problem["code"] for problem in told["problems"]] == ["card.no-callback"]
    assert {card["phase"] for card in told["cards"]} == {"final"}


def test_a_broken_template_is_shown_in_its_line(looker, bots):
    write(bots, {"cards/final.yaml": 'msgContent: "中文😀 {{ anwser }}"\n'})
    look = looker().look()
    assert look.gallery is None
    (problem,) = look.to_page()["problems"]
    assert problem["path"].endswith("cards/final.yaml")
    assert (problem["line"], problem["code"]) == (1, "template.undefined")
    source = problem["source"]
    assert source["marked"] == "anwser"
    assert source["before"] + source["marked"] + source["after"] == 'msgContent: "中文😀 {{ anwser }}"'


def test_the_last_gallery_stays_behind_a_problem(looker, bots):
    looking = looker(CardPhase.FINAL)
    good = looking.look()
    write(bots, {"a.yaml": "agent: ["})
    page = looking.look().to_page(good.gallery)
    assert page["stale"]
    assert page["cards"] == good.to_page()["cards"]
    assert page["bot"]["title"] == "小助手"
    assert not good.to_page()["stale"]


def test_a_file_broken_from_the_start_still_has_a_page(looker, bots):
    write(bots, {"a.yaml": "agent: ["})
    page = looker().look().to_page()
    assert (page["cards"], page["bot"]["title"], page["stale"]) == ([], "a", True)


def test_a_file_taken_away_is_a_problem(looker, bots):
    (bots / "a.yaml").unlink()
    (problem,) = looker().look().problems
    assert problem.code == "file.unreadable"


def test_an_unreadable_environment_is_a_problem(looker, bots):
    (bots.parent / ".env").write_bytes(b"A=\xff")
    (problem,) = looker().look().problems
    assert problem.code == "env.unreadable"


def test_neighbours_do_not_matter(looker, bots):
    write(bots, {"b.yaml": BOT + "name: a\n", "c.yaml": "agent: ["})
    assert looker().look().problems == ()


def test_a_secret_in_a_broken_line_is_hidden(looker, bots):
    text = BOT.replace("<<CLIENT_SECRET>>", "hunter2hunter2").replace("client_secret:", "client_secrt:")
    write(bots, {"a.yaml": text})
    page = looker().look().to_page()
    assert page["problems"]
    assert "hunter2" not in str(page)


async def test_whatever_the_bot_uses_is_followed(looker, bots, monkeypatch):
    monkeypatch.setattr(look, "Watch", partial(Watch, settle=Settle(0.02)))
    async with asyncio.timeout(10), aclosing(looker(CardPhase.FINAL).looks()) as looks:
        assert (await anext(looks)).gallery
        write(bots, {"cards/final.yaml": 'msgContent: "{{"\n'})
        async for seen in looks:
            if not seen.gallery:
                break
        write(bots, {"cards/final.yaml": FINAL.replace("answer", "question")})
        async for seen in looks:
            if seen.gallery:
                break
    assert seen.gallery.pictures[0].view.data["msgContent"].startswith("怎么退货")
