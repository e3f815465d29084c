"""Why an agent failed and what to do about it, in the words that every output uses.

The log of a turn, ``imbot status`` and ``imbot doctor`` show the same cause and cure.
"""

import re

from imbot.errors import AgentError

FILTERED = (
    "the content filter of the service held the answer back",
    "look up what the service does not answer; check `agent.instructions`",
)
SLOW_TO_BEGIN = (
    "the agent takes longer to begin than `timeouts.first_event` allows",
    "raise it, or take a faster model; look into the agent's own log",
)
NO_CREDIT = ("the account has no credit left", "top it up, or use another key")

# Cause and cure by the code of the AgentError, the code's first part, or the HTTP status.
AGENT_CAUSES = {
    "descriptors": (
        "this process has as many connections and files as the system lets it",
        "raise `ulimit -n` and start again",
    ),
    "connection": ("nothing answers at the agent's address", "start the agent, and check its address"),
    "connection.name": (
        "no computer has the name in the agent's address, or the name server does not answer",
        "check the spelling of `agent.base_url`, and the name server of this machine",
    ),
    "timeout.first_event": SLOW_TO_BEGIN,
    "timeout.doctor": SLOW_TO_BEGIN,
    "timeout.queued": (
        "the agent's queue takes longer than `timeouts.queued` allows",
        "raise it, or give the agent more capacity",
    ),
    "timeout.idle": (
        "the agent fell silent for longer than `timeouts.idle` allows",
        "look into the agent's own log; raise `timeouts.idle` if its tools take so long",
    ),
    "timeout.total": (
        "the answer took longer than `timeouts.total` allows",
        "raise it, or limit the agent's answers there",
    ),
    "timeout": (
        "the agent is stuck, overloaded or slow to begin",
        "look into the agent's own log; ask it the same question directly",
    ),
    "timeout.connect": (
        "nothing answers at the agent's address, or a firewall drops the connection",
        "check the agent's address, and the network to it",
    ),
    "proxy": (
        "the environment names a proxy that imbot cannot use",
        "set HTTPS_PROXY and HTTP_PROXY to a proxy that speaks HTTP, or name the agent's host in NO_PROXY",
    ),
    "agent.timeout": ("the agent waited in vain for something it needs", "look into the agent's own log"),
    "agent.template": (
        "a template in the bot file cannot be drawn for this question",
        "correct that key of `agent` in the bot file",
    ),
    "agent.bug": ("an error in the agent's own code", "fix it; the log shows where"),
    "agent.thread": (
        "this process may not start more threads",
        "raise its limit, or lower `agent.concurrency`",
    ),
    "fail_after": ("`agent.fail_after` makes it fail", "remove it from the bot file"),
    "too_long": ("what answers is not an agent, or is broken", "check the agent's address"),
    "endless": ("the agent does not stop sending", "look into the agent's own log; limit its answers there"),
    "interrupted": (
        "the agent, or a proxy in front of it, cut the answer off",
        "look into the agent's own log; raise the proxy's time-out",
    ),
    "empty": ("the model returned nothing", "check its name, its instructions and `max_tokens`"),
    "content_filter": FILTERED,
    "content_policy_violation": FILTERED,
    "data_inspection_failed": FILTERED,  # Qwen
    "DataInspectionFailed": FILTERED,
    "ResponsibleAIPolicyViolation": FILTERED,  # Azure
    "1301": FILTERED,  # GLM
    "not_an_api": (
        "no server of chat completions is at the agent's address",
        "check `agent.base_url`: often /v1 is missing",
    ),
    "tls.plain": ("it speaks http, not https", "let `agent.base_url` begin with http://, or check its port"),
    "tls.needed": (
        "it speaks https, not http",
        "let `agent.base_url` begin with https://, or check its port",
    ),
    "tls.certificate": (
        "the agent's certificate is out of date, for another name, or of an authority that is not known here",
        "renew it, or name the file of your own authority in SSL_CERT_FILE",
    ),
    "tls.refused": (
        "the agent and imbot find no common way to encrypt",
        "look into the agent's own log, and let it offer TLS 1.2 or newer",
    ),
    "insufficient_quota": NO_CREDIT,
    "insufficient_balance": NO_CREDIT,
    "Arrearage": NO_CREDIT,
    "http_3xx": ("the agent is at another address", "write the address that it names into `agent.base_url`"),
    "http_401": (
        "the agent does not accept the key",
        "check `agent.api_key` in the bot file, or its value in `.env`",
    ),
    "http_403": ("the key may not use this model", "check the permissions of `agent.api_key`"),
    "http_402": NO_CREDIT,
    "http_404": (
        "there is no such address, or no such model",
        "check `agent.base_url` and `agent.model` in the bot file",
    ),
    "http_400": ("the agent does not accept the request", "check the keys under `agent` in the bot file"),
    "http_408": ("the agent waited in vain for something it needs", "look into the agent's own log"),
    "http_413": (
        "the question with its history is larger than the agent takes",
        "lower `history.turns` or `history.chars`, or shorten `agent.instructions`",
    ),
    "http_4xx": ("the agent does not accept the request", "check the keys under `agent` in the bot file"),
    "http_429": ("the agent gets more requests than it allows", "wait, or raise its limit"),
    "http_5xx": ("the agent failed", "look into the agent's own log"),
}
# Servers without codes of their own: what their words mean, as a key of ``AGENT_CAUSES``.
_NO_CREDIT = re.compile(
    r"insufficient.{0,20}(quota|balance|credit|funds)|arrear|overdue|out of credit|no credit|payment required"
    r"|(quota|credits?|balance)\b.{0,20}(used up|exhausted|exceeded|insufficient|not enough|run out)"
    r"|(exceeded|exhausted)\b.{0,20}\b(quota|credits?|balance)"
    r"|欠费|余额不足|(额度|配额|余额|套餐|资源包).{0,6}(不足|用完|用尽|耗尽|超限|已用)",
    re.IGNORECASE,
)
_RATE = re.compile(
    r"rate|per (minute|second|hour|day)|requests|rpm|tpm|qps|频率|每分钟|每秒|并发", re.IGNORECASE
)
_BY_WORDS = (
    (
        re.compile(
            r"(invalid|incorrect|wrong|missing|no).{0,15}(api.?key|token|credentials)|unauthori[sz]ed|令牌|鉴权|密钥",
            re.IGNORECASE,
        ),
        "http_401",
    ),
    (
        re.compile(
            r"model\b.{0,60}(not (be )?(found|loaded|exist|supported|available)|does not exist|unknown)|no such model|(unknown|invalid) model|模型.{0,20}不存在",
            re.IGNORECASE,
        ),
        "http_404",
    ),
)
NOT_KNOWN = ("imbot does not know this error", "look it up in the documentation of the service that sent it")


def explained(error: AgentError) -> tuple[str, str]:
    """Cause and cure of an agent's failure."""
    status = error.status or (int(error.code) if re.fullmatch("[45][0-9][0-9]", error.code) else 0)
    if error.code in AGENT_CAUSES:
        return AGENT_CAUSES[error.code]
    if has_no_credit(str(error)):
        return NO_CREDIT
    meant = next((key for words, key in _BY_WORDS if words.search(str(error))), "")
    for key in (
        meant,
        error.code.partition(".")[0],
        f"http_{status}",
        f"http_{status // 100}xx",
    ):
        if key in AGENT_CAUSES:
            return AGENT_CAUSES[key]
    return NOT_KNOWN


def has_no_credit(words: str) -> bool:
    """Whether a server's words mean that the account cannot pay, not that it asks too often."""
    return bool(_NO_CREDIT.search(words)) and not _RATE.search(words)


def text_for(error: AgentError) -> str:
    """The name of the text in the bot file that tells people of this failure."""
    if explained(error) is FILTERED:
        return "filtered"
    return "empty" if error.code == "empty" else "error"


def described(error: AgentError) -> str:
    """The agent's message with its code: ``no such model [http_404]``."""
    return f"{error} [{error.code}]" if error.code else str(error)


def bug(error: Exception) -> AgentError:
    """The AgentError for any other exception that an agent raises."""
    return AgentError(f"it failed with {type(error).__name__}", code="agent.bug")
