import json

import pytest
from botfolder import bot, write

from imbot.config.loader import Loader
from imbot.config.loader.redacted import SecretGoneError, readable_values, with_secrets, without_secrets

OPENAI = """\
# client_secret: yesterday's
credentials: {client_id: ding1, client_secret: %s}
agent:
  type: openai
  base_url: http://127.0.0.1:1/v1
  model: m
  api_key: %s
  headers: {X-Key: %s, X-Plain: <<PLAIN>>}
"""


def kept(text):
    content, cut = without_secrets(text.encode())
    return content.decode(), cut


@pytest.mark.parametrize(
    "secret",
    [
        "s3cret-value",
        "'s3cret-value'",
        '"<<SECRET>>s3cret-value"',
        "<<SECRET:-s3cret-value>>",
        "<<file:secret.txt:-s3cret-value>>",
        "s3cret-<<<<value",
    ],
)
def test_a_secret_that_is_written_down_is_cut(secret):
    content, cut = kept(OPENAI % (secret, secret, secret))

    assert "s3cret" not in content
    assert "yesterday" not in content
    assert cut == ("/credentials/client_secret", "/agent/api_key", "/agent/headers/X-Key")
    assert json.loads(content)["agent"]["headers"]["X-Plain"] == "<<PLAIN>>"


@pytest.mark.parametrize(
    "secret",
    [
        "<<SECRET>>",
        "<<SECRET>><<OTHER>>",
        "<<file:secret.txt>>",
        "Bearer <<SECRET>>",
        "'<<SECRET:?why>>'",
        "''",
    ],
)
def test_a_secret_that_lies_elsewhere_is_named_as_before(secret):
    content, cut = kept(OPENAI % (secret, secret, secret))

    assert cut == ()
    assert json.loads(content)["agent"]["api_key"] == secret.strip("'")


def test_an_alias_brings_no_secret_to_a_second_place():
    text = "credentials: {client_id: a, client_secret: &s s3cret-value}\nagent: {type: openai, api_key: *s}\n"
    content, cut = kept(text)

    assert "s3cret" not in content
    assert cut == ("/credentials/client_secret", "/agent/api_key")


def test_defaults_are_cut_whatever_agent_they_are_for():
    content, cut = kept("agent: {api_key: s3cret-value, model: m}\n")

    assert json.loads(content) == {"agent": {"api_key": None, "model": "m"}}
    assert cut == ("/agent/api_key",)


def test_what_a_secret_file_stands_for_by_default_is_cut_anywhere():
    content, cut = kept("card: {vars: {a: <<file:a:-s3cret-value>>, b: <<file:b>>, c: plain}}\n")

    assert json.loads(content)["card"]["vars"] == {"a": None, "b": "<<file:b>>", "c": "plain"}
    assert cut == ("/card/vars/a",)


@pytest.mark.parametrize(
    "value",
    ["退货 😀", "a\u2028b\x85c", "\x00\x07\x7f\x9f", "\ufeff\ufffd\ue000", "a: b # c\n<<X>> '\"\\", 1e22, 0.1, True, 10**20, None],
)  # fmt: skip
def test_values_come_through_yaml_as_they_were(value):
    kept = json.dumps({"title": None, "x": [value]}).encode()
    whole = with_secrets(kept, ("/title",), {"title": "t"}, "a.yaml")

    assert readable_values(whole) == {"title": "t", "x": [value]}


def test_a_kept_file_means_the_same_once_it_is_whole_again(tmp_path):
    text = bot("ding1", 'title: "退货 \\u0007"\ntexts: {thinking: "{{ question }} # no: comment"}\n')
    folder = write(tmp_path, {"a.yaml": text})
    loader = Loader(folder, environ={})
    whole = with_secrets(*without_secrets(text.encode()), readable_values(text.encode()), "a.yaml")
    result = loader.load_kept({folder / "a.yaml": {folder / "a.yaml": whole}})

    assert [file.problems for file in result.files] == [()]
    assert [spec.fingerprint for spec in result.specs] == [spec.fingerprint for spec in loader.load().specs]


# -- today's secrets, out of a broken file

GOOD = OPENAI % ("s1", "s2", "s3")
CUT = ("/credentials/client_secret", "/agent/api_key", "/agent/headers/X-Key")
BLOCKS = """\
credentials:
  client_id: ding1
  client_secret: s1
agent:
  type: openai
  api_key: s2
  headers:
    X-Key: s3
"""


@pytest.mark.parametrize(
    "today",
    [
        GOOD,
        GOOD + "unknown: key\n",
        GOOD + "title: 'open\n",
        "title: 'open\n" + GOOD,
        "a: [\n" + GOOD,
        GOOD + "garbage\n",
        GOOD.replace("agent:", "<<<<<<< HEAD\nagent:"),
        BLOCKS.replace("  api_key", "  garbage\n  api_key"),
        GOOD.replace("\n", "\r\n") + "title: [\r\n",
        "\ufeff" + GOOD + "title: [\n",
        GOOD.replace("  model: m\n", '  model: "m\n'),
        BLOCKS.replace("  type: openai\n", '  type: "openai\n'),
        BLOCKS.replace("  client_id: ding1\n", "  client_id: [ding1\n"),
        BLOCKS + "agent: {type: echo}\nagent:\n" + BLOCKS.partition("agent:\n")[2],
    ],
)
def test_secrets_are_found_in_a_broken_file(today):
    content, cut = without_secrets(GOOD.encode())
    assert cut == CUT
    whole = readable_values(with_secrets(content, cut, readable_values(today.encode()), "a.yaml"))

    assert whole["credentials"]["client_secret"] == "s1"
    assert (whole["agent"]["api_key"], whole["agent"]["headers"]["X-Key"]) == ("s2", "s3")


@pytest.mark.parametrize(
    ("today", "gone"),
    [
        ("", CUT),
        ("\x00\xff", CUT),
        ("- list", CUT),
        ("[" * 100_000, CUT),
        (GOOD.replace("client_secret: s1", "secret: s1"), CUT[:1]),
        (GOOD.replace("client_secret: s1}", "client_secret: s1"), CUT[:1]),
        (GOOD.replace("api_key: s2", "api_key: 's2"), CUT[1:2]),
        (GOOD + "  \t- x\n", CUT[2:]),
    ],
)
def test_secrets_that_are_gone_are_named_and_not_shown(today, gone):
    with pytest.raises(SecretGoneError) as caught:
        with_secrets(*without_secrets(GOOD.encode()), readable_values(today.encode("latin-1")), "a.yaml")

    assert caught.value.pointers == gone
    assert all(f"`{'.'.join(at.split('/')[1:])}`" in str(caught.value) for at in gone)


def test_a_secret_that_became_a_placeholder_is_taken_as_one():
    today = (GOOD + "title: [\n").replace("s1", "<<SECRET>>")
    whole = readable_values(
        with_secrets(*without_secrets(GOOD.encode()), readable_values(today.encode()), "a.yaml")
    )

    assert whole["credentials"]["client_secret"] == "<<SECRET>>"


def test_a_deep_or_long_broken_file_is_read_in_no_time():
    stairs = "".join(" " * depth + "key:\n" for depth in range(900)) + "x: [\n"
    flat = "key: [\n" * 20_000

    assert readable_values(stairs.encode()) == {}
    assert readable_values(flat.encode()) == {}


# -- a folder as it was


def test_nothing_but_what_was_kept_is_there(tmp_path):
    text = bot("ding1", "card: {templates: {final: {file: cards/final.yaml}}}\n")
    folder = write(tmp_path, {"a.yaml": text, "cards/final.yaml": 'msgContent: "{{ answer }}"\n'})
    loader = Loader(folder, environ={})
    alone = loader.load_kept({folder / "a.yaml": {folder / "a.yaml": text.encode()}})

    assert [problem.code for problem in alone.problems] == ["file.missing"]
    assert loader.load().problems == ()


def test_files_that_are_gone_from_the_disk_are_there_as_they_were(tmp_path):
    text = bot("ding1", "card: {templates: {final: {file: cards/final.yaml}}}\n").replace(
        "type: echo", "type: faq\n  knowledge: faq"
    )
    files = {
        "a.yaml": text,
        "cards/final.yaml": "msgContent: \"{% include 'cards/foot.j2' %}\"\n",
        "cards/foot.j2": "{{ answer }}",
        "faq/a.md": "# Q\nA\n",
        "faq/deep/b.md": "# R\nB\n",
        "faq/.hidden.md": "no",
    }
    loader = Loader(write(tmp_path, files), environ={})
    before = loader.load()
    contents = {tmp_path / name: content for name, content in
                ((str(path), content) for path, content in before.read[str(tmp_path / "a.yaml")].items())}  # fmt: skip
    assert {path.name for path in contents} == {"a.yaml", "final.yaml", "foot.j2", "a.md", "b.md"}
    for name in files:
        (tmp_path / name).unlink()
    after = loader.load_kept({tmp_path / "a.yaml": contents})

    assert after.problems == ()
    assert [spec.fingerprint for spec in after.specs] == [spec.fingerprint for spec in before.specs]


def test_secret_files_are_not_among_what_was_read_and_are_todays(tmp_path):
    text = bot().replace("s3cr3t-value", "<<file:secret.txt>>")
    folder = write(tmp_path, {"a.yaml": text, "secret.txt": "s3cret-one"})
    loader = Loader(folder, environ={})
    read = loader.load().read[str(folder / "a.yaml")]
    write(folder, {"secret.txt": "s3cret-two"})
    (spec,) = loader.load_kept({folder / "a.yaml": {folder / "a.yaml": read[str(folder / "a.yaml")]}}).specs

    assert [*read] == [str(folder / "a.yaml")]
    assert spec.credentials["client_secret"].reveal() == "s3cret-two"
