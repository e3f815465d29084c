import pytest

from imbot.config.yamlfile import read_yaml
from imbot.model import CardPhase
from imbot.spec import (
    Access,
    AgentSpec,
    BotSpec,
    CardSpec,
    Commands,
    ConversationSpec,
    FeedbackButton,
    FeedbackSpec,
    HistorySpec,
    Layout,
    Limits,
    QuotaSpec,
    TextFile,
    Throttle,
    Timeouts,
)

TEXTS = {
    "thinking": "正在思考…",
    "error": "抱歉，出错了。",
    "stopped": "已停止回答。",
    "help": "您好，我是{{ bot.title }}",
}
RATINGS = (FeedbackButton("😄 非常有帮助", "very_helpful"), FeedbackButton("😅 没帮助", "unhelpful"))


@pytest.fixture
def bot():
    """A bot file's spec from the YAML text of its card."""

    def make(text="card: {kind: ai}", *, texts=TEXTS, ratings=RATINGS, files=None, title="小助手"):
        file = read_yaml(text.encode(), "bots/a.yaml")
        card = file.value["card"]
        return BotSpec(
            name="a",
            title=title,
            enabled=True,
            type="dingtalk-stream",
            identity="",
            credentials={},
            agent=AgentSpec("echo", {}),
            timeouts=Timeouts(1, 1, 1, None, 600),
            history=HistorySpec(1, 1),
            conversation=ConversationSpec("shared", 1),
            commands=Commands((), (), ()),
            texts={**texts, **file.value.get("texts", {})},
            card=CardSpec(
                kind=card["kind"],
                own={key: card[key] for key in ("template_id", "content_key") if key in card},
                vars=card.get("vars", {}),
                templates={
                    CardPhase(phase): Layout(layout, file.path, f"/card/templates/{phase}", file.marks)
                    for phase, layout in card.get("templates", {}).items()
                },
                files={name: TextFile(f"bots/{name}", text) for name, text in (files or {}).items()},
                path=file.path,
                marks=file.marks,
            ),
            throttle=Throttle("adaptive", 20, 1, 5),
            quota=QuotaSpec(20),
            feedback=FeedbackSpec(ratings, "感谢您的反馈！"),
            limits=Limits(2, 100, 200, 20_000, 50_000),
            access=Access(),
            path=file.path,
            marks=file.marks,
        )

    return make
