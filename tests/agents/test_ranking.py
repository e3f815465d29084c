"""How well questions find their answers, over a knowledge base such as people write.

Chinese and English, paraphrases, slips, small talk. What matters most is that nothing wrong is answered;
OTHER_WORDS holds what no ranking by words can find.
"""

import sqlite3
import time

import pytest

from imbot.agents import ranking
from imbot.agents.knowledge import KnowledgeEntry, read_entries
from imbot.agents.ranking import Index
from imbot.model import Citation, NotFound, Suggestions, TextDelta

ANSWERED = {
    "如何申请退货？": ["怎么申请退货", "申请售后退货的步骤", "不想要了想退货"],
    "退货的运费由谁承担": ["退货运费谁出"],
    "退款多久到账？": ["退款什么时候到帐", "退款怎么还没到账", "退款到账要几天"],
    "可以换货吗": ["能换货不", "换货流程"],
    "保修期是多长时间": [
        "保修多久",
        "质保期多长",
        "电池保修吗",
        "手机坏了还在保修期内吗",
        "保修一年还是两年",
    ],
    "修改收货地址": ["收货地址写错了，怎么修改", "改地址", "收获地址填错了", "订单地址能改吗"],
    "怎样取消订单": ["我要取消订单", "订单不想要了怎么取消", "我想取消刚下的订单", "取消订单后钱会退吗"],
    "配送用哪家快递": ["你们发什么快递"],
    "如何开发票": ["怎么开发票", "电子发票哪里开", "发票怎么申请"],
    "发票抬头写错了怎么办": ["发票抬头填错", "发票抬头能改吗"],
    "年假有多少天": ["年假几天", "我有多少天年休假", "年假怎么算", "工作十年有几天年假"],
    "病假怎么请": ["请病假要什么手续", "病假需要医院证明吗"],
    "工资几号发": ["什么时候发工资", "这个月工资什么时候到账"],
    "报销流程": ["出差的费用如何报销", "报销要准备哪些材料", "差旅报销多久到账"],
    "How do I reset my password?": [
        "how can I reset my pasword",
        "I forgot my password",
        "password reset",
        "can't log in to my account",
        "password expired, need to reset",
        "I can not log in",
        "forgotten passwrod",
    ],
    "Connecting to the VPN": [
        "vpn",
        "how to connect to VPN from home",
        "VPN connection",
        "remote acess from home",
    ],
    "How to request a new laptop": ["I need a new laptop", "requesting laptops"],
    "The printer is jammed": ["the prnter is jammed again", "paper jam in printer"],
    "Wi-Fi 连不上怎么办": ["wifi 连不上", "无线网连不上了", "无线网络连接不上"],
    "Windows": ["install software on windows", "software installation for windows pc"],
    "macOS": ["how do I install software on my mac"],
    "什么时候发货": ["我的订单怎么还没发货", "周末发货吗"],
}

OFFERED = {
    "如何申请退货？": ["买的衣服不合适，能退货吗"],
    "退货的运费由谁承担": ["运费要我自己付吗", "商品质量有问题，退货邮费谁来出", "退货要自己出运费吗"],
    "什么时候发货": ["今天下单什么时候能发货"],
    "退款多久到账？": ["钱多久退回来"],
    "配送用哪家快递": ["用的是什么快递公司", "发顺丰吗", "可以发邮政吗"],
    "病假怎么请": ["生病了怎么请假"],
    "如何开发票": ["能开增值税发票吗"],
    "报销流程": ["打车费能报销吗"],
    "How to request a new laptop": ["my laptop is broken, can I have a new one", "order new notebook"],
    "The printer is jammed": ["printer does not work", "paper stuck in the printer"],
    "Wi-Fi 连不上怎么办": ["公司的wifi密码是多少"],
    "macOS": ["installing apps on macbook"],
    "Connecting to the VPN": ["vpn 连不上"],
}

OTHER_WORDS = ["我想把东西退掉", "尺码不对想换一双", "几点前下单当天发", "鞋子大了能换小一码吗", "几号发薪水"]
UNRELATED = [
    "你好",
    "hello",
    "谢谢你",
    "今天天气怎么样",
    "给我讲个笑话",
    "what is the capital of France",
    "who won the world cup",
    "帮我写一首诗",
    "股票怎么开户",
    "附近有什么好吃的餐厅",
    "tell me a joke",
    "1+1等于几",
    "ok",
    "？？？",
    "你是谁",
    "人工客服电话",
    "北京到上海的高铁票",
    "could you translate this text",
    "早上好",
    "在吗",
    "你叫什么名字",
    "哈哈哈",
    "good morning",
    "how are you",
    "明天会下雨吗",
    "推荐一部电影",
    "公司食堂几点开门",
    "会议室怎么预订",
    "how old are you",
    "what time is it",
    "write me a poem about the sea",
    "世界杯谁赢了",
    "translate 你好 into English",
    "今天星期几",
    "😀😀",
    "12345",
    "我要投诉",
    "苹果手机多少钱",
]


def rows(table):
    return [(question, title) for title, questions in table.items() for question in questions]


@pytest.fixture
def index(knowledge):
    index = Index(read_entries(knowledge))
    yield index
    index.close()


@pytest.fixture
async def faq(make_agent, knowledge):
    agent = make_agent("faq", knowledge=knowledge, delay=0.0)
    yield agent
    await agent.close()


def offered(events):
    return next((event.questions for event in events if isinstance(event, Suggestions)), ())


@pytest.mark.parametrize(("question", "title"), rows(ANSWERED))
async def test_a_question_in_ones_own_words_is_answered(faq, ask, question, title):
    events = await ask(faq, question)
    source = next(event.title for event in events if isinstance(event, Citation))
    assert source.endswith(f" › {title}")
    assert NotFound() not in events


@pytest.mark.parametrize(("question", "title"), rows(OFFERED))
async def test_a_question_that_only_comes_near_is_asked_back(faq, ask, question, title):
    events = await ask(faq, question)
    assert NotFound() in events
    assert title in offered(events)


@pytest.mark.parametrize("question", UNRELATED + OTHER_WORDS)
async def test_an_unrelated_question_is_not_answered(faq, ask, question):
    events = await ask(faq, question)
    assert NotFound() in events
    assert not any(isinstance(event, TextDelta) for event in events)


async def test_small_talk_is_seldom_asked_back(faq, ask):
    asked_back = [question for question in UNRELATED if offered(await ask(faq, question))]
    assert len(asked_back) <= 1, asked_back


def test_a_heading_or_an_alias_word_for_word_wins(index):
    for text in ("退款多久到账？", "退款多久到账", " 钱什么时候退给我!", "HOW DO I RESET MY PASSWORD"):
        best = index.search(text)[0]
        assert best.exact
        assert best.score == 1
    assert not index.search("退款到账")[0].exact


def test_a_heading_made_of_filler_is_found_word_for_word():
    index = Index(
        [KnowledgeEntry("你好", "hi", "a.md", "你好"), KnowledgeEntry("???", "what", "a.md", "???")]
    )
    assert [match.entry.answer for match in index.search("你好！")] == ["hi"]
    assert index.search("") == index.search("!!") == []


def test_the_heading_counts_more_than_the_answer():
    entries = [
        KnowledgeEntry("红茶", "不是绿茶，喝绿茶的人请看别处。", "a.md", "红茶"),
        KnowledgeEntry("绿茶", "红茶之外的茶。", "a.md", "绿茶"),
    ]
    assert [match.entry.heading for match in Index(entries).search("绿茶")] == ["绿茶", "红茶"]


def test_a_parent_heading_helps_to_tell_children_apart():
    texts = [("Install", "Windows"), ("Remove", "Windows"), ("Install", "macOS")]
    index = Index([KnowledgeEntry(f"{a} › {b}", "x", "a.md", b, (), (a,)) for a, b in texts])
    assert index.search("how to remove it on windows")[0].entry.title == "Remove › Windows"
    assert index.search("macos install")[0].entry.title == "Install › macOS"


@pytest.mark.parametrize(
    "question", ['"', "a' OR 1=1 --", "NEAR(a b)", "退货*", "asked:退货", "a\0b", "^", "-退货", "😀"]
)
def test_no_question_is_taken_for_a_query_language(index, question):
    index.search(question)


def test_a_very_long_question_stays_cheap(index):
    began = time.process_time()
    index.search(" ".join(f"pa{number}word" for number in range(5000)))
    index.search("退货" * 10_000)
    assert time.process_time() - began < 2


def test_an_index_made_from_an_earlier_one_answers_like_a_new_one(index, monkeypatch):
    """A large folder is followed in time, because only what changed is worked out again."""
    kept = [*index._postings.entries.values()]
    entries = [each.entry for each in kept][3:]
    edited = [KnowledgeEntry("红茶多久泡好？", "三分钟。", "a.md", "红茶多久泡好？"), *entries]
    new = Index(edited)
    work = []
    monkeypatch.setattr(
        ranking, "_indexed", lambda entry, real=ranking._indexed: work.append(entry) or real(entry)
    )
    made = Index(edited, index)

    assert work == edited[:1]
    assert made._postings.frequency == new._postings.frequency
    for question in ("红茶", kept[0].entry.heading, *(each.heading for each in entries)):
        found, wanted = made.search(question), new.search(question)
        assert (found[:1], sorted(map(repr, found))) == (wanted[:1], sorted(map(repr, wanted)))
    assert index.search(kept[0].entry.heading)[0].exact, "the earlier one is as it was"


def test_an_index_is_not_made_from_a_closed_one(index):
    entries = [KnowledgeEntry("绿茶", "x", "a.md", "绿茶")]
    closed = Index(entries)
    closed.close()
    assert Index(entries, closed).search("绿茶")[0].exact


@pytest.mark.parametrize("end", ["closed", "dropped"])
def test_an_index_that_is_closed_or_dropped_leaves_no_database_open(end):
    index = Index([KnowledgeEntry("绿茶", "x", "a.md", "绿茶")])
    database = index._postings.database
    if end == "closed":
        index.close()
    del index
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        database.execute("SELECT 1")
