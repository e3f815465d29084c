"""A yaml-language-server: the npm package, a real editor's other half."""

import os
import shutil

import pytest


@pytest.fixture(scope="session")
def yaml_language_server():
    """Its program, where there is one: `npm install --prefix DIR yaml-language-server`."""
    program = os.environ.get("IMBOT_YAML_LS") or shutil.which("yaml-language-server")
    if not program and os.environ.get("IMBOT_REQUIRE_PEERS") != "1":
        pytest.skip("needs yaml-language-server: set IMBOT_YAML_LS to its program")
    assert program, "IMBOT_REQUIRE_PEERS is set, IMBOT_YAML_LS is not"
    return program
