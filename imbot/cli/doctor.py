"""``imbot doctor``: tries one bot against the real platform and its agent, and says what to fix."""

import logging
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from imbot import log
from imbot.cli.common import bot_and_folder, bot_file, run_async
from imbot.problems import counted
from imbot.problems.records import dumped
from imbot.spec import secrets_of
from imbot.text.sanitize import printable

if TYPE_CHECKING:
    from imbot.config.loader import BotFile
    from imbot.ops.doctor import Finding

MARKS = {
    "ok": ("✔", "green"),
    "warning": ("!", "yellow"),
    "failed": ("✘", "red"),
    "not tried": ("-", "bright_black"),
}
NAME_WIDTH = 15


@click.command("doctor")
@bot_and_folder
@click.option("--no-agent", "ask", flag_value=False, default=True, help="Do not ask the agent.")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def command(bot: str, bots: Path, ask: bool, as_json: bool) -> None:
    """Diagnose BOT, a bot's name or its file: try it on the real platform, and say what to fix.

    BOT may be left out where its folder BOTS has no other.

    Checks the file, the network, the clock, the credentials, Stream mode, permissions, the card's template
    and the agent, and asks the process that runs the bot, if there is one, what it is short of. Nobody in a chat notices, and the bot may run meanwhile. It takes a few of the month's
    calls, and one short question to the agent. Exit code 1 where a check failed, 2 for a usage error.
    """
    from imbot.ops.doctor import diagnose

    log.set_up(logging.WARNING)
    file = bot_file(bot, bots)
    if file.spec:
        log.redactor.hide(secrets_of(file.spec))

    async def main() -> int:
        findings: list[Finding] = []

        def tell(finding: "Finding") -> None:
            findings.append(_clean(finding))
            if not as_json:
                click.echo("\n".join(_lines(findings[-1])))

        async for each in diagnose(file, ask=ask):
            tell(each)
        if process := process_finding(bots):
            tell(process)
        if as_json:
            click.echo(dumped(_report(file, findings)))
        else:
            click.echo(_summary(findings), err=True)
        return 1 if _failed(findings) else 0

    run_async(main)


def process_finding(bots: Path) -> "Finding | None":
    """What the process that runs these bots is short of; None if no process can be asked."""
    from imbot.cli.admin import ask
    from imbot.ops.doctor import Finding

    try:
        status = ask(bots, None, "GET", "/status")
    except click.ClickException:  # nothing runs, or it needs a token
        return None
    runs = f"pid {status['pid']} runs {counted(len(status['bots']), 'bot')}"
    shortages = status["resources"]["shortages"]
    if not shortages:
        return Finding("process", "ok", f"{runs} and is short of nothing")
    found = "; ".join(shortage["found"] for shortage in shortages)
    cure = "; ".join(shortage["cure"] for shortage in shortages)
    return Finding("process", "warning", runs, found, cure)


def _clean(finding: "Finding") -> "Finding":
    """Without secrets: platforms and agents often echo the one they refuse."""
    clean = log.redactor.clean
    return replace(finding, found=clean(finding.found), cause=clean(finding.cause), cure=clean(finding.cure))


def _lines(finding: "Finding") -> Iterator[str]:
    mark, colour = MARKS[finding.state]
    found = finding.found if finding.state != "not tried" else f"not tried: {finding.found}"
    yield f"{click.style(mark, fg=colour)} {finding.check:{NAME_WIDTH}} {printable(found)}"
    for name in ("cause", "cure"):
        if text := getattr(finding, name):
            yield f"    {name + ':':6} {printable(text)}"


def _report(file: "BotFile", findings: "list[Finding]") -> dict[str, object]:
    return {
        "bot": file.name,
        "path": file.path,
        "ok": not _failed(findings),
        "calls": _calls(findings),
        "checks": [asdict(finding) for finding in findings],
    }


def _summary(findings: "list[Finding]") -> str:
    used = f"at most {_calls(findings)} of the month's calls used"
    if failed := _failed(findings):
        return f"{failed} of {counted(len(findings), 'check')} failed; {used}"
    warnings = sum(finding.state == "warning" for finding in findings)
    besides = f" but {counted(warnings, 'warning')}" if warnings else ""
    return f"no problems found{besides}; {used}"


def _failed(findings: "list[Finding]") -> int:
    return sum(finding.state == "failed" for finding in findings)


def _calls(findings: "list[Finding]") -> int:
    return sum(finding.calls for finding in findings)
