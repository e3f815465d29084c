"""Files and templates made to crash, stall or fill memory, each given to the real `imbot check`."""

import os
import subprocess
import sys
import threading
from itertools import pairwise

import pytest
from botfolder import write
from planted import BOT, ENVIRON

pytestmark = pytest.mark.timeout(120)

SECONDS = 15  # of work, three times what an idle machine needs; the wall clock belongs to others
MEGABYTES = 600
MEGABYTE = 1_000_000


def yaml_bomb():
    rows = ["a: &a [x,x,x,x,x,x,x,x,x]"]
    rows += [f"{new}: &{new} [{','.join(['*' + old] * 9)}]" for old, new in pairwise("abcdefghi")]
    return "\n".join(rows)


def merge_bomb():
    rows = ["a: &a {x: 1}"]
    rows += [
        f"b{n}: &b{n} {{<<: [{','.join(['*' + (f'b{n - 1}' if n else 'a')] * 9)}], k{n}: 1}}"
        for n in range(9)
    ]
    return "\n".join(rows)


def doubled_texts():
    doubling = "".join("{% set x = x ~ x %}" for _ in range(60))
    return "{% set x = 'aaaaaaaaaa' %}" + doubling + "{{ x }}"


def final(template):
    """A bot whose final layout holds a template as it is."""
    indented = template.replace("\n", "\n        ")
    return BOT + f"card:\n  templates:\n    final:\n      msgContent: |\n        {indented}\n"


def own(layout):
    """A bot with a card template of its own, whose layout may hold anything."""
    return (
        BOT
        + f"card:\n  template_id: mine\n  content_key: content\n  templates:\n    final:\n      content: x\n{layout}"
    )


def nested_item_loops():
    inner = "[{text: x, for: c in range(9999)}]"
    middle = f"[{{for: b in range(9999), value: {inner}}}]"
    return own(f"      deep: [{{for: a in range(9999), value: {middle}}}]\n")


def exponential_includes():
    files = {f"p{n}.j2": f"{{% include 'p{n + 1}.j2' %}}" * 2 for n in range(40)}
    return {"a.yaml": final("{% include 'p0.j2' %}"), **files, "p40.j2": "x"}


FILES = {
    "brackets in brackets": "[" * 100_000,
    "braces in braces": "a: " + "{a: " * 100_000,
    "dashes in dashes": "- " * 300_000,
    "questions in questions": "? " * 300_000,
    "ever deeper": "".join(" " * n + "a:\n" for n in range(1_300)),
    "aliases of aliases": yaml_bomb(),
    "merges of merges": merge_bomb(),
    "one line": "title: " + "x" * MEGABYTE,
    "one key": "x" * MEGABYTE + ": 1",
    "colons": ": " * 500_000,
    "quotes": '"' * MEGABYTE,
    "backslashes": 'a: "' + "\\" * MEGABYTE,
    "openers": "title: " + "<<a" * 300_000,
    "placeholders": "title: '" + "<<A:-b>>" * 120_000 + "'",
    "placeholders in placeholders": "title: '" + "<<A:-" * 200_000 + "'",
    "templates without quotes": "title: " + "{{ " * 300_000,
    "the same key": "a: 1\n" * 150_000,
    "many keys": "".join(f"k{n}: {n}\n" for n in range(70_000)),
    "few too many keys": "".join(f"k{n}: {n}\n" for n in range(9_000)),
    "anchors": "".join(f"k{n}: &a{n} [1]\n" for n in range(60_000)),
    "documents": "---\n" * 300_000,
    "tags": "a: " + "!x " * 300_000,
    "a number": "version: " + "9" * MEGABYTE,
    "comments": "# x\n" * 260_000,
    "bytes": bytes(range(256)) * 4_000,
    "nothing but NUL": b"\0" * MEGABYTE,
    "line ends": "\n\r\x85" * 200_000,
    "a name with many near ones": BOT + "texts:\n" + "".join(f"  thinkin{n}: x\n" for n in range(9_000)),
    "bad values": BOT + "commands:\n  new: [" + "1, " * 9_000 + "]\n",
}
TEMPLATES = {
    "a power": "{{ 9 ** 99999999 }}",
    "a long text": "{{ 'a' * 10 ** 10 }}",
    "a long list": "{{ [0] * 10 ** 9 }}",
    "a long range": "{{ range(10 ** 12) | list }}",
    "doubled texts": doubled_texts(),
    "loops in loops": "{% for a in range(9999) %}" * 6 + "x" + "{% endfor %}" * 6,
    "loops without text": "{% for a in range(9999) %}" * 6 + "{% endfor %}" * 6,
    "a macro of itself": "{% macro f(n) %}{{ f(n + 1) ~ f(n + 2) }}{% endmacro %}{{ f(0) }}",
    "padding": "{{ 'a' | center(10 ** 10) }}",
    "padding by format": "{{ '%10000000000d' % 1 }}",
    "padding by filter": "{{ '%*d' | format(10 ** 10, 1) }}",
    "indentation": "{{ ('a\\n' * 1000) | indent(10 ** 9) }}",
    "replacing nothing": "{{ (answer * 100) | replace('', answer * 100) }}",
    "joining": "{{ range(9999) | join(answer * 1000) }}",
    "sorting": "{{ (range(9999) | list * 9999) | sort | length }}",
    "batches": "{{ [1] | batch(10 ** 9, 0) | list }}",
    "slices": "{{ [1] | slice(10 ** 9) | list }}",
    "wrapping": "{{ ('a ' * 100000) | wordwrap(1, True, answer * 1000) }}",
    "brackets": "{{ " + "(" * 20_000 + "1" + ")" * 20_000 + " }}",
    "lists in lists": "{{ " + "[" * 20_000 + "]" * 20_000 + " }}",
    "not not": "{{ " + "not " * 10_000 + "1 }}",
    "minus minus": "{{ " + "-" * 40_000 + "1 }}",
    "a sum": "{{ " + "1 + " * 10_000 + "1 }}",
    "a chain of filters": "{{ answer" + " | upper" * 6_000 + " }}",
    "a chain of names": "{{ vars" + ".a" * 20_000 + " }}",
    "ifs in ifs": "{% if answer %}" * 2_000 + "x" + "{% endif %}" * 2_000,
    "fors in fors": "{% for a in [1] %}" * 1_000 + "x" + "{% endfor %}" * 1_000,
    "many small ones": "{{ answer }}" * 4_000,
    "hashing": "{% set ns = namespace(t=()) %}{% for a in range(9999) %}{% set ns.t = (ns.t, ns.t) %}{% endfor %}{{ {ns.t: 1} }}",
    "comparing": "{% set ns = namespace(t=[]) %}{% for a in range(90) %}{% set ns.t = [ns.t, ns.t] %}{% endfor %}{{ ns.t == ns.t }}",
    "a list in itself": "{% set ns = namespace(t=[]) %}{% for a in range(9999) %}{% set ns.t = [ns.t] %}{% endfor %}{{ ns.t }}",
    "a big number": "{% set ns = namespace(n=9) %}{% for a in range(99) %}{% set ns.n = ns.n * ns.n %}{% endfor %}{{ ns.n }}",
    "escape": "{{ ().__class__.__base__.__subclasses__() }}",
    "escape by format": "{{ '{0.__class__}'.format(1) }}",
    "escape by filter": "{{ answer | attr('__class__') }}",
    "escape by self": "{{ self.__init__.__globals__ }}",
    "a comment without end": "{#" * 20_000,
    "braces": "{{" * 20_000,
}
FOLDERS = {
    "many templates": {
        "a.yaml": own("".join(f'      k{n}: "{{{{ answer ~ {n} * nothing }}}}"\n' for n in range(6_500)))
    },
    "many sound templates": {
        "a.yaml": own(
            "".join(f'      k{n}: "{{{{ question ~ {n} }}}} {{{{ phase }}}}"\n' for n in range(9_000))
        )
    },
    "many loops": {
        "a.yaml": own(
            "      l:\n" + "".join(f"      - {{for: a in range({n}), t: x}}\n" for n in range(4_000))
        )
    },
    "much knowledge": {
        "a.yaml": BOT.replace("echo", "faq, knowledge: k"),
        **{
            f"k/{n}.md": f"# {n} 号问题怎么办？\n" + "答案就在这里，请看说明书第几页。" * 20_000
            for n in range(40)
        },
    },
    "knowledge of headings": {
        "a.yaml": BOT.replace("echo", "faq, knowledge: k"),
        **{f"k/{n}.md": "## 问题\n答\n" * 40_000 for n in range(10)},
    },
    "loops of items": {"a.yaml": nested_item_loops()},
    "includes of includes": exponential_includes(),
    "a long included text": {"a.yaml": final("{% include 'p.j2' %}"), "p.j2": "{{ answer }}\n" * 70_000},
    "long included texts": {
        "a.yaml": final("".join(f"{{% include 'p{n}.j2' %}}\n" for n in range(40))),
        **{f"p{n}.j2": "{{ phase }}" * 4_000 for n in range(40)},
    },
    "many included texts": {
        "a.yaml": final("".join(f"{{% include 'p{n}.j2' %}}\n" for n in range(900))),
        **{f"p{n}.j2": "{{ answer }} and {{ question }}" for n in range(900)},
    },
    "a hostile layout file": {
        "a.yaml": BOT + "card: {templates: {final: {file: f.yaml}}}\n",
        "f.yaml": yaml_bomb(),
    },
    "many variables": {
        "a.yaml": BOT
        + "card:\n  vars:\n"
        + "".join(f"    v{n}: x\n" for n in range(9_000))
        + "  templates: {final: {msgContent: '{{ vars.w1 }}'}}\n"
    },
}


def check(folder):
    """Run the command; its output, its exit code, seconds of work and peak megabytes."""
    command = [sys.executable, "-m", "imbot", "check", str(folder)]
    environ = os.environ | ENVIRON
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=folder.parent, env=environ
    ) as child:
        deadline = threading.Timer(90, child.kill)
        deadline.start()
        output = child.stdout.read()
        deadline.cancel()
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    megabytes = used.ru_maxrss * 1024 / MEGABYTE
    return output.decode(errors="replace"), child.returncode, used.ru_utime + used.ru_stime, megabytes


def refuses(folder):
    output, code, seconds, megabytes = check(folder)
    assert "Traceback" not in output, output[-2_000:]
    assert code == 1, (code, output[:2_000])
    assert seconds < SECONDS, f"{seconds:.1f} s"
    assert megabytes < MEGABYTES, f"{megabytes:.0f} MB"
    assert len(output) < 100_000, len(output)
    assert "is not set" not in output, output[:2_000]
    return output


def in_groups(names, size):
    """Several at once, to spare processes: what a group must keep to, each of it keeps to."""
    return [pytest.param(group, id=", ".join(group)) for group in batched(list(names), size)]


def batched(items, size):
    return [items[start : start + size] for start in range(0, len(items), size)]


@pytest.mark.parametrize("names", in_groups(FILES, 4))
def test_hostile_files_are_refused_in_time(names, tmp_path):
    output = refuses(write(tmp_path / "bots", {f"{name}.yaml": FILES[name] for name in names}))
    assert [name for name in names if f"/{name}.yaml:" not in output] == []


@pytest.mark.parametrize("names", in_groups(TEMPLATES, 8))
def test_hostile_templates_are_refused_in_time(names, tmp_path):
    bots = {name: final(TEMPLATES[name]) for name in names}
    bots = {name: text.replace("<<ID>>", f"of {name}") for name, text in bots.items()}
    folder = write(tmp_path / "bots", {f"{name.replace(' ', '-')}.yaml": bots[name] for name in names})
    output = refuses(folder)
    assert output.count("[template.") == len(names), output


@pytest.mark.parametrize("name", FOLDERS)
def test_a_hostile_folder_is_refused_in_time(name, tmp_path):
    refuses(write(tmp_path / "bots", FOLDERS[name]))


def fifo(path):
    os.mkfifo(path)


def endless(path):
    path.symlink_to("/dev/zero")


def link_to_itself(path):
    path.symlink_to(path.name)


def terabyte(path):
    path.touch()
    os.truncate(path, 1 << 40)


def folder_instead(path):
    path.mkdir()


@pytest.mark.parametrize(
    "name",
    [
        "a.yaml",
        "layout.yaml",
        "secret",
        "knowledge/a.md",
        "text.j2",
        "_defaults.yaml",
        "b.test.yaml",
        "../.env",
    ],
)
@pytest.mark.parametrize("make", [fifo, endless, link_to_itself, terabyte, folder_instead])
def test_a_file_that_is_none_is_refused_in_time(make, name, tmp_path):
    users = {
        "a.yaml": "",
        "layout.yaml": BOT + "card: {templates: {final: {file: layout.yaml}}}\n",
        "secret": BOT.replace("<<SECRET>>", "<<file:secret>>"),
        "knowledge/a.md": BOT.replace("echo", "faq, knowledge: knowledge"),
        "text.j2": final("{% include 'text.j2' %}"),
    }
    folder = write(tmp_path / "bots", {"b.yaml": users.get(name, BOT)} if name != "a.yaml" else {})
    (folder / name).parent.mkdir(exist_ok=True)
    make(folder / name)
    refuses(folder)
