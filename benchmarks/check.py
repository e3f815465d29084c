"""How long `imbot check` takes, beside `check-jsonschema` on the same files, and to start at all.

    python benchmarks/check.py [FILES]

Three kinds of folders, FILES (1,000) bots each: small bots without a layout, bots that share a layout file,
and bots each with a layout of its own, all of whose templates are compiled and drawn. What the other tool
does is less: it judges values by the schema and reads no template, file, variable or neighbour.
"""

import importlib.util
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
SCHEMA = ROOT / "schemas/imbot.schema.json"
LIBRARIES = "import yaml, jinja2, jsonschema, click, dotenv"
ENVIRON = os.environ | {"SECRET": "secret", "LLM_BASE_URL": "http://127.0.0.1", "LLM_API_KEY": "key"}

SMALL = """\
credentials:
  client_id: ding{n}
  client_secret: <<SECRET>>
agent:
  type: echo
"""
USUAL = """\
# yaml-language-server: $schema=../schemas/imbot.schema.json
type: dingtalk-stream
title: 客服 {n}
credentials:
  client_id: ding{n}
  client_secret: <<SECRET>>
agent:
  type: openai
  base_url: <<LLM_BASE_URL>>
  api_key: <<LLM_API_KEY>>
  model: <<LLM_MODEL:-qwen-plus>>
  instructions: 你是公司里可靠的助理。
texts:
  thinking: 正在为您查找…
throttle: {{pace: fixed, interval: 2s, chunks: 5, max_updates: 20}}
feedback:
  buttons:
    - {{label: 👍, rating: good}}
    - {{label: 👎, rating: bad}}
card:
  vars: {{hotline: <<HOTLINE:-400-000-0000>>}}
  templates:
    final: {layout}
"""
SHARED = "{file: cards/final.yaml}"
OWN = """
      msgTitle: "{{{{ question }}}}"
      msgContent: |
        {{{{ answer }}}}
        {{% for source in citations %}}
        - {{{{ source.title }}}} ({n})
        {{% endfor %}}
        {{{{ vars.hotline }}}}
      msgButtons: "{{{{ buttons }}}}"
"""
LAYOUT = (
    'msgTitle: "{{ question }}"\nmsgContent: "{{ answer }} {{ vars.hotline }}"\nmsgButtons: "{{ buttons }}"\n'
)
KINDS = {
    "small bots": lambda n: SMALL.format(n=n),
    "bots sharing a layout": lambda n: USUAL.format(n=n, layout=SHARED),
    "bots with layouts of their own": lambda n: USUAL.format(n=n, layout=OWN.format(n=n)),
}


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    print(f"check of {count:,} files{'':24}{'imbot check':>22}{'check-jsonschema':>22}{'a file':>22}")
    for name, make in KINDS.items():
        with tempfile.TemporaryDirectory() as folder:
            bots = Path(folder, "bots")
            Path(bots, "cards").mkdir(parents=True)
            Path(bots, "cards/final.yaml").write_text(LAYOUT, encoding="utf-8")
            for n in range(count):
                Path(bots, f"bot{n}.yaml").write_text(make(n), encoding="utf-8")
            mine = seconds(sys.executable, "-m", "imbot", "check", str(bots))
            theirs = others(bots)
        ratio = f"{mine / count * 1e3:.2f} ms" + (f", {mine / theirs:.2f} times theirs" if theirs else "")
        beside = f"{theirs:.2f} s" if theirs else "not installed"
        print(f"  {name:36}{mine:>20.2f} s{beside:>22}{ratio:>32}")
    start_up()


def others(bots):
    if not importlib.util.find_spec("check_jsonschema"):
        return None
    files = map(str, bots.glob("*.yaml"))
    return seconds(sys.executable, "-m", "check_jsonschema", "--schemafile", str(SCHEMA), *files)


def start_up():
    """One file, against what importing the libraries takes and a bare interpreter."""
    rows = {
        "imbot check bots/echo.yaml": ["-m", "imbot", "check", "--no-env", str(ROOT / "bots/echo.yaml")],
        "imbot check bots/support.yaml": [
            "-m",
            "imbot",
            "check",
            "--no-env",
            str(ROOT / "bots/support.yaml"),
        ],
        "bare imports of its libraries": ["-c", LIBRARIES],
        "nothing": ["-c", "pass"],
    }
    print("\nstart-up, median of 9, of the wall and of the processor")
    for name, arguments in rows.items():
        runs = [timed(sys.executable, *arguments) for _ in range(9)]
        wall, work = (statistics.median(column) for column in zip(*runs, strict=True))
        print(f"  {name:36}{wall * 1e3:>17.0f} ms{work * 1e3:>19.0f} ms")


def seconds(*command):
    return timed(*command)[0]


def timed(*command):
    """Wall clock and processor time of a command that must succeed."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, env=ENVIRON, check=False)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0, done.stdout[-2_000:] + done.stderr[-2_000:]
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    main()
