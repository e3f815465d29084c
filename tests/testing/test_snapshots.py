import pytest
from hypothesis import given
from hypothesis import strategies as st
from stagehands import case, folder

from imbot.config.yamlfile import read_yaml
from imbot.testing.running import run
from imbot.testing.snapshots import Snapshots, snapshot_text

SCALARS = st.none() | st.booleans() | st.integers(-9, 9) | st.text(st.characters(exclude_categories=["Cs"]))
TEXTS = st.text(st.sampled_from("ab \n\t:#-?'\"{}[]|>&*!%@`,·中\u2028"), min_size=1)
VALUES = st.recursive(
    SCALARS | TEXTS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3)
)


@given(st.dictionaries(TEXTS, VALUES, min_size=1, max_size=4))
def test_what_is_written_is_yaml_that_means_the_same(value):
    assert read_yaml(snapshot_text(value).encode(), "s.yaml").value == value


def test_it_reads_well():
    value = {
        "phase": "final",
        "card": {"text": "一\n\n二: 三\n", "buttons": [{"text": "👍", "on": True}], "none": []},
    }
    assert (
        snapshot_text(value)
        == """\
phase: final
card:
  text: |
    一

    二: 三
  buttons:
    - text: "👍"
      "on": true
  none: []
"""
    )


def snap(path, **options):
    done = run([path], **options)
    return [miss.message for result in done.results for miss in result.misses]


def test_a_missing_snapshot_fails_until_update_writes_it(tmp_path):
    path = folder(tmp_path, case("- {say: hi, expect: {snapshot: s}}"))
    kept = path.parent / "snapshots/a.s.yaml"

    assert snap(path) == [f"there is no snapshot {kept}; `--update` writes it"]
    assert not kept.exists()
    assert snap(path, update=True) == []
    assert "msgContent: hi" in kept.read_text(encoding="utf-8")
    assert snap(path) == []


def test_a_card_that_changed_fails_until_it_is_kept(tmp_path):
    path = folder(tmp_path, case("- {say: hi, expect: {snapshot: s}}"))
    snap(path, update=True)
    path.write_text(case("- {say: ho, expect: {snapshot: s}}"), encoding="utf-8")

    (result,) = run([path]).results

    (miss,) = result.misses
    assert "msgContent: hi" in miss.expected
    assert "msgContent: ho" in miss.got
    assert snap(path, update=True) == []
    assert snap(path) == []


def test_update_leaves_a_snapshot_that_still_holds(tmp_path):
    path = folder(tmp_path, case("- {say: hi, expect: {snapshot: s}}"))
    snap(path, update=True)
    kept = path.parent / "snapshots/a.s.yaml"
    before = kept.stat().st_mtime_ns
    snap(path, update=True)
    assert kept.stat().st_mtime_ns == before


def test_messages_have_snapshots_too(tmp_path):
    path = folder(tmp_path, case("- {say: /help, expect: {snapshot: s}}"))
    snap(path, update=True)
    assert Snapshots(path.parent, "a", update=False).read("s").startswith("messages:\n  - ")


@pytest.mark.parametrize("text", ["true", "No", "null", "1", "a: b", "-", "", "~", "é"])
def test_a_text_stays_a_text(text):
    assert read_yaml(snapshot_text({"a": text}).encode(), "s.yaml").value == {"a": text}
