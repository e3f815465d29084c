"""DingTalk: a platform type that reaches people over its Stream mode."""

from imbot.cards import MARKDOWN
from imbot.platforms import PlatformType

STREAM = PlatformType(
    name="dingtalk-stream",
    gateway="imbot.platforms.dingtalk.gateway:DingTalkGateway",
    dry_run="imbot.platforms.dingtalk.dry_run:DingTalkDryRun",
    diagnosis="imbot.platforms.dingtalk.diagnosis:DingTalkDiagnosis",
    kinds={
        "ai": "imbot.platforms.dingtalk.kinds.ai:AiKind",
        "standard": "imbot.platforms.dingtalk.kinds.standard:StandardKind",
        "markdown": MARKDOWN,
    },
)
