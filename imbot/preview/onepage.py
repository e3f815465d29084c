"""The preview as one file that needs no server: styles and scripts inside, held together by a content policy.

Browsers load no ES module from a file, so modules become functions of one script, each after those it
imports. Of JavaScript this knows just what the pages here use: named imports, and exported declarations.
"""

import base64
import hashlib
import json
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


def one_page(state: dict[str, Any]) -> str:
    """The page that shows this state, complete in itself."""
    html = INDEX.read_text(encoding="utf-8")
    style = "".join((PACKAGE / name).read_text(encoding="utf-8") for name in _STYLE.findall(html))
    script = "\n".join(_modules(PACKAGE / name) for name in _SCRIPT.findall(html))
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
    html = _ICON.sub(lambda found: found[1] + _data_url(PACKAGE / found[2]) + found[3], html)
    return _SCRIPT.sub(lambda _: inside, _STYLE.sub("", html))


def _modules(main: Path) -> str:
    """A module and all it imports as one script."""
    done: dict[Path, str] = {}
    _add(main.resolve(), done)
    return "\n".join(done.values())


def _add(path: Path, done: dict[Path, str]) -> None:
    """Append a module behind those it imports; they form no circles."""
    source = path.read_text(encoding="utf-8")
    imports = {name: (path.parent / name).resolve() for _, name in _IMPORT.findall(source)}
    for needed in imports.values():
        if needed not in done:
            _add(needed, done)
    body = _IMPORT.sub(lambda found: f"const {{{found[1]}}} = {_name(imports[found[2]])};", source)
    exports = ", ".join(_EXPORT.findall(source))
    done[path] = f"const {_name(path)} = (() => {{\n{_EXPORT.sub('', body)}\nreturn {{ {exports} }};\n}})();"


def _name(path: Path) -> str:
    return "module_" + re.sub(r"\W", "_", path.relative_to(PACKAGE).as_posix())


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _data_url(path: Path) -> str:
    return f"data:image/svg+xml;base64,{base64.b64encode(path.read_bytes()).decode()}"
