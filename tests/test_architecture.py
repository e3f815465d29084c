"""The house rules about who may import whom, held by walking the imports."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import imbot

PACKAGE = Path(imbot.__file__).parent

# A package imports only from the rows above its own, and from itself. Top-level modules count as packages.
ORDER = [
    {"errors"},
    {"model", "backoff", "descriptors", "proxies", "text", "web"},
    {"log", "tasks"},
    {"spec", "stores"},
    {"templates"},
    {"config", "agents", "usage"},
    {"cards", "problems"},
    {"platforms"},
    {"behaviour"},
    {"turn"},
    {"bot"},
    {"reload", "testing"},
    {"check", "ops", "preview"},
    {"runtime"},
    {"cli"},
    {"__main__"},
]
SIMULATOR = "platforms/dingtalk/simulator/"
# A library is imported in these files and folders only. docs/architecture.md shows this and ORDER.
ONLY_IN = {
    "aiohttp": ("agents/", "ops/admin.py", "platforms/", "preview/", "web/"),
    "dingtalk_stream": ("platforms/dingtalk/stream.py",),
    "jinja2": ("templates/",),
    "jsonschema": ("config/schema/__init__.py",),
    "jsonschema_rs": ("config/schema/__init__.py",),
    "prometheus_client": ("ops/metrics.py",),
    "watchfiles": ("reload/watch.py",),
    "wcwidth": ("text/width.py",),
    "yaml": ("config/yamlfile/__init__.py",),
}


def modules():
    return sorted(PACKAGE.rglob("*.py"))


def inside(path):
    return path.relative_to(PACKAGE).as_posix()


def package(path):
    return inside(path).split("/")[0].removesuffix(".py")


def imports(path):
    """Every module named in an import statement of a file, wherever it stands."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            if node.module == "imbot":
                yield from (f"imbot.{alias.name}" for alias in node.names)


def imported_packages(path):
    return {name.split(".")[1] for name in imports(path) if name.startswith("imbot.")} - {"__version__"}


def row(name):
    return next((number for number, names in enumerate(ORDER) if name in names), None)


def test_few_modules_stand_at_the_top():
    """A stranger finds a room by its name; what belongs to one does not lie in the hallway."""
    assert len(list(PACKAGE.glob("*.py"))) <= 11


def test_every_package_has_its_place_in_the_order():
    unknown = {package(path) for path in modules()} - set().union(*ORDER) - {"__init__"}

    assert not unknown, f"give {unknown} a row of ORDER: below all that it imports, above all that imports it"


@pytest.mark.parametrize("path", modules(), ids=inside)
def test_packages_import_only_from_above(path):
    mine = package(path)
    if mine == "__init__":
        return
    wrong = {other for other in imported_packages(path) - {mine} if row(other) >= row(mine)}

    assert not wrong, (
        f"imbot/{inside(path)} imports {wrong}, which may import {mine!r} in its turn (see ORDER): "
        "move what both need into a package above both, or hand it over as an argument"
    )


@pytest.mark.parametrize("path", modules(), ids=inside)
def test_the_simulator_shares_no_code_with_what_it_tests(path):
    names = {name for name in imports(path) if name.startswith("imbot.")}
    simulator = {name for name in names if name.startswith("imbot.platforms.dingtalk.simulator")}
    if inside(path).startswith(SIMULATOR):
        shared = {name for name in names if name.startswith("imbot.web.")}  # knows nothing of any platform
        assert names - simulator - shared <= {"imbot.errors"}, (
            "the simulator reads the platform's documents, not our code"
        )
    else:
        assert not simulator, "ask imbot.platforms for the simulator of a platform type"


@pytest.mark.parametrize("path", modules(), ids=inside)
def test_libraries_stay_in_their_place(path):
    name = inside(path)
    used = {module.split(".")[0] for module in imports(path)}
    for library, places in ONLY_IN.items():
        assert library not in used or name.startswith(places), f"{library} belongs to {places}: ask there"


@pytest.mark.parametrize("path", modules(), ids=inside)
def test_modules_are_short(path):
    lines = len(path.read_text(encoding="utf-8").splitlines())

    assert lines <= 300, (
        f"imbot/{inside(path)} has {lines} lines: it probably is two nouns, so make two modules"
    )


# What every command, report and renderer calls the same, as its caller looks for it; and the usual two.
SHARED = {"command", "render", "PAGE", "log", "logger", "T"}


def public_names(path):
    """The names that a module itself defines at its top."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (target.id for target in targets if isinstance(target, ast.Name))


def test_a_public_name_is_defined_in_one_module():
    found = {}
    for path in modules():
        if not inside(path).startswith(SIMULATOR):
            for name in set(public_names(path)) - SHARED:
                if not name.startswith("_"):
                    found.setdefault(name, []).append(inside(path))
    twice = {name: paths for name, paths in found.items() if len(paths) > 1}

    assert not twice, "give one of each another name: whoever searches for it finds two things"


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
            {
                "aiohttp",
                "jinja2",
                "jsonschema",
                "jsonschema_rs",
                "yaml",
                "watchfiles",
                "dingtalk_stream",
                "asyncio",
            },
        ),
        (
            "imbot.cli.check",
            {"aiohttp", "watchfiles", "dingtalk_stream", "sqlite3", "asyncio", "multiprocessing", "wcwidth"},
        ),
        (
            "imbot.check.batch, imbot.agents.echo, imbot.agents.faq, imbot.agents.openai",
            {"asyncio", "aiohttp"},
        ),
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
