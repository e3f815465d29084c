"""No template takes a second or a hundred megabytes, whatever it does: hostile ones in a process with limits."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

HOSTILE = Path(__file__).parent / "hostile.py"


@pytest.mark.skipif(sys.platform != "linux", reason="limits and peaks of memory are read as Linux tells them")
@pytest.mark.parametrize("size", [1 << 10, 1 << 14, 1 << 18])
def test_no_template_takes_much_time_or_memory(size):
    ran = subprocess.run(
        (sys.executable, "-W", "ignore", HOSTILE, str(size), "60", str(size)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-3000:]
    found = json.loads(ran.stdout)
    assert found["ends"]["drawn"] > 3
    assert found["ends"]["template.too-expensive"] > 10
    seconds, slowest = found["slowest"]
    assert seconds < 3, slowest  # 0.2 s on an idle machine
    megabytes, largest = found["largest"]
    assert megabytes < 100, largest  # 10 MB as a rule
