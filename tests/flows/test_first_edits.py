"""The wrong edits of the first hour while the bot runs: it goes on, the log says why, and mended it is accepted."""

from first_edits import EDITS, GOOD

from imbot.reload.watch import Settle


async def test_each_wrong_edit_is_told_while_the_bot_goes_on(flow, caplog):
    caplog.set_level("INFO", "imbot")
    flow.write("cards/final.yaml", 'msgContent: "{{ answer }}{{ buttons }}"\n')
    path = flow.write("a.yaml", GOOD)
    async with flow.up(settle=Settle(0.05, 5.0)):
        for name, edit in EDITS.items():
            told = f"a.yaml:{edit.line}:{edit.column}: "
            before = caplog.text.count(told)  # other edits may be wrong at the same place
            path.write_text(edit.text, encoding="utf-8")
            await flow.until(lambda: flow.row("a").rejected)
            (problem,) = flow.row("a").rejected.problems
            assert (problem.line, problem.column) == (edit.line, edit.column), name
            assert edit.cause in problem.message, name
            assert edit.cure in problem.hint, name
            # just after the status shows it
            await flow.until(lambda told=told, before=before: caplog.text.count(told) > before)
            assert flow.row("a").state == "connected"
            path.write_text(GOOD, encoding="utf-8")
            await flow.until(lambda: not flow.row("a").rejected)
        assert (flow.row("a").generation, flow.row("a").connections) == (1, 1)
    assert len([line for line in caplog.messages if "accepted again" in line]) == len(EDITS)
