import asyncio
import threading

import pytest
from virtual import run_virtual

from imbot.agents import prepare_agent
from imbot.errors import ConfigError
from imbot.model import Citation, Finished, NotFound, Suggestions, TextDelta
from imbot.spec import Folder, TextFile


@pytest.fixture
async def open_faq(make_agent, knowledge):
    opened = []

    def open_faq(**settings):
        opened.append(make_agent("faq", **{"knowledge": knowledge, "delay": 0.0, **settings}))
        return opened[-1]

    yield open_faq
    for agent in opened:
        await agent.close()


def folder(*texts):
    return Folder(
        "knowledge", tuple(TextFile(f"knowledge/{number}.md", text) for number, text in enumerate(texts))
    )


def said(events):
    return "".join(event.text for event in events if isinstance(event, TextDelta))


async def test_an_answer_is_said_whole_with_its_source_and_what_is_near(open_faq, ask):
    events = await ask(open_faq(), "怎么开发票？")
    assert said(events) == "在订单详情里点“申请开票”，电子发票会发到您的邮箱。"
    assert events[-3:] == [
        Citation("orders.md › 如何开发票"),
        Suggestions(("发票抬头写错了怎么办",)),
        Finished(),
    ]


async def test_an_answer_keeps_its_markdown(open_faq, ask):
    answer = "1. one\n2. two\n\n```python\n# code\n```"
    assert said(await ask(open_faq(knowledge=folder(f"## How\n\n{answer}\n")), "How")) == answer


async def test_an_unknown_question_is_not_found(open_faq, ask):
    assert await ask(open_faq(), "今天天气怎么样") == [NotFound(), Finished()]
    assert await ask(open_faq(), "") == [NotFound(), Finished()]
    assert await ask(open_faq(), None) == [NotFound(), Finished()]


TWINS = folder("# Printing\n## in the office\na\n## at home\nb\n# Scanning\n## in the office\nc\n")


async def test_without_a_clear_winner_the_candidates_are_offered(open_faq, ask):
    events = await ask(open_faq(knowledge=TWINS), "office")
    assert events[0] == NotFound()
    assert set(events[1].questions) >= {"Printing › in the office", "Scanning › in the office"}


async def test_every_offered_question_is_answered_when_asked(open_faq, ask):
    agent = open_faq(knowledge=TWINS)
    for question in (await ask(agent, "office"))[1].questions:
        assert NotFound() not in await ask(agent, question)
    assert said(await ask(agent, "Scanning › in the office")) == "c"


async def test_suggestions_are_bounded_and_may_be_off(open_faq, ask):
    assert await ask(open_faq(knowledge=TWINS, suggestions=1), "office") == [
        NotFound(),
        Suggestions(("Printing › in the office",)),
        Finished(),
    ]
    assert await ask(open_faq(knowledge=TWINS, suggestions=0), "office") == [NotFound(), Finished()]


async def test_the_threshold_decides_how_sure_to_be(open_faq, ask):
    assert NotFound() in await ask(open_faq(threshold=0.99), "保修多久")
    assert NotFound() not in await ask(open_faq(threshold=0.99), "保修期是多长时间")
    assert NotFound() not in await ask(open_faq(threshold=0.3), "发顺丰吗")


def test_a_long_answer_takes_no_longer_than_sixty_pieces(make_agent, ask):
    agent = make_agent("faq", knowledge=folder("# A\n" + "字" * 100_000), delay=0.03)

    async def measure():
        began = asyncio.get_running_loop().time()
        events = await ask(agent, "A")
        await agent.close()
        return len(events), asyncio.get_running_loop().time() - began

    assert run_virtual(measure()) == (62, pytest.approx(59 * 0.03))


def test_settings_may_be_checked_in_one_thread_and_used_in_another(make_agent, knowledge, ask):
    made = []
    thread = threading.Thread(target=lambda: made.append(make_agent("faq", knowledge=knowledge, delay=0.0)))
    thread.start()
    thread.join()

    async def use():
        answers = await asyncio.gather(*(ask(made[0], "怎么开发票") for _ in range(50)))
        await made[0].close()
        return answers

    assert all(NotFound() not in events for events in asyncio.run(use()))


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (folder(), "no Markdown file in `knowledge`"),
        (folder("", "# only a title"), "no file in `knowledge` has a heading with a text"),
    ],
)
def test_knowledge_without_answers_is_a_problem(make_spec, timeouts, files, message):
    with pytest.raises(ConfigError, match=message) as caught:
        prepare_agent(make_spec("faq", knowledge=files), timeouts)
    (problem,) = caught.value.problems
    assert (problem.path, problem.line, problem.pointer) == ("bots/a.yaml", 7, "/agent/knowledge")
    assert problem.hint
