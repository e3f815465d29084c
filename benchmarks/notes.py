"""What the page says beside its figures: how each is made."""

NOTES = {
    "one": "One person asks the four systems in turn, always waiting for the answer; the agent answers at once "
    "with ten chunks.",
    "crowd": "A hundred people on one app, each asking again as soon as the answer is there; the agent takes 2 s "
    "at 20 chunks a second. *threads* serves one after another, so its users mostly wait.",
    "burst": "Five hundred people ask at the same moment; the agent answers at once. The rate runs to the last "
    "complete card. The platform has a core of its own; where its CPU nears the time the burst took, it is the limit.",
    "long": "Three people (under *threads* one) get long answers at 20 chunks a second, all systems side by side. "
    "*threads* is the fixed rule: every 2 s or 5 chunks, 20 updates. *floor* and *sdk* show what their own simple "
    "pace gives; *sdk* has no budget of calls.",
    "idle": "A process with many bots: from its start until every bot is connected, and the resident memory a "
    "second later, less that of a process with one bot, by added bot. Then each bot gets one message, 200 a second.",
    "quota": "The crowd on an app with 20 calls a second on each API. *sdk* updates once a second, *sdk fixed* "
    "every 2 s or 5 chunks; both try three times to make a card and, like the SDK, do not learn of refused "
    "updates.",
    "reload": "Edits are a new file in the place of the old one, as careful editors write. Under load the crowd "
    "goes on while the bot's title changes every second. For one bot of many the process's CPU is compared over "
    "5 s each: quiet (the folder is looked at every 2 s), with a file touched (the scan: look, read, hash, load), "
    "and with one edited.",
    "check": "What `check.py` prints: wall time of one run over a folder of bots, of `imbot check` and of "
    "`check-jsonschema` with the same schema, which reads no template, variable or neighbour.",
    "method": """## How it is measured

- `stage.py` is the platform: imbot's simulator, without latency or limits unless a scenario sets them, and the
  people, in one process. Times are taken there, on one monotonic clock: a message is asked when it is pushed, an
  ack or a card counts when it has arrived and is in effect. `agent_server.py` is the agent of all systems, a process
  that notes when each chunk leaves. Both share one core; the system under test has the other to itself.
- `systems/floor.py`, `systems/sdk.py` and `systems/threads.py` are the compared programs, to be read in a minute
  each. imbot is `imbot run` with a short bot file, its journal on, on a local disk.
- Every system starts fresh for each scenario of each round and gets 20 messages to warm up; within a round the
  systems take turns. Ratios are taken within a round, then their median is shown.
- A reply is complete when its card shows the last chunk and its final state. Staleness is, at each moment from the
  first chunk until then, the age of the oldest chunk that the card does not show; cards that never get complete are
  watched for 10 s more.
- CPU is the process's with its children, user and system, from the kernel. Memory is the resident set. The
  event-loop delay is taken by `probe.py` inside every process, 50 times a second.
- The answers of 300 s are measured once, all systems at once; the answers of 30 s and the reload of one bot go on
  beside them. The slow starters among the idle bots are measured in the first round alone.
- Percentiles are over what came; what never came is in the row of lost answers alone, which flatters *threads* and
  the SDK. When the crowd's time is over its people wait 5 s more, 12 s under the quota, 15 s among the idle bots.
  The 10 s for which an incomplete card is watched weigh in the field policies' staleness under the quota.
- A goal is judged by the median of the rounds, one that says *never* by the worst round.
- Calls per reply count the calls that the platform accepted for the card, its creation included.
""",
}
