"""The house rules about who may import whom, held by walking the imports."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import imbot

PACKAGE = Path(imbot.__file__).parent

# A module imports only from rows above its own, or from its own room.
LAYERS = [
    {
        "errors",
        "model",
        "backoff",
        "pacing",
        "quota",
        "meter",
        "spending",
        "log",
        "address",
        "shares",
        "characters",
        "markdown",
        "suggestions",
    },
    {"spec", "placeholders", "yamlfile", "schema", "codes", "reference"},
    {"loader", "cards", "agents", "stores", "platforms", "commands", "conversations", "admission", "report"},
    {"behaviour", "lints", "estimate", "examine"},
    {
        "draft",
        "fitting",
        "journal",
        "saying",
        "flusher",
        "turn",
        "leftover",
        "clicks",
        "works",
        "behaviours",
        "replies",
    },
    {"bot", "doctor"},
    {"links", "reach", "recovery", "changes", "plan", "outcome", "transaction", "standing", "supervisor"},
    {"accepted", "revival", "reload", "watch", "scan", "ledger", "metrics", "admin"},
    {"runtime", "preview", "testing", "check"},
    {"cli", "__main__"},
]
SEAMS = {"cards", "agents", "stores", "platforms"}
ONLY_IN = {
    "dingtalk_stream": {"platforms/dingtalk/stream.py"},
    "prometheus_client": {"metrics.py"},
    "jsonschema": {"schema/__init__.py", "schema/violation.py"},
    "watchfiles": {"watch.py"},
    "yaml": {"yamlfile/__init__.py"},
}


def modules():
    return sorted(PACKAGE.rglob("*.py"))


def room(path):
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def imports(path):
    """Every module named in an import statement of a file, wherever it stands."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            if node.module == "imbot":
                yield from (f"imbot.{alias.name}" for alias in node.names)


def own_rooms(path):
    return {name.split(".")[1] for name in imports(path) if name.startswith("imbot.") and name.count(".")}


def layer(name):
    return next((number for number, names in enumerate(LAYERS) if name in names), None)


def test_every_module_has_its_layer():
    known = set().union(*LAYERS) | {"simulator", "__init__"}
    assert {room(path) for path in modules()} <= known


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_modules_import_only_from_below(path):
    mine = room(path)
    if mine == "simulator":
        assert own_rooms(path) <= {"simulator", "errors"}
        return
    for other in own_rooms(path) - {mine, "__version__"}:
        if other == "simulator":
            assert mine == "cli", "only commands know the simulator"
        elif mine in SEAMS:
            assert layer(other) < 2, f"{mine} may not know {other}"
        else:
            assert mine == "__init__" or layer(other) <= layer(mine), f"{mine} may not know {other}"


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_libraries_stay_in_their_room(path):
    name = path.relative_to(PACKAGE).as_posix()
    used = {module.split(".")[0] for module in imports(path)}
    for library, places in ONLY_IN.items():
        assert library not in used or name in places
    assert "jinja2" not in used or name.startswith("cards/")
    assert "aiohttp" not in used or name.startswith(
        ("agents/", "platforms/", "preview/", "simulator/", "admin.py")
    )


FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def own_nodes(function):
    """The nodes of a function but for what it defines inside: stand-ins, which may be cut off."""
    for node in ast.iter_child_nodes(function):
        if not isinstance(node, FUNCTIONS):
            yield node
            yield from own_nodes(node)


def longest_sleep_s(function):
    return max(
        (
            call.args[0].value
            for call in own_nodes(function)
            if isinstance(call, ast.Call)
            and isinstance(call.func, ast.Attribute)
            and call.func.attr == "sleep"
            and isinstance(call.args[0], ast.Constant)
        ),
        default=0,
    )


def test_invariant_11_no_unit_test_sleeps_for_real_longer_than_a_tenth_of_a_second():
    slow = []
    for path in sorted(Path(__file__).parent.rglob("test_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        if path.parent.name in ("flows", "soak") or {"virtual", "imbot.testing.clock"} & set(imports(path)):
            continue
        tests = [node for node in tree.body if getattr(node, "name", "").startswith("test_")]
        slow += [f"{path.name}: {test.name}" for test in tests if longest_sleep_s(test) > 0.1]

    assert slow == []


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        (
            "imbot.cli",
            {"aiohttp", "jinja2", "jsonschema", "yaml", "watchfiles", "dingtalk_stream", "asyncio"},
        ),
        ("imbot.cli.check", {"aiohttp", "watchfiles", "dingtalk_stream", "sqlite3", "asyncio"}),
        ("imbot.examine, imbot.agents.echo, imbot.agents.faq, imbot.agents.openai", {"asyncio", "aiohttp"}),
        ("imbot.cli.preview", {"aiohttp", "dingtalk_stream", "sqlite3"}),
        ("imbot.runtime", {"prometheus_client"}),
        ("imbot.cli.plan", {"aiohttp", "prometheus_client", "dingtalk_stream", "jinja2", "sqlite3"}),
        ("imbot.cli.reload", {"aiohttp", "prometheus_client", "dingtalk_stream", "jinja2", "sqlite3"}),
        ("imbot.cli.status", {"aiohttp", "prometheus_client", "dingtalk_stream", "jinja2", "sqlite3"}),
        ("imbot.cli.feedback", {"aiohttp", "watchfiles", "dingtalk_stream", "jinja2"}),
    ],
)
def test_commands_start_without_what_they_do_not_use(module, heavy):
    code = f"import sys, {module}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert heavy & set(loaded.stdout.split()) == set()
