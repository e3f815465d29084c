"""Sample turns for people to look at. Those of ``cards.samples`` only check that layouts can be drawn."""

from dataclasses import dataclass, replace

from imbot.cards import Card
from imbot.cards.samples import NASTY
from imbot.model import CardContext, CardPhase, Citation, Sender

_SENDER = Sender("u-lilei", "李雷")
# The share of the answer that is there in each phase.
_SAID = {
    CardPhase.THINKING: 0.0,
    CardPhase.STREAMING: 0.6,
    CardPhase.FINAL: 1.0,
    CardPhase.ERROR: 0.3,
    CardPhase.STOPPED: 0.4,
}
_ELAPSED_S = {CardPhase.THINKING: 0.2, CardPhase.STREAMING: 2.6, CardPhase.FINAL: 4.8}

_SHORT = "收到商品 7 天内可以退货：在 **我的订单** 里选择商品，点“申请退货”，快递员会上门取件。"

_LONG = """\
可以的，跨境订单也支持退货，只是流程和国内订单略有不同，请按下面的顺序办理。

首先，在 **我的订单** 里找到这一笔，确认商品没有使用过、吊牌和包装完整。定制商品、贴身衣物和已经激活的电子产品不能退，页面上会直接提示原因。

其次，点“申请退货”，选择原因并上传照片。质量问题请拍清楚瑕疵和外包装上的面单，这样审核通常当天就能完成；其他原因一般需要一到两个工作日。审核通过之前请不要自行寄回，否则仓库无法识别包裹，退款会被耽误。

第三，打印退货标签并贴在包裹外面。标签里已经包含了海关需要的信息，不必另外填写。同一笔订单的几件商品可以放在一个包裹里，但不同订单请分开寄。

最后，把包裹交给标签上写明的快递公司，保留回执。仓库签收后三个工作日内验货，货款原路退回；关税由我们代为申请退还，视海关进度需要十五到三十天。整个过程您都可以在订单详情里看到进度，每一步完成时也会收到通知。

如果超过三十天仍然没有收到退款，请直接回复这条消息并附上回执照片，我们会为您优先处理。"""

_RICH = """\
## 各套餐对比

| 套餐 | 价格 | 每月调用 | 支持 |
|:-----|-----:|-----:|:----:|
| 体验版 | 免费 | 1,000 | 社区 |
| 标准版 | ¥299 | 100,000 | 工作日 |
| 企业版 | 面议 | 不限 | 7×24 |

用 `POST /v1/orders` 查询用量：

```python
def usage(client, month):
    for order in client.orders(month=month):
        print(order.id, f"{order.calls:>8,}")  # 每行一笔
```

1. 登录控制台
   - 选择 *费用中心*
   - 下载账单
2. ~~发邮件申请~~ 现在可以直接在线升级

> 升级立即生效，降级从下个月开始。

详见 [价格说明](https://example.com/pricing?from=bot&plan=standard)。"""


@dataclass(frozen=True, slots=True)
class PreviewSample:
    """One sample turn. Without an answer, the agent has found nothing."""

    name: str
    question: str
    answer: str = ""
    reasoning: str = ""
    suggestions: tuple[str, ...] = ()
    citations: tuple[Citation, ...] = ()
    rated: bool = False


SAMPLES = (
    PreviewSample("short", "怎么退货？", _SHORT),
    PreviewSample("long", "我在国外下的单，收到以后发现尺码不合适，还能退吗？运费和关税怎么算？", _LONG),
    PreviewSample("rich", "有哪些套餐？怎么查用量？", _RICH),
    PreviewSample("nasty", NASTY, f"{NASTY} {'无空格的很长的一行' * 8} {'https://example.com/' + 'a' * 80}"),
    PreviewSample(
        "suggestions",
        "发票",
        "可以的。下单时勾选 **需要发票** 即可；已完成的订单，一年内也可以补开。",
        suggestions=("怎么开电子发票？", "发票抬头写错了怎么办？", "可以开增值税专用发票吗？"),
        citations=(Citation("订单与发票.md › 开发票", "https://example.com/help/invoice", "下单时勾选…"),),
    ),
    PreviewSample("rated", "怎么退货？", _SHORT, rated=True),
    PreviewSample(
        "unknown",
        "你们老板的生日是哪天？",
        reasoning="用户想知道老板的生日。\n知识库里没有这一类内容，\n不应该猜测。",
    ),
)


def given(question: str, answer: str) -> PreviewSample:
    """A sample with the user's own texts."""
    return PreviewSample("given", question, answer)


def sample_context(sample: PreviewSample, phase: CardPhase, card: Card, rating: str = "") -> CardContext:
    """The template context of a sample in a phase, for a viewer who chose ``rating``."""
    final = phase is CardPhase.FINAL
    context = CardContext(
        phase=phase,
        question=sample.question,
        answer=_part(sample.answer, _SAID[phase]),
        reasoning="" if phase is CardPhase.THINKING else sample.reasoning,
        chosen=rating if final else "",
        suggestions=sample.suggestions if final else (),
        citations=sample.citations if final else (),
        sender=_SENDER,
        elapsed_s=_ELAPSED_S.get(phase, 3.1),
    )
    return _worded(context, card)


def _part(text: str, share: float) -> str:
    """The first ``share`` of a text, cut after a punctuation mark or line if there is one."""
    if share == 1:
        return text
    begun = text[: round(len(text) * share)]
    pause = max(begun.rfind(mark) for mark in "，。；：\n")
    return begun[: pause + 1] or begun


def _worded(context: CardContext, card: Card) -> CardContext:
    """The same with the bot's own text for an error, a stop or an answer that was not found."""
    if context.phase in (CardPhase.ERROR, CardPhase.STOPPED):
        return replace(context, error=card.text(str(context.phase), context))
    if context.phase is CardPhase.FINAL and not context.answer:
        return replace(context, answer=card.text("not_found", context))
    return context
