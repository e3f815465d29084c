import pytest

from imbot.agents.knowledge import read_entries
from imbot.spec import Folder, TextFile


def read(*texts):
    files = tuple(TextFile(f"knowledge/{number}.md", text) for number, text in enumerate(texts))
    return read_entries(Folder("knowledge", files))


def answers(text):
    return {entry.title: entry.answer for entry in read(text)}


def test_a_heading_asks_and_the_text_below_it_answers():
    assert answers("# A\none\n\ntwo\n\n## B ##\n\nthree\n") == {"A": "one\n\ntwo", "B": "three"}


def test_a_heading_without_a_text_of_its_own_is_only_a_title():
    entries = read("# Title\n\n## A\none\n### B\ntwo\n# C\nthree")
    assert [(entry.title, entry.parents) for entry in entries] == [
        ("A", ("Title",)),
        ("B", ("Title", "A")),
        ("C", ()),
    ]


def test_a_parents_intro_belongs_to_the_parent():
    assert answers("# A\nintro\n## B\ntext\n# C\nend") == {"A": "intro", "B": "text", "C": "end"}


def test_front_matter_and_what_stands_before_the_first_heading_are_skipped():
    assert answers("\ufeff---\ntitle: x\n# comment\n---\npreface\n# A\none") == {"A": "one"}
    assert answers("---\n# A\nan unclosed start is text") == {"A": "an unclosed start is text"}


@pytest.mark.parametrize("fence", ["```", "~~~~", "  ```python"])
def test_headings_inside_fences_are_code(fence):
    bare = fence.removesuffix("python")
    code = f"{fence}\n# no heading\n~~\n{bare}\ntext"
    assert answers(f"# A\n{code}\n# B\nmore") == {"A": code, "B": "more"}


def test_a_fence_ends_only_with_its_own_kind():
    assert answers("# A\n````\n```\n# x\n~~~~\n```` no\n````\n# B\nb") == {
        "A": "````\n```\n# x\n~~~~\n```` no\n````",
        "B": "b",
    }
    assert answers("# A\n```inline``` code\n# B\nb") == {"A": "```inline``` code", "B": "b"}


def test_what_only_looks_like_a_heading_is_text():
    text = "#hashtag\n    # code\n####### seven\n\\# escaped"
    assert answers(f"# A\n{text}") == {"A": text}


def test_the_markup_of_a_heading_is_not_part_of_the_question():
    assert list(answers("## **Reset** my `password` [here](http://x.y/z) snake_case\nx")) == [
        "Reset my password here snake_case"
    ]


def test_lines_right_below_a_heading_name_other_ways_to_ask():
    (entry,) = read("# A\n\n别名: 甲 | 乙｜丙\nAlso: the a | \n**又名**：丁\n\ntext\nAlso: not an alias")
    assert entry.aliases == ("甲", "乙", "丙", "the a", "丁")
    assert entry.answer == "text\nAlso: not an alias"


def test_aliases_alone_are_no_answer():
    assert read("# A\n别名: 甲\n") == []


def test_the_same_heading_twice_is_told_apart_by_its_parent():
    entries = read("# Install\n## Windows\na\n# Remove\n## Windows\nb\n## macOS\nc")
    assert [entry.title for entry in entries] == ["Install › Windows", "Remove › Windows", "macOS"]
    assert entries[0].heading == "Windows"


def test_files_are_named_from_the_folder(knowledge):
    assert {entry.file for entry in read_entries(knowledge)} == {
        "after-sales.md",
        "hr/leave.md",
        "it-helpdesk.md",
        "orders.md",
    }


def test_line_ends_of_other_systems_are_read():
    assert answers("# A\r\none\r\n\r\n# B\r\ntwo\r\n") == {"A": "one", "B": "two"}


def test_files_without_headings_hold_nothing():
    assert read("", "just text", "# only a title\n") == []
