import pytest
from botfolder import write

from imbot.config.loader.contents import ContentError, Contents
from imbot.config.loader.snapshot import Reader, Snapshot
from imbot.errors import ConfigError


def contents(folder):
    return Contents(folder, Reader(Snapshot({})))


def code_of(call, *arguments):
    with pytest.raises(ContentError) as caught:
        call(*arguments)
    return caught.value.code


@pytest.mark.parametrize(
    "name",
    ["../x.md", "a/../../x.md", "/etc/passwd", "~/x", "~root/x", "..\\x", "C:\\x", "a\0b", "..", "a/.."],
)
def test_a_path_that_leaves_the_folder_is_refused(tmp_path, name):
    found = contents(write(tmp_path / "bots", {"a/b": ""}))
    for call in (found.text, found.knowledge, found.layout):
        assert code_of(call, name) == "file.outside"


def test_a_link_that_leaves_the_folder_is_refused(tmp_path):
    folder = write(tmp_path / "bots", {"real/x.md": "x"})
    write(tmp_path / "out", {"x.md": "x"})
    (folder / "file.md").symlink_to(tmp_path / "out/x.md")
    (folder / "deep").symlink_to("../out")
    (folder / "near").symlink_to("real")
    found = contents(folder)
    assert code_of(found.text, "file.md") == "file.outside"
    assert code_of(found.text, "deep/x.md") == "file.outside"
    assert code_of(found.knowledge, "deep") == "file.outside"
    assert found.text("near/x.md").text == "x"


def test_a_link_that_is_refused_counts_as_looked_for_so_that_its_cure_is_noticed(tmp_path):
    folder = write(tmp_path / "bots", {})
    write(tmp_path / "out", {"x.md": "x"})
    (folder / "file.md").symlink_to(tmp_path / "out/x.md")
    reader = Reader(Snapshot({}))
    assert code_of(Contents(folder, reader).text, "file.md") == "file.outside"
    assert reader.paths == (str(folder / "file.md"),)
    assert Snapshot({}).same(reader.reads)
    (folder / "file.md").unlink()
    write(folder, {"file.md": "x"})
    assert not Snapshot({}).same(reader.reads)


def test_a_link_inside_a_knowledge_folder_may_not_leave_it_either(tmp_path):
    folder = write(tmp_path / "bots", {"kb/x.md": "x"})
    write(tmp_path, {"secret.md": "x"})
    (folder / "kb/y.md").symlink_to("../../secret.md")
    assert code_of(contents(folder).knowledge, "kb") == "file.outside"


def test_a_folder_that_is_a_link_itself_is_fine(tmp_path):
    write(tmp_path / "real", {"x.md": "x"})
    (tmp_path / "bots").symlink_to("real")
    file = contents(tmp_path / "bots").text("x.md")
    assert (file.path, file.text) == (str(tmp_path / "bots/x.md"), "x")


def test_names_that_only_look_dangerous_are_fine(tmp_path):
    found = contents(write(tmp_path, {"..data/x.md": "1", "a..b": "2", "子/文 件.md": "3"}))
    assert [found.text(name).text for name in ("..data/x.md", "a..b", "子/文 件.md", "./a..b")] == [
        "1",
        "2",
        "3",
        "2",
    ]


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"\xff\xfe\x00", "file.encoding"), (b"x" * 1_048_577, "file.too-large"), (None, "file.missing")],
)
def test_a_text_that_cannot_be_used_is_refused(tmp_path, content, code):
    folder = write(tmp_path, {} if content is None else {"x": content})
    assert code_of(contents(folder).text, "x") == code


def test_a_byte_order_mark_is_no_text(tmp_path):
    assert contents(write(tmp_path, {"x": b"\xef\xbb\xbfa"})).text("x").text == "a"


def test_a_folder_is_no_file_and_a_file_no_folder(tmp_path):
    found = contents(write(tmp_path, {"kb/x.md": "", "y.md": ""}))
    assert code_of(found.text, "kb") == "file.unreadable"
    assert code_of(found.knowledge, "y.md") == "file.missing"


def test_a_link_in_a_circle_is_refused(tmp_path):
    (tmp_path / "x").symlink_to("x")
    assert code_of(contents(tmp_path).text, "x") in ("file.unreadable", "file.outside")


def test_a_missing_file_has_a_likely_neighbour(tmp_path):
    found = contents(write(tmp_path, {"kb/orders.md": ""}))
    with pytest.raises(ContentError) as caught:
        found.text("kb/order.md")
    assert caught.value.hint == "did you mean `kb/orders.md`?"


def test_a_layout_file_is_parsed(tmp_path):
    found = contents(write(tmp_path, {"x.yaml": "a: [1]", "y.yaml": "[1]", "z.json": '{"a": {"b": true}}'}))
    assert found.layout("x.yaml").value == {"a": [1]}
    assert found.layout("z.json").value == {"a": {"b": True}}
    with pytest.raises(ConfigError):
        found.layout("y.yaml")


@pytest.mark.parametrize(
    "template",
    [
        "{% include 'a.j2' %}",
        '{%- include "a.j2" ignore missing -%}',
        "{%+ import 'a.j2' as a %}",
        "{% from 'a.j2' import x, y %}",
        "{% extends\n  'a.j2' %}",
        "{% include ['none.j2', 'a.j2'] %}",
        "{% include 'a.j2' if answer else 'none.j2' %}",
    ],
)
def test_what_a_template_includes_is_found(tmp_path, template):
    files, problems = contents(write(tmp_path, {"a.j2": "text"})).included([template])
    assert ({name: file.text for name, file in files.items()}, problems) == ({"a.j2": "text"}, [])


@pytest.mark.parametrize(
    "template",
    ["include 'a.j2'", "{{ 'a.j2' }}", "{% set x = 'a.j2' %}", "{% include 'a.txt' %}", "{% include x %}"],
)
def test_what_a_template_does_not_include_is_left(tmp_path, template):
    assert contents(write(tmp_path, {"a.j2": "", "a.txt": ""})).included([template]) == ({}, [])


def test_files_that_include_each_other_end(tmp_path):
    files = {"a.j2": "{% include 'b.j2' %}", "b.j2": "{% include 'a.j2' %}"}
    assert list(contents(write(tmp_path, files)).included([files["b.j2"]])[0]) == ["a.j2", "b.j2"]


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("cards/helo.j2", "cards/hello.j2"),
        ("hello.j2", "cards/hello.j2"),
        ("cards/hello", "cards/hello.j2"),
        ("cards/hello.md", "cards/hello.j2"),
        ("../cards/hello.j2", "cards/hello.j2"),
        ("card/foot.j2", "cards/foot.j2"),
        ("foot.j2", "cards/foot.j2"),
        ("cards/quite-other.j2", None),
        ("hidden.j2", None),
    ],
)
def test_the_text_that_was_probably_meant_is_found(tmp_path, name, near):
    files = {
        "cards/hello.j2": "",
        "cards/foot.j2": "",
        "deep/er/foot.j2": "",
        ".git/hidden.j2": "",
        "hello.md": "",
    }
    found = contents(write(tmp_path, files)).meant([f"{{% include '{name}' %}}"], ())
    assert found == ({name: near} if near else {})


def test_texts_that_are_there_are_not_looked_for(tmp_path):
    reader = Reader(Snapshot({}))
    found = Contents(write(tmp_path, {"a.j2": ""}), reader)
    assert found.meant(["{% include 'a.j2' %}", "no"], {"a.j2"}) == {}
    assert not reader.reads


def test_an_included_file_elsewhere_is_not_read(tmp_path):
    write(tmp_path, {"x.j2": "secret"})
    folder = write(tmp_path / "bots", {})
    assert contents(folder).included(["{% include '../x.j2' %}"]) == ({}, [])
    (folder / "y.j2").symlink_to("../x.j2")
    files, (problem,) = contents(folder).included(["{% include 'y.j2' %}"])
    assert (files, problem.path, problem.code) == ({}, str(folder / "y.j2"), "file.outside")


def test_a_knowledge_folder_without_permission_is_refused(tmp_path, monkeypatch):
    folder = write(tmp_path, {"kb/a.md": ""})

    def scandir(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.scandir", scandir)
    assert code_of(contents(folder).knowledge, "kb") == "file.unreadable"
