"""What only one bot may have: its name, and its app.

The last step of loading, which looks at all files of a folder together.
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
    """The file that owns a claim, and the place in it."""

    path: str
    place: str


@dataclass(frozen=True, slots=True)
class Claim:
    """What a file claims, in words and with its place; ``invented``: it was made up from the bot's name."""

    key: ClaimKey
    what: str
    at: str
    span: Span
    invented: bool = False


def settle(
    files: Iterable[BotFile], before: Mapping[ClaimKey, Holder]
) -> tuple[tuple[BotFile, ...], dict[ClaimKey, Holder]]:
    """Reject every file that claims what another one owns; returns the files, and who owns what now."""
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
    """The problems of files that claim what another one owns, by path, and who owns what now.

    The owner ``before`` keeps its claim, even while its file is broken, because its bot keeps running. Among
    new files the first path wins, so that the result does not depend on the order of finding them.
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
    """What a file claims. A disabled bot does not connect, so it claims only its name."""
    spec = file.spec
    if spec is None:
        return ()
    # Names that differ only in their case would be one file on many systems, and are one bot to people
    name = Claim(("name", spec.name.casefold()), f"the name `{spec.name}`", "/name", _span(spec, "/name"))
    if not (spec.enabled and spec.identity):
        return (name,)
    key = next(key for key, value in spec.credentials.items() if value == spec.identity)
    at = f"/credentials/{key}"
    claimed = ("identity", spec.type, spec.identity)
    return name, Claim(claimed, f"`{key}` {spec.identity}", at, _span(spec, at), at in spec.invented)


def _rank(path: str, claimed: Sequence[Claim], before: Mapping[ClaimKey, Holder]) -> tuple[Hashable, ...]:
    """The order of files: those that own all they claim, those that own some of it, new ones by path."""
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
