"""The bots answer while their store cannot be written, and what happened is recorded afterwards."""

import asyncio
import contextlib
import sqlite3

from click.testing import CliRunner

from imbot.cli import main
from imbot.cli.doctor import process_finding
from imbot.ops.address import AdminAddress, AdminSettings


def rows(flow):
    with contextlib.closing(sqlite3.connect(flow.database)) as raw:
        return raw.execute("SELECT question, answer, phase FROM turns ORDER BY accepted_at").fetchall()


async def test_answers_do_not_wait_for_a_store_that_another_program_holds_and_are_recorded_later(flow):
    flow.echo("a", delay="0ms")
    admin = AdminSettings(AdminAddress("127.0.0.1", 0), flow.folder.parent / ".imbot/admin.json")
    async with flow.up(admin=admin):
        await flow.ask("app-a", "one")
        await flow.until(lambda: not flow.row("a").turns_running)
        with contextlib.closing(sqlite3.connect(flow.database, isolation_level=None)) as holder:
            holder.execute("BEGIN EXCLUSIVE")
            async with asyncio.timeout(15):  # each of its six writes used to wait for 5 s
                cards = [await flow.ask("app-a", question) for question in ("two", "three")]
                await flow.until(lambda: not flow.row("a").turns_running)
            during, trouble = rows(flow), flow.row("a").error
            text = (await asyncio.to_thread(CliRunner().invoke, main, ("status", str(flow.folder)))).output
            finding = await asyncio.to_thread(process_finding, flow.folder)
            holder.execute("ROLLBACK")
        await flow.until(lambda: len(rows(flow)) == 3 and all(row[2] == "final" for row in rows(flow)))
        await flow.until(lambda: not flow.row("a").error)
        after = await asyncio.to_thread(process_finding, flow.folder)

    assert [card.data["flowStatus"] for card in cards] == ["3", "3"]
    assert len(during) == 1
    assert "starving: the store cannot be written; store " in text
    assert (finding.check, finding.state, finding.cause) == (
        "process",
        "warning",
        "the store cannot be written",
    )
    assert "another program is using it" in finding.cure
    assert (after.state, process_finding(flow.folder)) == ("ok", None), "nothing runs any more"
    assert "another program is using it; stop that program" in trouble
    assert [(question, answer) for question, answer, _ in rows(flow)] == [
        (word, word) for word in ("one", "two", "three")
    ]
