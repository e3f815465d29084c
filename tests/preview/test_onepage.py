import base64
import hashlib
import json
import re

from imbot.platforms.dingtalk.renderer import PAGE
from imbot.preview.onepage import one_page

STATE = {"bot": {"title": "</script><script>alert(1)</script>", "path": "a"}, "cards": [], "problems": []}


def only(pattern, text):
    (found,) = re.findall(pattern, text, re.DOTALL)
    return found


def digest(text):
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def test_the_page_needs_nothing_from_elsewhere():
    page = one_page(STATE, PAGE)
    assert re.findall(r"<link[^>]+stylesheet|<script[^>]+src=|@import|url\(", page) == []
    assert re.findall(r'href="(?!data:)[^"]*"', page) == []
    assert re.findall(r"^(?:import|export)\b", page, re.MULTILINE) == []


def test_the_policy_lets_just_its_own_script_and_style_in():
    page = one_page(STATE, PAGE)
    policy = only(r'content="(default-src[^"]*)"', page)
    script = digest(only(r'<script type="module">(.*?)</script>', page))
    style = digest(only(r"<style>(.*?)</style>", page))
    assert f"script-src {script};" in policy
    assert f"style-src {style};" in policy
    assert "unsafe" not in policy
    assert "connect-src" not in policy


def test_the_state_cannot_end_its_script():
    page = one_page(STATE, PAGE)
    inside = only(r'<script type="application/json" id="state">(.*?)</script>', page)
    assert json.loads(inside) == STATE
    assert "alert(1)</script>" not in page


def test_every_module_stands_once_and_before_those_that_use_it():
    script = only(r'<script type="module">(.*?)</script>', one_page(STATE, PAGE))
    made = re.findall(r"^const (module_\w+) = \(\(\) =>", script, re.MULTILINE)
    assert len(made) == len(set(made))
    for name in made:
        used = re.search(rf"\}} = {name};", script)
        assert used is None or script.index(f"const {name} =") < used.start()
    assert made[-1] == "module_preview_page_main_js"
