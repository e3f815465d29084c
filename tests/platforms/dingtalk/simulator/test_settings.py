import re
from dataclasses import fields
from pathlib import Path

import pytest

from imbot.platforms.dingtalk.simulator import Settings


def test_changes_make_a_copy():
    before = Settings()
    after = before.changed({"qps": None, "redelivery_s": 60, "denied_scopes": ["Card.Instance.Write"]})
    assert (before.qps, after.qps, after.redelivery_s) == (20, None, 60)
    assert after.denied_scopes == ("Card.Instance.Write",)


@pytest.mark.parametrize(
    "changes",
    [
        {"qps": "20"},
        {"qps": 1.5},
        {"qps": True},
        {"qps": -1},
        {"published": 1},
        {"templates": [1]},
        {"ping_s": "1"},
    ],
)
def test_wrong_values_name_the_setting(changes):
    with pytest.raises(ValueError, match=next(iter(changes))):
        Settings().changed(changes)


def test_unknown_names_are_refused():
    with pytest.raises(ValueError, match="unknown setting: nonsense"):
        Settings().changed({"nonsense": 1})


def test_the_docs_list_every_setting():
    page = (Path(__file__).parents[4] / "docs" / "simulator.md").read_text()
    listed = re.findall(
        r"^\| `(\w+)` \|", page.partition("## Settings")[2].partition("\n## ")[0], re.MULTILINE
    )
    assert sorted(listed) == sorted(field.name for field in fields(Settings))
