"""What only one bot may have: its name, and the app it speaks for.

The loader's last station: it looks at all files of a folder together.
"""

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from imbot.config.loader.botfile import BotFile
from imbot.errors import START, Problem, Span
from imbot.spec import BotSpec
from imbot.text.pointers import span_at

ClaimKey = tuple[str, ...]  # ("name", its name), ("identity", its type, its identity)


@dataclass(frozen=True, slots=True)
class Holder:
    """The file that has a claim, and where it says so."""

    path: str
    place: str


@dataclass(frozen=True, slots=True)
class Claim:
    """What a file claims, in words and with its place; ``invented``: made up of its name, which says it all."""

    key: ClaimKey
    what: str
    at: str
    span: Span
    invented: bool = False


def settle(
    files: Iterable[BotFile], before: Mapping[ClaimKey, Holder]
) -> tuple[tuple[BotFile, ...], dict[ClaimKey, Holder]]:
    """Reject every file that claims what another has; the files, and who has what now."""
    settled = {file.path: file for file in files}
    broken = {path for path, file in settled.items() if file.spec is None}
    rejected, held = contested({path: claims_of(file) for path, file in settled.items()}, broken, before)
    for path, rejections in rejected.items():
        problems = tuple(sorted([*settled[path].problems, *rejections]))
        settled[path] = replace(settled[path], spec=None, problems=problems)
    return tuple(settled.values()), held


def contested(
    claimed: Mapping[str, Sequence[Claim]], broken: Collection[str], before: Mapping[ClaimKey, Holder]
) -> tuple[dict[str, list[Problem]], dict[ClaimKey, Holder]]:
    """Why files are rejected that claim what another has, by their paths, and who has what now.

    Who has had it keeps it, even while its file is broken, as its bot goes on running. Among
    newcomers the first path wins, however the files were found.
    """
    held = {claim: holder for claim, holder in before.items() if holder.path in broken}
    rejected: dict[str, list[Problem]] = {}
    for path in sorted(claimed, key=lambda path: _rank(path, claimed[path], before)):
        taken = [claim for claim in claimed[path] if claim.key in held]
        if taken:
            told = [claim for claim in taken if not claim.invented] or taken
            rejected[path] = [_rejection(path, claim, held[claim.key]) for claim in told]
        else:
            held |= {claim.key: Holder(path, _place(path, claim)) for claim in claimed[path]}
    return rejected, held


def claims_of(file: BotFile) -> tuple[Claim, ...]:
    """What a file claims. A bot that is not enabled connects to nothing, so it has a name only."""
    spec = file.spec
    if spec is None:
        return ()
    name = Claim(("name", spec.name), f"the name `{spec.name}`", "/name", _span(spec, "/name"))
    if not (spec.enabled and spec.identity):
        return (name,)
    key = next(key for key, value in spec.credentials.items() if value == spec.identity)
    at = f"/credentials/{key}"
    claimed = ("identity", spec.type, spec.identity)
    return name, Claim(claimed, f"`{key}` {spec.identity}", at, _span(spec, at), at in spec.invented)


def _rank(path: str, claimed: Sequence[Claim], before: Mapping[ClaimKey, Holder]) -> tuple[Hashable, ...]:
    """First those who claim only what they have, then those who have something, then newcomers."""
    has = [claim.key in before and before[claim.key].path == path for claim in claimed]
    return (not all(has), not any(has), path)


def _rejection(path: str, claim: Claim, holder: Holder) -> Problem:
    message = f"{claim.what} is already used at {holder.place}"
    hint = "give this bot another one, or remove one of the two files"
    return Problem.at(path, claim.span, f"{claim.key[0]}.taken", message, hint, pointer=claim.at)


def _place(path: str, claim: Claim) -> str:
    span = claim.span
    return f"{span.path or path}:{span.line}:{span.column}"


def _span(spec: BotSpec, at: str) -> Span:
    return span_at(spec.marks, at) if at in spec.marks.values else START
