import pytest

from imbot.config.loader.parse import newer, parse
from imbot.config.loader.snapshot import Reader, Snapshot
from imbot.errors import ConfigError


def parsed(path):
    reader = Reader(Snapshot({}))
    return parse(path, reader), reader


def test_a_file_is_read_once_and_noted(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("title: x\n")
    file, reader = parsed(path)
    assert (file.value, file.path, reader.paths) == ({"title": "x"}, str(path), (str(path),))


def test_no_file_is_no_problem_but_a_link_to_nothing_is(tmp_path):
    with pytest.raises(FileNotFoundError):
        parsed(tmp_path / "a.yaml")
    (tmp_path / "b.yaml").symlink_to(tmp_path / "gone" / "b.yaml")
    with pytest.raises(ConfigError, match="a link to a file that does not exist"):
        parsed(tmp_path / "b.yaml")


def test_below_a_link_no_file_is_no_link(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "bots").symlink_to("real")
    with pytest.raises(FileNotFoundError):
        parsed(tmp_path / "bots/a.yaml")


@pytest.mark.parametrize(("version", "known"), [("1", True), ("'2'", True), ("2", False), ("1.5", False)])
def test_only_a_newer_format_is_newer(tmp_path, version, known):
    path = tmp_path / "a.yaml"
    path.write_text(f"version: {version}\n")
    assert (newer(parsed(path)[0]) is None) == known
