"""What a bot says it has noted down is there to be read."""

import asyncio
import csv
import io

from click.testing import CliRunner

from imbot.cli import main

BOT = """
credentials: {client_id: app-a, client_secret: s3cret-value}
agent: {type: faq, knowledge: knowledge}
texts: {not_found: 已经记下来了}
"""


async def test_a_question_that_found_no_answer_is_listed(flow):
    flow.write("knowledge/returns.md", "## 怎么退货？\n\n七天内申请。\n")
    flow.write("a.yaml", BOT)
    async with flow.up():
        known = await flow.ask("app-a", "怎么退货？")
        unknown = await flow.ask("app-a", "月亮上卖什么")
        await flow.until(lambda: not flow.row("a").turns_running)
        words = ("unanswered", str(flow.folder), "--store", f"sqlite:///{flow.database}", "--format", "csv")
        got = await asyncio.to_thread(CliRunner().invoke, main, words)

    assert "七天内" in str(known.data)
    assert "已经记下来了" in str(unknown.data)
    assert [row["question"] for row in csv.DictReader(io.StringIO(got.stdout))] == ["月亮上卖什么"]
