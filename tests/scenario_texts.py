"""What the scenarios R-21 to R-53 put into files: the same texts for ``check`` and for bots that run."""

from planted import SECRET

# encoding, its name for people, a title that tells it apart
ENCODINGS = [
    ("utf-16", "UTF-16", "客服，您好"),
    ("gbk", "GBK", "客服，您好"),
    ("latin-1", "Latin-1", "Kundenbüro für Grüße"),
]
KEYS_THAT_ARE_NO_TEXTS = ["5", "1.5", "true", "~", "[a]", "{a: b}"]
KEYS_THAT_ARE_TEXTS = ["2024-01-01", "no", "12:30"]  # in YAML 1.2
TAGS = ["!!python/object/apply:os.system", "!!python/name:os.system", "!custom", "!!set", "!!binary"]
WORDS = ["no", "on", "12:30", "2024-01-01", "yes"]
NO_TEXTS = ["0777", "1e3", "5", "true"]
WRONG_SECRETS = [f"[{SECRET}]", f"{{{SECRET}: 1}}", f'"{SECRET}', f"@{SECRET}", f"{SECRET}: x"]
AWKWARD_VALUES = [
    "a \"b\" 'c'", "a #b", "a: b", "{x}", "$HOME %s", "a\nb", "0042", "[1]", "<<ID>>", "{{ x }}", "~"
]  # fmt: skip
RUNAWAYS = [
    "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}",
    "{{ range(99999999) }}",
    "{{ 'x' * 999999999 }}",
]
ESCAPES = [
    "answer.__class__",
    "().__class__.__mro__",
    "self.__dict__",
    "'{0.__class__}'.format(answer)",
    "answer | attr('__class__')",
    "range.__globals__",
    "vars.update(a=1)",
    "suggestions.append(1)",
    "buttons.clear()",
]
LAYOUTS_OUTSIDE = ["../x.yaml", "/etc/passwd", "~/x.yaml", "cards/../../x.yaml"]
TEXTS_OUTSIDE = ["../x.j2", "/etc/hostname", "~/x.j2"]


def documents(bot: str) -> list[tuple[str, str]]:
    """Files that hold something else than one mapping, and how a problem calls it; ``bot`` is a sound file."""
    return [
        ("- a\n", "a list"),
        ("hello\n", "a single value"),
        ("# no\n", "only comments"),
        ("", "empty"),
        (f"{bot}---\n{bot}", "second document"),
    ]


def amplified(times: int = 9) -> str:
    """A kilobyte of aliases that stands for ten to the power of ``times`` values."""
    rows = ["a: &a [x, x, x, x, x, x, x, x, x, x]"]
    rows += [f"b{n}: &b{n} [{', '.join(['*' + (f'b{n - 1}' if n else 'a')] * 10)}]" for n in range(times)]
    return "\n".join(rows)
