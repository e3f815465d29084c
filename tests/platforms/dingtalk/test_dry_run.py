import pytest
from fakes import going
from virtual import run_virtual

from imbot.model import CardPhase, CardRef, CardView, Message, Sender
from imbot.platforms import open_dry_run
from imbot.platforms.dingtalk.kinds.ai import PUBLIC_TEMPLATE
from imbot.platforms.dingtalk.wire import Address


def view(text, phase=CardPhase.STREAMING, template=PUBLIC_TEMPLATE, **more):
    data = {"msgContent": text, **more}
    return CardView(
        "ai", phase, data, "title", text, native={"template_id": template, "content_key": "msgContent"}
    )


def calls(play):
    """The cards about which calls would have gone out, in order."""
    made = []

    async def main():
        async def called(card_id):
            made.append(card_id)

        await play(open_dry_run("dingtalk-stream", called))

    run_virtual(main())
    return made


def ref(dry_run, id="c1", kind="single"):
    message = Message("m1", "conversation", kind, Sender("u1", "U"), "hi", 0.0)
    return CardRef(id, dry_run.address(message))


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        (PUBLIC_TEMPLATE, 3),
        ("mine.schema", 4),
    ],  # the state of one's own template is ended by a call of its own
)
def test_a_card_takes_the_calls_it_would_take(template, expected):
    async def play(dry_run):
        card = ref(dry_run)
        await dry_run.create_card(card, lambda: view("", template=template))
        await dry_run.update_card(card, lambda: view("a", template=template))
        await dry_run.update_card(card, lambda: view("a", template=template))  # nothing changed
        await dry_run.finish_card(card, view("ab", CardPhase.FINAL, template, flowStatus="3"))

    assert calls(play) == ["c1"] * expected


def test_a_text_takes_as_many_calls_as_messages():
    async def play(dry_run):
        await dry_run.send_text(ref(dry_run), "title", "short", going)
        await dry_run.send_text(ref(dry_run, "c2", "group"), "title", "long\n\n" * 5000, going)

    assert calls(play) == ["c1", "c2", "c2", "c2"]


def test_calls_of_an_app_keep_to_its_rate():
    async def main():
        import asyncio

        async def called(_):
            pass

        dry_run = open_dry_run("dingtalk-stream", called)
        cards = [ref(dry_run, f"c{number}") for number in range(25)]
        await asyncio.gather(*(dry_run.create_card(card, lambda: view("")) for card in cards))
        return asyncio.get_running_loop().time()

    assert run_virtual(main()) >= 1


def test_an_address_is_one_of_the_platform():
    async def called(_):
        pass

    address = ref(open_dry_run("dingtalk-stream", called)).address
    assert Address(**address).staff_id == "u1"
    assert not Address(**address).webhook
