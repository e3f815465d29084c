"""What only one bot may have: its name, and the app it speaks for.

The loader's last station: it looks at all files of a folder together.
"""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, replace

from imbot.errors import Problem
from imbot.loader.botfile import BotFile
from imbot.loader.resolve import problem
from imbot.spec import BotSpec, Span
from imbot.yamlfile.pointers import span_at

Claim = tuple[str, ...]  # ("name", its name), ("identity", its type, its identity)

_START = Span(1, 1, 1, 1)


@dataclass(frozen=True, slots=True)
class Holder:
    """The file that has a claim, and where it says so."""

    path: str
    place: str


def settle(
    files: Iterable[BotFile], before: Mapping[Claim, Holder]
) -> tuple[tuple[BotFile, ...], dict[Claim, Holder]]:
    """Reject every file that claims what another has; the files, and who has what now.

    Who has had it keeps it, even while its file is broken, as its bot goes on running. Among
    newcomers the first path wins, however the files were found.
    """
    settled = {file.path: file for file in files}
    held = {claim: holder for claim, holder in before.items() if _broken(settled.get(holder.path))}
    for file in sorted(settled.values(), key=lambda file: _rank(file, before)):
        claims = _claims(file)
        taken = [(claim, held[claim]) for claim in claims if claim in held]
        if taken:
            rejections = [_rejection(file, claim, holder) for claim, holder in taken]
            settled[file.path] = replace(
                file, spec=None, problems=tuple(sorted([*file.problems, *rejections]))
            )
        else:
            held |= {claim: Holder(file.path, _place(file, claim)) for claim in claims}
    return tuple(settled.values()), held


def _broken(file: BotFile | None) -> bool:
    return file is not None and file.spec is None


def _claims(file: BotFile) -> list[Claim]:
    """A bot that is not enabled connects to nothing, so it has a name only."""
    spec = file.spec
    if spec is None:
        return []
    connects = spec.enabled and spec.identity
    return [("name", spec.name), *([("identity", spec.type, spec.identity)] if connects else [])]


def _rank(file: BotFile, before: Mapping[Claim, Holder]) -> tuple[Hashable, ...]:
    """First those who claim only what they have, then those who have something, then newcomers."""
    has = [claim in before and before[claim].path == file.path for claim in _claims(file)]
    return (not all(has), not any(has), file.path)


def _rejection(file: BotFile, claim: Claim, holder: Holder) -> Problem:
    at, what = _said(file, claim)
    message = f"{what} is taken by {holder.place}"
    hint = "give this bot another one, or remove one of the two files"
    assert file.spec is not None
    return problem(file.path, _span(file.spec, at), at, f"{claim[0]}.taken", message, hint)


def _place(file: BotFile, claim: Claim) -> str:
    assert file.spec is not None
    span = _span(file.spec, _said(file, claim)[0])
    return f"{file.path}:{span.line}:{span.column}"


def _said(file: BotFile, claim: Claim) -> tuple[str, str]:
    """Where a file makes a claim, and the claim in words."""
    assert file.spec is not None
    if claim[0] == "name":
        return "/name", f"the name `{claim[1]}`"
    key = next(key for key, value in file.spec.credentials.items() if value == file.spec.identity)
    return f"/credentials/{key}", f"`{key}` {claim[2]}"


def _span(spec: BotSpec, at: str) -> Span:
    return span_at(spec.marks, at) if at in spec.marks.values else _START
