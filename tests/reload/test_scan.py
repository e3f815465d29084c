"""One look at real files: what is seen, and what tells that it changed."""

import os

import pytest
from botfolder import write

from imbot.reload.scan import entry_at, folder_id, scan


def names(folder, used=()):
    return {os.path.relpath(path, folder) for path in scan(folder, used)}


def test_every_file_below_is_seen_and_those_named_elsewhere(tmp_path):
    folder = write(tmp_path / "bots", {"a.yaml": "", "cards/deep/x.j2": "", ".hidden/y": ""})
    write(tmp_path, {"secret": ""})

    assert names(folder, [str(tmp_path / "secret"), str(tmp_path / "nothing"), "a\0b"]) == {
        "a.yaml", "cards/deep/x.j2", ".hidden/y", "../secret"
    }  # fmt: skip


@pytest.mark.parametrize("other", [".git", ".imbot", "__pycache__", "..data", "..2026_11_22"])
def test_what_is_no_part_of_a_bot_is_left_out(tmp_path, other):
    assert names(write(tmp_path / "bots", {f"{other}/x": ""})) == set()


def test_links_are_followed_to_files_and_folders_but_never_back_up(tmp_path):
    folder = write(tmp_path / "bots", {"a/x": ""})
    write(tmp_path / "elsewhere", {"y": ""})
    (folder / "loop").symlink_to(folder)
    (folder / "a/loop").symlink_to(folder / "a")
    (folder / "b").symlink_to(tmp_path / "elsewhere")
    (folder / "c").symlink_to(tmp_path / "elsewhere")
    (folder / "d").symlink_to(tmp_path / "nothing")
    (folder / "e").symlink_to("e")

    assert names(folder) == {"a/x", "b/y", "c/y"}


@pytest.mark.parametrize("special", ["folder", "nothing"])
def test_folders_are_no_files(tmp_path, special):
    path = tmp_path / "x"
    if special == "folder":
        path.mkdir()
    assert entry_at(str(path)) is None


def times_kept(path):
    """The same size and the same time, as `cp -p` or a careless tool leaves them."""
    before = path.stat()
    path.write_text("two")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def replaced(path):
    other = path.with_name("other")
    other.write_text("one")
    other.rename(path)


@pytest.mark.parametrize("change", [times_kept, replaced, lambda path: path.chmod(0o600), os.remove])
def test_a_change_shows_whatever_it_is(tmp_path, change):
    path = tmp_path / "a.yaml"
    path.write_text("one")
    os.utime(path, (1, 1))
    before = entry_at(str(path))
    change(path)
    assert entry_at(str(path)) != before


def test_a_folder_made_anew_is_another_one(tmp_path):
    folder = tmp_path / "bots"
    assert folder_id(folder) is None
    folder.mkdir()
    before = folder_id(folder)
    assert before == folder_id(folder)
    folder.rename(tmp_path / "old")
    folder.mkdir()
    assert folder_id(folder) != before


@pytest.mark.parametrize("name", ["a.yaml", ".env"])
def test_what_is_in_the_place_of_a_file_is_seen_and_told_apart(tmp_path, name):
    seen = []
    for make in (lambda path: path.mkdir(), os.mkfifo, lambda path: path.symlink_to("/dev/null")):
        make(tmp_path / name)
        seen.append(scan(tmp_path, ())[str(tmp_path / name)])
        os.rename(tmp_path / name, tmp_path / f"old{len(seen)}")

    assert len(set(seen)) == 3
