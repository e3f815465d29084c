"""The preview as one HTML file that needs no server: it contains its styles and scripts.

Its content security policy allows these alone. Browsers load no ES module from a file, so each module
becomes a function in one script, after the modules that it imports. Of the module syntax only what the pages
use is understood: named imports and exported declarations.
"""

import base64
import hashlib
import json
import posixpath
import re
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).parents[1]
INDEX = Path(__file__).parent / "page" / "index.html"

_STYLE = re.compile(r'<link rel="stylesheet" href="([^"]+)" />\s*')
_ICON = re.compile(r'(<link rel="icon" href=")([^"]+)(")')
_SCRIPT = re.compile(r'<script type="module" src="([^"]+)"></script>')
_POLICY = re.compile(r'(http-equiv="Content-Security-Policy"\s+content=")[^"]*(")')
_IMPORT = re.compile(r'^import \{([^}]*)\} from "([^"]+)";$', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|class|const) (\w+))", re.MULTILINE)


def one_page(state: dict[str, Any], renderer: Path) -> str:
    """The HTML of the page with this state. ``renderer`` is the folder of the platform's card renderer."""
    html = INDEX.read_text(encoding="utf-8")
    files = _Files(renderer)
    style = "".join(files.read(name) for name in _STYLE.findall(html))
    script = "\n".join(_modules(name, files) for name in _SCRIPT.findall(html))
    policy = (
        f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; "
        "img-src http: https: data:; base-uri 'none'; form-action 'none'"
    )
    data = json.dumps(state, ensure_ascii=False).replace("<", "\\u003c")
    inside = (
        f'<style>{style}</style>\n    <script type="application/json" id="state">{data}</script>\n'
        f'    <script type="module">{script}</script>'
    )
    html = _POLICY.sub(lambda found: found[1] + policy + found[2], html)
    html = _ICON.sub(lambda found: found[1] + _data_url(files.read(found[2])) + found[3], html)
    return _SCRIPT.sub(lambda _: inside, _STYLE.sub("", html))


class _Files:
    """The files of the page and of the renderer, by the names that the page uses for them."""

    def __init__(self, renderer: Path) -> None:
        self._renderer = renderer

    def read(self, name: str) -> str:
        """The text of a file."""
        folder, _, file = name.partition("/")
        path = self._renderer / file if folder == "renderer" else PACKAGE / name
        return path.read_text(encoding="utf-8")


def _modules(main: str, files: _Files) -> str:
    """A module and everything that it imports, as one script."""
    done: dict[str, str] = {}
    _add(main, files, done)
    return "\n".join(done.values())


def _add(name: str, files: _Files, done: dict[str, str]) -> None:
    """Append a module after those that it imports. There are no circular imports."""
    source = files.read(name)
    imports = {
        needed: posixpath.normpath(posixpath.join(posixpath.dirname(name), needed))
        for _, needed in _IMPORT.findall(source)
    }
    for needed in imports.values():
        if needed not in done:
            _add(needed, files, done)
    body = _IMPORT.sub(lambda found: f"const {{{found[1]}}} = {_name(imports[found[2]])};", source)
    exports = ", ".join(_EXPORT.findall(source))
    done[name] = f"const {_name(name)} = (() => {{\n{_EXPORT.sub('', body)}\nreturn {{ {exports} }};\n}})();"


def _name(name: str) -> str:
    return "module_" + re.sub(r"\W", "_", name)


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _data_url(svg: str) -> str:
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"
