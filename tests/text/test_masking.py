import base64
import html
import json
import re
from urllib.parse import quote, quote_plus

import pytest

from imbot.errors import ConfigError, Problem
from imbot.text.masking import KnownSecrets, cut_urls, discreet, is_maskable, masked, shortened

PROBLEM = Problem("a.yaml", 1, 2, 1, 3, "/agent/x", "x", "error", "bad zX9f", "not zX9f")


@pytest.mark.parametrize(
    ("value", "maskable"),
    [
        ("", False),
        ("abc", False),
        ("8870", True),
        ("密码密码", True),
        ("none", False),
        ("XXXX", False),
        ("xxxy1", True),
        ("hello", False),
        ("Robot", False),
        ("SECRET", False),
        ("correcthorsebattery", True),
        ("heLLo", True),
        ("hello1", True),
    ],
)
def test_what_is_rare_in_ordinary_text_is_cut_out_of_it(value, maskable):
    assert is_maskable(value) is maskable
    assert (KnownSecrets([value]).cut(f"<{value}>") == "<***>") is maskable


def test_a_dummy_for_a_secret_stays_as_it_is_an_ordinary_word():
    known = KnownSecrets(["none", "local", "ollama"])

    assert known.cut("none of the local models of ollama") == "none of the local models of ollama"


def test_the_longer_of_two_secrets_is_cut_out_whole_whichever_is_known_first():
    for values in (["ab1d", "ab1def"], ["ab1def", "ab1d"], ["1def", "ab1d"]):
        assert KnownSecrets(values).cut("<ab1def>") == "<***>"


@pytest.mark.parametrize("header", ["Bearer zX9f", "bearer zX9f", "Basic zX9f"])
def test_the_key_of_a_header_is_cut_out_without_its_scheme_too(header):
    known = KnownSecrets([header])

    assert known.cut(f"{header}: the key zX9f is wrong") == "***: the key *** is wrong"
    assert known.cut("a bearer of news") == "a bearer of news"


def test_a_problem_is_masked_in_all_it_says():
    found = masked(PROBLEM, {"zX9f"})

    assert (found.message, found.hint) == ("bad ***", "not ***")
    assert masked(PROBLEM, ()) is PROBLEM


@pytest.mark.parametrize("secret", ["a/b~c", "zX/9f", "~~~~"])
def test_a_pointer_is_masked_although_it_writes_some_signs_in_its_own_way(secret):
    pointer = f"/agent/{secret.replace('~', '~0').replace('/', '~1')}"
    problem = Problem("a.yaml", 1, 2, 1, 3, pointer, "x", "error", "bad")

    assert masked(problem, {secret}).pointer == "/agent/***"


def test_no_error_of_a_block_says_a_secret():
    with pytest.raises(ConfigError) as caught, discreet(["zX9f"]):
        raise ConfigError([PROBLEM])

    assert str(caught.value) == "a.yaml:1:2: bad *** (not ***) [x]"
    assert caught.value.__suppress_context__, "a traceback would show the other one"


def test_other_errors_of_a_block_are_left_alone():
    with pytest.raises(ValueError, match="zX9f"), discreet(["zX9f"]):
        raise ValueError("zX9f")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("at http://h/v1?key=s3cret: refused", "at http://h/v1?*** refused"),
        ("http://me:s3cret@h:80/v1", "http://***@h:80/v1"),
        ("http://s3cret@h, and wss://h/x?s3cret#s3cret", "http://***@h, and wss://h/x?***"),
        ("http://me:pa@ss@h/v1", "http://***@h/v1"),
        ("postgres://u:s3cret@db/x", "postgres://***@db/x"),
        ("'http://h/v1?x=<<KEY>>&y={{ z }}&k=s3cret'", "'http://h/v1?***<<KEY>>***{{ z }}***'"),
        ("http://h/v1 and mail@h?", "http://h/v1 and mail@h?"),
        ("HTTP://h?s3cret", "HTTP://h?***"),
        ("no address", "no address"),
    ],
)
def test_a_url_is_cut_of_its_user_and_its_query(text, shown):
    assert cut_urls(text) == shown


SECRETS = ["sk-a+b/c=d&e f'g", 'pass"word<1>', "密码-12345", "back\\slash%41", "plain-key-0123456789"]
WRITTEN = {
    "in a URL": lambda text: quote(text, safe=""),
    "in a path": quote,
    "in a form": quote_plus,
    "in small letters": lambda text: re.sub("%..", lambda found: found[0].lower(), quote(text, safe="")),
    "of every character": lambda text: "".join(f"%{byte:02X}" for byte in text.encode()),
    "in JSON": lambda text: json.dumps(text)[1:-1],
    "in JSON of browsers": lambda text: json.dumps(text, ensure_ascii=False)[1:-1].replace("/", "\\/"),
    "in JSON in JSON": lambda text: json.dumps(json.dumps(text)[1:-1])[1:-1],
    "in HTML": html.escape,
    "in HTML with numbers": lambda text: "".join(f"&#{ord(char)};" for char in text),
    "in HTML in hexadecimal": lambda text: "".join(f"&#x{ord(char):X};" for char in text),
    "in a URL in HTML": lambda text: html.escape(quote(text, safe="")),
    "in base64": lambda text: base64.b64encode(text.encode()).decode(),
    "in base64 of URLs": lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
}


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("form", WRITTEN)
def test_a_secret_is_cut_out_however_it_is_written(secret, form):
    told = KnownSecrets([secret]).cut(f"refused: <{WRITTEN[form](secret)}> (HTTP 401)")

    assert re.fullmatch(r"refused: <\*\*\*={0,2}> \(HTTP 401\)", told)


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("user", ["", "u", "us", "user", "李"])
def test_a_secret_is_cut_out_of_the_base64_of_what_contains_it(secret, user):
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        written = encode(f"{user}:{secret}:rest".encode()).decode()
        told = KnownSecrets([secret]).cut(f"Authorization: Basic {written}")

        inside = base64.urlsafe_b64encode(secret.encode()).decode().strip("=")
        assert "***" in told
        assert len(told) < len(f"Authorization: Basic {written}") - len(inside) + 8, (
            "a letter at each end at most"
        )


@pytest.mark.parametrize(
    "text", ["100% of &co; \\o/", "dGVzdA and dGVz", "a%zz &#xzz; \\uzzzz", "C:\\new\\temp"]
)
def test_what_only_looks_escaped_stays(text):
    assert KnownSecrets(["another-secret", "test"]).cut(text.replace("dGVzdA", "")) == text.replace(
        "dGVzdA", ""
    )


def test_what_was_cut_short_does_not_end_within_a_secret():
    for limit in range(1, 60):
        told = shortened("the key sk-1234567890 is wrong, as is (sk-abcdefghij)", limit)
        assert len(told) <= limit
        assert not re.search("sk-[0-9]{1,9}…|sk-[a-j]{1,9}…", told)
    assert shortened("all of it", 9) == "all of it"
