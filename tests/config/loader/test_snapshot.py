import os

import pytest
from botfolder import write

from imbot.config.loader.snapshot import EnvVariables, Reader, Snapshot


def test_each_thing_is_read_once_for_all_readers(tmp_path):
    write(tmp_path, {"x": "old"})
    snapshot = Snapshot({})
    assert Reader(snapshot).content(tmp_path / "x") == b"old"
    write(tmp_path, {"x": "new"})
    assert Reader(snapshot).content(tmp_path / "x") == b"old"
    assert Reader(Snapshot({})).content(tmp_path / "x") == b"new"


@pytest.mark.parametrize(
    "change",
    [
        lambda folder, environ: write(folder, {"x": "new"}),
        lambda folder, environ: (folder / "x").unlink(),
        lambda folder, environ: write(folder, {"kb/b.md": ""}),
        lambda folder, environ: write(folder, {"absent": ""}),
        lambda folder, environ: environ.update(A="2"),
        lambda folder, environ: environ.update(B=""),
        lambda folder, environ: ((folder / "x").rename(folder / "y"), (folder / "x").symlink_to("y")),
    ],
)
def test_a_change_of_what_was_read_is_seen(tmp_path, change):
    environ = {"A": "1"}
    reader = Reader(Snapshot(environ))
    write(tmp_path, {"x": "old", "kb/a.md": ""})
    reader.content(tmp_path / "x")
    reader.real(tmp_path / "x")
    reader.markdown(tmp_path / "kb")
    reader.variable("A")
    reader.variable("B")
    with pytest.raises(FileNotFoundError):
        reader.content(tmp_path / "absent")
    assert Snapshot(environ).same(reader.reads)
    change(tmp_path, environ)
    assert not Snapshot(environ).same(reader.reads)


def test_a_change_of_what_was_not_read_is_none(tmp_path):
    reader = Reader(Snapshot({}))
    write(tmp_path, {"x": "", "kb/a.md": ""})
    reader.content(tmp_path / "x")
    reader.markdown(tmp_path / "kb")
    write(tmp_path, {"z": "", "kb/a.txt": ""})
    os.utime(tmp_path / "x", (5, 5))
    assert Snapshot({"A": "1"}).same(reader.reads)


def test_paths_are_what_was_looked_for(tmp_path):
    reader = Reader(Snapshot({}))
    reader.variable("A")
    write(tmp_path, {"x": ""})
    reader.content(tmp_path / "x")
    with pytest.raises(FileNotFoundError):
        reader.content(tmp_path / "absent")
    assert reader.paths == (str(tmp_path / "absent"), str(tmp_path / "x"))


def test_only_regular_files_are_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for name in ("pipe", "."):
        with pytest.raises(OSError, match=r"regular|folder"):
            Reader(Snapshot({})).content(tmp_path / name)


def test_variables_are_a_mapping_that_notes_each_look():
    reader = Reader(Snapshot({"A": "1", "B": "2"}))
    variables = EnvVariables(reader)
    assert (variables.get("A"), variables.get("C")) == ("1", None)
    assert list(variables) == ["A"]
    assert set(reader.reads) == {("variable", "A"), ("variable", "C")}
