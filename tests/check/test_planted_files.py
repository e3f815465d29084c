"""Files that a bot names, and what two bots cannot have in common."""

import pytest
from planted import BOT, hold, mistakes

MISTAKES = mistakes(
    (
        "both instr",
        "agent: {type: openai, base_url: http://x, model: m, instructions: x, instructions_file: ⟦a.txt⟧}",
        "file.missing: there is no file  ⇒ create it, or correct the path, which is relative to",
    ),
    (
        "include latin",
        {
            "a.yaml": BOT + "card: {templates: {final: {msgContent: '{% include \"cards/a.j2\" %}'}}}",
            "cards/a.j2": b"hello\n\xe4",
        },
        "file.encoding: cards/a.j2 is not UTF-8 text ⇒ save it as UTF-8",
        {},
        ("cards/a.j2", 1, 1, 1, 1),
    ),
    (
        "a bot file as a layout",
        {
            "a.yaml": BOT + "card: {templates: {final: {file: ⟦b.yaml⟧}}}\n",
            "b.yaml": BOT.replace("<<ID>>", "ding2") + "title: x\n",
        },
        "file.bot: is a bot file, not a layout ⇒ name a layout file instead",
    ),
    (
        "same name",
        {
            "a.yaml": "name: help\ncredentials: {client_id: <<ID>>, client_secret: <<SECRET>>}\nagent: {type: echo}\n",
            "b.yaml": "name: ⟦help⟧\ncredentials: {client_id: ding2, client_secret: <<SECRET>>}\nagent: {type: echo}\n",
        },
        "name.taken: the name `help` is already used at ⇒ give this bot another one, or remove",
    ),
    (
        "same name stem",
        {
            "a.yaml": BOT,
            "b.yaml": "name: ⟦a⟧\ncredentials: {client_id: ding2, client_secret: <<SECRET>>}\nagent: {type: echo}\n",
        },
        "name.taken: the name `a` is already used at ⇒ give this bot another one, or remove",
    ),
    (
        "same stem yml",
        {
            "a.yaml": BOT,
            "a.yml": "⟦⟧credentials: {client_id: ding2, client_secret: <<SECRET>>}\nagent: {type: echo}\n",
        },
        "name.taken: the name `a` is already used at ⇒ give this bot another one, or remove",
    ),
    (
        "same id",
        {
            "a.yaml": BOT,
            "b.yaml": "credentials: {client_id: ⟦<<ID>>⟧, client_secret: <<SECRET>>}\nagent: {type: echo}\n",
        },
        "identity.taken: `client_id` ding1 is already used at ⇒ give this bot another one, or remove",
    ),
    (
        "same id env",
        {
            "a.yaml": "credentials: {client_id: ding1, client_secret: <<SECRET>>}\nagent: {type: echo}\n",
            "b.yaml": "credentials: {client_id: ⟦<<ID>>⟧, client_secret: <<SECRET>>}\nagent: {type: echo}\n",
        },
        "identity.taken: `client_id` ding1 is already used at ⇒ give this bot another one, or remove",
    ),
    (
        "layout missing",
        BOT + "card: {templates: {final: {file: ⟦cards/final.yaml⟧}}}\n",
        "file.missing: there is no file  ⇒ create it, or correct the path, which is relative to",
    ),
    (
        "layout near",
        {
            "a.yaml": BOT + "card: {templates: {final: {file: ⟦cards/finl.yaml⟧}}}\n",
            "cards/final.yaml": 'msgContent: "{{ answer }}"',
        },
        "file.missing: there is no file  ⇒ did you mean `cards/final.yaml`?",
    ),
    (
        "layout dir",
        {
            "a.yaml": BOT + "card: {templates: {final: {file: ⟦cards⟧}}}\n",
            "cards/final.yaml": 'msgContent: "{{ answer }}"',
        },
        "file.unreadable: cards cannot be read: it is a folder ⇒ name a file in it",
    ),
    (
        "layout outside",
        BOT + "card: {templates: {final: {file: ⟦../x.yaml⟧}}}\n",
        "file.outside: ../x.yaml is not a path below the bots folder ⇒ write a relative path below it, with / between its parts",
    ),
    (
        "layout absolute",
        BOT + "card: {templates: {final: {file: ⟦/etc/passwd⟧}}}\n",
        "file.outside: /etc/passwd is not a path below the bots folder ⇒ write a relative path below it, with / between its parts",
    ),
    (
        "layout home",
        BOT + "card: {templates: {final: {file: ⟦~/x.yaml⟧}}}\n",
        "file.outside: ~/x.yaml is not a path below the bots folder ⇒ write a relative path below it, with / between its parts",
    ),
    (
        "layout backslash",
        BOT + "card: {templates: {final: {file: ⟦cards\\x.yaml⟧}}}\n",
        "file.outside: cards\\x.yaml is not a path below the bots folder ⇒ write a relative path below it, with / between its parts",
    ),
    (
        "layout empty name",
        BOT + "card: {templates: {final: {file: ⟦''⟧}}}\n",
        "file.missing: the path is empty ⇒ write it relative to the bots folder",
    ),
    (
        "knowledge missing",
        "credentials: {client_id: <<ID>>, client_secret: <<SECRET>>}\nagent: {type: faq, knowledge: ⟦docs⟧}\n",
        "file.missing: there is no folder  ⇒ create it, or correct the path, which is relative to",
    ),
    (
        "knowledge near",
        {
            "a.yaml": "credentials: {client_id: <<ID>>, client_secret: <<SECRET>>}\nagent: {type: faq, knowledge: ⟦knowlege⟧}\n",
            "knowledge/a.md": "# Q?\n\nA.\n",
        },
        "file.missing: there is no folder  ⇒ did you mean `knowledge`?",
    ),
    (
        "knowledge file",
        {
            "a.yaml": "credentials: {client_id: <<ID>>, client_secret: <<SECRET>>}\nagent: {type: faq, knowledge: ⟦k.md⟧}\n",
            "k.md": "# Q?\n\nA.\n",
        },
        "file.missing: k.md is a file, not a folder ⇒ name the folder that holds it",
    ),
    (
        "knowledge empty",
        {
            "a.yaml": "credentials: {client_id: <<ID>>, client_secret: <<SECRET>>}\nagent: {type: faq, knowledge: ⟦k⟧}\n",
            "k/x.txt": "x",
        },
        "agent.knowledge: there is no Markdown file in ` ⇒ put *.md files there",
    ),
    (
        "knowledge latin",
        {
            "a.yaml": "credentials: {client_id: <<ID>>, client_secret: <<SECRET>>}\nagent: {type: faq, knowledge: ⟦k⟧}\n",
            "k/x.md": b"# Q\n\nGr\xfc\xdfe",
        },
        "file.encoding: k/x.md is not UTF-8 text ⇒ save it as UTF-8",
    ),
    (
        "knowledge empty md",
        {
            "a.yaml": "credentials: {client_id: <<ID>>, client_secret: <<SECRET>>}\nagent: {type: faq, knowledge: ⟦k⟧}\n",
            "k/x.md": "",
        },
        "agent.knowledge: k` has a heading with a text below it ⇒ write `## a question`, and its answer",
    ),
    (
        "knowledge no heads",
        {
            "a.yaml": "credentials: {client_id: <<ID>>, client_secret: <<SECRET>>}\nagent: {type: faq, knowledge: ⟦k⟧}\n",
            "k/x.md": "just text",
        },
        "agent.knowledge: k` has a heading with a text below it ⇒ write `## a question`, and its answer",
    ),
    (
        "knowledge outside",
        "credentials: {client_id: <<ID>>, client_secret: <<SECRET>>}\nagent: {type: faq, knowledge: ⟦../docs⟧}\n",
        "file.outside: ../docs is not a path below the bots folder ⇒ write a relative path below it, with / between its parts",
    ),
    (
        "instr missing",
        "credentials: {client_id: <<ID>>, client_secret: <<SECRET>>}\nagent: {type: openai, base_url: http://x, model: m, instructions_file: ⟦prompts/x.txt⟧}\n",
        "file.missing: there is no file  ⇒ create it, or correct the path, which is relative to",
    ),
    (
        "instr near",
        {
            "a.yaml": "credentials: {client_id: <<ID>>, client_secret: <<SECRET>>}\nagent: {type: openai, base_url: http://x, model: m, instructions_file: ⟦prompt.txt⟧}\n",
            "prompts.txt": "x",
        },
        "file.missing: there is no file  ⇒ did you mean `prompts.txt`?",
    ),
    (
        "instr dir",
        {
            "a.yaml": "credentials: {client_id: <<ID>>, client_secret: <<SECRET>>}\nagent: {type: openai, base_url: http://x, model: m, instructions_file: ⟦prompts⟧}\n",
            "prompts/a.txt": "x",
        },
        "file.unreadable: prompts cannot be read: it is a folder ⇒ name a file in it",
    ),
    (
        "instr utf16",
        {
            "a.yaml": "credentials: {client_id: <<ID>>, client_secret: <<SECRET>>}\nagent: {type: openai, base_url: http://x, model: m, instructions_file: ⟦x.txt⟧}\n",
            "x.txt": b"\xff\xfeh\x00e\x00l\x00l\x00o\x00",
        },
        "file.encoding: x.txt is not UTF-8 text ⇒ save it as UTF-8",
    ),
    (
        "instr big",
        {
            "a.yaml": "credentials: {client_id: <<ID>>, client_secret: <<SECRET>>}\nagent: {type: openai, base_url: http://x, model: m, instructions_file: ⟦x.txt⟧}\n",
            "x.txt": "x" * 1_100_000,
        },
        "file.too-large: x.txt is larger than 1,048,576 bytes ⇒ split it",
    ),
    (
        "filename space",
        {
            "my bot.yaml": "⟦⟧credentials: {client_id: <<ID>>, client_secret: <<SECRET>>}\nagent: {type: echo}\n"
        },
        "name.file: the file's name cannot be the name of a bot: my bot ⇒ add a `name`, or rename the file",
    ),
)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_with_a_file_is_one_problem_at_its_place_with_its_cure(mistake, tmp_path):
    hold(mistake, tmp_path)
