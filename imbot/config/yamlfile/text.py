"""From a file's bytes to text that may be parsed: checks size, encoding and characters.

The first step of ``yamlfile.read_yaml``.
"""

import codecs
import re

from imbot.config.yamlfile.lines import Lines
from imbot.errors import START, ConfigError, Problem, Span

MAX_BYTES = 1_048_576

# a byte order mark inside the text is legal in YAML, but invisible, and would be part of a key
_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_MARKS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
_HIGH_RUN = re.compile(rb"[\x80-\xff]+")
_UTF8_CHARACTER = re.compile(rb"[\xc3-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")


def decode(data: bytes, path: str) -> str:
    """The text of a file, without its byte order mark. Raises ConfigError."""
    if len(data) > MAX_BYTES:
        message = f"the file has {len(data):,} bytes, the limit is {MAX_BYTES:,}"
        raise _refuse(path, START, "yaml.too-large", message, "move long texts into files of their own")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _wrong_encoding(data, error.start, path) from None
    found = _FORBIDDEN.search(text)
    if found:
        raise _wrong_character(data, text, found, path)
    return text


def mask_breaks(text: str) -> tuple[str, dict[int, str]]:
    """The text with NEL, U+2028 and U+2029 replaced, and the table that restores them.

    libyaml reads them as line breaks; YAML 1.2 and editors do not.
    """
    breaks = [char for char in "\x85\u2028\u2029" if char in text]
    if not breaks:
        return text, {}
    used = set(text)
    unused = (code for code in range(0xE000, 0xF900) if chr(code) not in used)
    table = {code: char for char, code in zip(breaks, unused, strict=False)}
    return text.translate({ord(char): code for code, char in table.items()}), table


def _wrong_encoding(data: bytes, start: int, path: str) -> ConfigError:
    encoding = _suspect(data)
    before = data[:start].decode("utf-8-sig")
    span = Lines(before + "?").span(len(before), len(before) + 1)
    if encoding is None:
        message, hint = (
            "this character is damaged; the rest of the file is UTF-8",
            "type it again, and save the file as UTF-8",
        )
    else:
        message, hint = f"the file is not UTF-8; it looks like {encoding}", "save it as UTF-8"
    return _refuse(path, span, "yaml.encoding", message, hint)


def _suspect(data: bytes) -> str | None:
    """The likely encoding of bytes that are not UTF-8; None if they are damaged UTF-8."""
    for mark, name in _MARKS:
        if data.startswith(mark):
            return name
    if _has_many_nuls(data):
        return "UTF-16"
    runs = _HIGH_RUN.findall(data)
    high = sum(map(len, runs))
    if sum(map(len, _UTF8_CHARACTER.findall(data))) * 2 > high:
        return None
    return "GBK" if _looks_like_gbk(data, runs) else "Latin-1"


def _has_many_nuls(data: bytes) -> bool:
    # in UTF-16, every ASCII character has a NUL byte
    return data.count(0) * 6 > len(data)


def _looks_like_gbk(data: bytes, runs: list[bytes]) -> bool:
    # Chinese text has runs of high bytes, accented letters are single ones
    try:
        data.decode("gb18030")
    except UnicodeDecodeError:
        return False
    return sum(len(run) for run in runs if len(run) > 1) * 2 > sum(map(len, runs))


def _wrong_character(data: bytes, text: str, found: re.Match[str], path: str) -> ConfigError:
    span = Lines(text).span(*found.span())
    if _has_many_nuls(data):
        return _refuse(
            path, span, "yaml.encoding", "the file is not UTF-8; it looks like UTF-16", "save it as UTF-8"
        )
    message = f"an invisible character that YAML does not allow (U+{ord(found[0]):04X})"
    return _refuse(path, span, "yaml.character", message, "delete it")


def _refuse(path: str, span: Span, code: str, message: str, hint: str) -> ConfigError:
    return ConfigError([Problem.at(path, span, code, message, hint)])
