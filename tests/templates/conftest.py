import pytest

from imbot.templates.budget import Budget
from imbot.templates.compile import compile_text
from imbot.templates.sandbox import GLOBALS


@pytest.fixture
def draw():
    """Compile a template and draw it with these variables."""

    def drawn(source, files=(), **variables):
        names = frozenset(variables)
        with Budget():
            return compile_text(source, tuple(files), names).draw({**GLOBALS, **variables})

    return drawn
