"""How long `imbot check` takes, beside `check-jsonschema` on the same files, and to start at all.

Three kinds of folders: small bots without a layout, bots that share a layout file, and bots each with a
layout of its own, all of whose templates are compiled and drawn. What the other tool does is less: it judges
values by the schema and reads no template, file, variable or neighbour. Nothing else may run meanwhile, as
the processor time is that of all children that ended.
"""

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
LIBRARIES = "import yaml, jinja2, jsonschema_rs, click, dotenv"
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
    "bots with own layouts": lambda n: USUAL.format(n=n, layout=OWN.format(n=n)),
}


COMMANDS = {
    "one bot without a layout": ("-m", "imbot", "check", "--no-env", "bots/echo.yaml"),
    "one with layouts": ("-m", "imbot", "check", "--no-env", "bots/support.yaml"),
    "imports of its libraries": ("-c", LIBRARIES),
    "bare Python": ("-c", "pass"),
}


def of_folder(kind, count):
    """Wall clock and processor time of both tools over a folder of so many bots, in s."""
    with tempfile.TemporaryDirectory() as folder:
        bots = Path(folder, "bots")
        Path(bots, "cards").mkdir(parents=True)
        Path(bots, "cards/final.yaml").write_text(LAYOUT, encoding="utf-8")
        files = [bots / f"bot{number}.yaml" for number in range(count)]
        for number, file in enumerate(files):
            file.write_text(KINDS[kind](number), encoding="utf-8")
        theirs = ("check_jsonschema", "--schemafile", SCHEMA, *files)
        return {
            "imbot check": timed("-m", "imbot", "check", bots) | {"files": count},
            "check-jsonschema": timed("-m", *theirs) | {"files": count},
        }


def of_starts(times):
    """Medians of wall clock and processor time, in s, of commands that hardly do more than start."""
    runs = {name: [] for name in COMMANDS}
    for _ in range(times):
        for name, arguments in COMMANDS.items():
            runs[name].append(timed(*arguments))
    return {
        name: {key: statistics.median(run[key] for run in each) for key in ("wall", "work")}
        for name, each in runs.items()
    }


def timed(*arguments):
    """Wall clock and processor time of a Python program that must succeed, with all of its processes."""
    command = [sys.executable, *map(str, arguments)]
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, env=ENVIRON, cwd=ROOT, check=False)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise RuntimeError(f"{arguments[1]}: {done.stdout[-1000:]}{done.stderr[-1000:]}")
    return {"wall": wall, "work": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime}
