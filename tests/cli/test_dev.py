"""What ``imbot dev`` shows when it starts."""

import sys
from pathlib import Path

import pytest
from botfolder import write
from terminal import Terminal

ECHO = "credentials: {{client_id: app-{0}, client_secret: s-{0}}}\nagent: {{type: echo}}\n"
BROKEN = """\
titel: hr
credentials: {client_id: hr, client_secret: hunter2-hunter2}
agent:
  type: echo
  dely: 3s
"""
WAITS = "credentials: {client_id: w, client_secret: w}\nagent: {type: openai, base_url: <<NOT_SET_URL>>, model: m}\n"
LINES = 24


@pytest.fixture
def started(tmp_path):
    """Start ``imbot dev`` over these files: its text, and how often it was interrupted cleanly."""

    def start(files, *options):
        write(tmp_path / "bots", files)
        path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
        with Terminal(tmp_path, {"PATH": path}, size=(80, LINES)) as terminal:
            terminal.type(f"imbot dev --port 0 {' '.join(options)}")
            terminal.shows("Press Ctrl-C to stop")
            shown = terminal.text
            assert terminal.interrupt()[0] == 0
        return shown

    return start


def test_all_problems_of_a_rejected_file_are_shown_with_their_lines(started):
    shown = started({"hr.yaml": BROKEN, "ok.yaml": ECHO.format("ok")})

    assert "  ✗ hr  rejected  bots/hr.yaml\n" in shown
    assert "1 | titel: hr\n        | ^~~~~\n        = did you mean `title`?" in shown
    assert "5 |   dely: 3s\n        |   ^~~~\n        = did you mean `delay`?" in shown
    assert "  2 bots: 1 running, 1 rejected\n" in shown
    assert "hunter2" not in shown


@pytest.mark.parametrize("broken", ["agent: [\n", "", "a: 1\na: 2\n", "\t\n"])
def test_a_file_that_is_no_bot_at_all_is_shown_with_its_place(started, broken):
    shown = started({"hr.yaml": broken})

    assert "✗ bots/hr.yaml  rejected\n      bots/hr.yaml:" in shown
    assert "1 bot: 1 rejected" in shown


def test_below_many_bots_the_address_is_on_the_screen(started):
    files = {f"c{number}.yaml": ECHO.format(number) for number in range(30)}
    shown = started(files | {"hr.yaml": BROKEN, "w.yaml": WAITS})

    screen = shown.splitlines()[-LINES:]
    order = [
        next(i for i, line in enumerate(screen) if word in line)
        for word in ("○ w", "✗ hr", "32 bots:", "http://")
    ]
    assert order == sorted(order), "what needs a hand is next to the address"
    assert "  32 bots: 30 running, 1 waiting, 1 rejected" in screen


def test_what_is_wrong_in_a_shared_file_is_shown_once(started):
    files = {
        f"c{number}.yaml": f"credentials: {{client_id: a{number}, client_secret: s}}\n" for number in range(3)
    }
    shown = started(files | {"_defaults.yaml": "agent: {type: echo, dely: 3s}\n"})

    assert shown.count("did you mean `delay`?") == 1
    assert shown.count("      for the same reason as above") == 2


def test_a_file_name_cannot_write_to_the_terminal(started):
    shown = started({"a\u202eb.yaml": ECHO.format("a"), "c\u202ed.yaml": BROKEN})

    assert "\\u202e" in shown
    assert "\u202e" not in shown
