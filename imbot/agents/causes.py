"""Why an agent failed and what to do about it, in the words that every output uses.

The log of a turn, ``imbot status`` and ``imbot doctor`` show the same cause and cure.
"""

from imbot.errors import AgentError

FILTERED = (
    "the content filter of the service held the answer back",
    "look up what the service does not answer; check `agent.instructions`",
)

# Cause and cure by the code of the AgentError, the code's first part, or the HTTP status.
AGENT_CAUSES = {
    "descriptors": (
        "this process has as many connections and files as the system lets it",
        "raise `ulimit -n` and start again",
    ),
    "connection": ("nothing answers at the agent's address", "start the agent, and check its address"),
    "timeout": (
        "the agent is stuck, overloaded or slow to begin",
        "look into the agent's own log; ask it the same question directly",
    ),
    "timeout.connect": (
        "nothing answers at the agent's address, or a firewall drops the connection",
        "check the agent's address, and the network to it",
    ),
    "agent.timeout": ("the agent waited in vain for something it needs", "look into the agent's own log"),
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
    "insufficient_quota": ("the account has no credit left", "top it up, or use another key"),
    "insufficient_balance": ("the account has no credit left", "top it up, or use another key"),
    "Arrearage": ("the account has no credit left", "top it up, or use another key"),
    "http_3xx": ("the agent is at another address", "write the address that it names into `agent.base_url`"),
    "http_401": (
        "the agent does not accept the key",
        "check `agent.api_key` in the bot file, or its value in `.env`",
    ),
    "http_403": ("the key may not use this model", "check the permissions of `agent.api_key`"),
    "http_402": ("the account has no credit left", "top it up, or use another key"),
    "http_404": (
        "there is no such address, or no such model",
        "check `agent.base_url` and `agent.model` in the bot file",
    ),
    "http_400": ("the agent does not accept the request", "check the keys under `agent` in the bot file"),
    "http_429": ("the agent gets more requests than it allows", "wait, or raise its limit"),
    "http_5xx": ("the agent failed", "look into the agent's own log"),
}
NOT_KNOWN = ("imbot does not know this error", "look it up in the documentation of the service that sent it")


def explained(error: AgentError) -> tuple[str, str]:
    """Cause and cure of an agent's failure."""
    status = error.status
    for key in (
        error.code,
        error.code.partition(".")[0],
        f"http_{status}",
        f"http_{status // 100}xx",
    ):
        if key in AGENT_CAUSES:
            return AGENT_CAUSES[key]
    return NOT_KNOWN


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
