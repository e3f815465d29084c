"""A bot file broken in any way shows none of its secrets, in no format."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from imbot.check.check import check
from imbot.problems import github, records, sarif
from imbot.problems.sources import Sources
from imbot.problems.text import render

SECRETS = ("hunter2-abc", "QwErTy99zz", "Zk3Pp0-Lx")
LINES = """\
type: dingtalk-stream
title: "客服 {{ x }}"
credentials:
  client_id: dingx
  client_secret: hunter2-abc
agent:
  type: openai
  base_url: http://x/v1
  model: qwen
  api_key: "QwErTy99zz"   # the key
  headers: {X-Team: a, Authorization: Bearer Zk3Pp0-Lx}
throttle: {pace: fixed, interval: 2s}
"""
BLOCKS = LINES.replace("secret: hunter2-abc", "secret: |\n    hunter2-abc\n    more").replace(
    "headers: {X-Team: a, Authorization: Bearer Zk3Pp0-Lx}", "headers:\n    X-Team: a\n    X-Any: Zk3Pp0-Lx"
)
SIGNS = st.sampled_from([*":\"'{}[]#|>-*&!%\t \n,：<", ""])
PLACES = st.integers(min_value=0, max_value=len(BLOCKS))


def without(text, place):
    return text[:place] + text[place + 1 :]


def of_lines(change):
    def changed(text, place):
        lines = text.split("\n")
        number = place % len(lines)
        return "\n".join([*lines[:number], *change(lines[number]), *lines[number + 1 :]])

    return changed


CHANGES = st.one_of(
    st.tuples(st.just(without), PLACES),
    SIGNS.map(lambda sign: lambda text, place: text[:place] + sign + text[place:]).flatmap(
        lambda change: st.tuples(st.just(change), PLACES)
    ),
    st.tuples(
        st.sampled_from(
            [
                of_lines(lambda line: [line, line]),
                of_lines(lambda line: []),
                of_lines(lambda line: [f"  {line}"]),
                of_lines(lambda line: [line.lstrip()]),
                of_lines(lambda line: [line.replace(": ", " ")]),
                of_lines(lambda line: [line.partition(": ")[2]]),
            ]
        ),
        PLACES,
    ),
)


@settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(text=st.sampled_from([LINES, BLOCKS]), changes=st.lists(CHANGES, min_size=1, max_size=3))
def test_no_broken_file_shows_a_secret(tmp_path, text, changes):
    for change, place in changes:
        text = change(text, place)
    folder = tmp_path / "bots"
    folder.mkdir(exist_ok=True)
    (folder / "a.yaml").write_text(text, encoding="utf-8")
    sources = Sources()

    report = check([folder], sources, no_env=True)
    shown = [render(report, sources), *(form.render(report) for form in (records, github, sarif))]

    for secret in SECRETS:
        pieces = {secret[at : at + 6] for at in range(len(secret) - 5)}
        assert not [piece for piece in pieces for output in shown if piece in output]
