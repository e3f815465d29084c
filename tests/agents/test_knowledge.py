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


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A\n===\none\n\nB\n---\ntwo", {"A": "one", "B": "two"}),
        ("A\n=\none\nmore\n\n  B  \n ----- \n\ntwo", {"A": "one\nmore", "B": "two"}),
        # the line parts an answer from what follows
        ("# A\none\n---\ntwo", {"A": "one\n---\ntwo"}),
        ("# A\n\none\n---\n\n# B\ntwo", {"A": "one\n---", "B": "two"}),
        ("# A\none\n---", {"A": "one\n---"}),
        ("# A\none\ntwo\n---\nthree", {"A": "one\ntwo\n---\nthree"}),
        ("# A\none\n\n---\nthree", {"A": "one\n\n---\nthree"}),
        # it belongs to another block
        ("# A\n\n- item\n---\ntext", {"A": "\n- item\n---\ntext".strip()}),
        ("# A\n\na | b\n--- | ---\n1 | 2", {"A": "a | b\n--- | ---\n1 | 2"}),
        ("# A\n```\nx\n===\n```", {"A": "```\nx\n===\n```"}),
    ],
)
def test_a_heading_may_be_underlined(text, expected):
    assert answers(text) == expected


@pytest.mark.parametrize(
    ("heading", "title"),
    [
        ("怎么报销 {#baoxiao}", "怎么报销"),
        ("怎么报销 {: #baoxiao .big}", "怎么报销"),
        ('怎么报销 <a name="x"></a>', "怎么报销"),
        ("1. 怎么报销", "怎么报销"),
        ("1.2. 怎么报销 {#a}", "怎么报销"),
        ("3) 怎么报销", "怎么报销"),
        ("12、怎么报销", "怎么报销"),
        ("三、怎么报销", "怎么报销"),
        ("Q2：怎么报销", "怎么报销"),
        ("1\\. 怎么报销", "怎么报销"),
        # these belong to the question
        ("2.0 有什么新功能", "2.0 有什么新功能"),
        ("2024 年放几天假", "2024 年放几天假"),
        ("如何写 {name}", "如何写 {name}"),
        ("3.5mm 耳机", "3.5mm 耳机"),
        ("1.", "1."),
    ],
)
def test_the_number_and_the_id_of_a_heading_are_not_part_of_the_question(heading, title):
    assert list(answers(f"## {heading}\nx")) == [title]


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
