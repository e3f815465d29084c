"""What the page says beside its figures: how each is made, and why a goal is not met."""

RELOAD = "Edits are a new file in the place of the old one, as careful editors write."
CHECK = (
    "One run over a folder of bots, of `imbot check` and of `check-jsonschema` with the same schema, which reads no "
    "template, variable or neighbour. CPU is more than the wall clock where a tool works on both cores."
)
NOTES = {
    "one user": "One person asks the four systems in turn, always waiting for the answer; the agent answers at once "
    "with ten chunks.",
    "crowd": "A hundred people on one app, each asking again as soon as the answer is there; the agent takes 2 s "
    "at 20 chunks a second. *threads* serves one after another, so its users mostly wait.",
    "burst": "Throughput: five hundred people ask at the same moment; the agent answers at once. The rate runs to the "
    "last complete card, imbot's with its journal on. The platform has a core of its own; where its CPU nears the time "
    "the burst took, it is the limit.",
    "long": "Three people (under *threads* one) get long answers at 20 chunks a second, all systems side by side. "
    "*threads* is the fixed rule: every 2 s or 5 chunks, 20 updates. *floor* and *sdk* show what their own simple "
    "pace gives; *sdk* has no budget of calls. *imbot* is `pace: adaptive`, beside it the other paces.",
    "quota: crowd": "The crowd on an app with 20 calls a second on each API. *sdk bucket* and *sdk eighth* are "
    "policies from the field: an update at most every 800 ms per card, with a bucket of 20 tokens a second for all "
    "calls of the app, from which new cards and ends wait for a token and an update that finds none is dropped; and "
    "an update at every 8th chunk. Both try three times to make a card and, like the SDK, do not learn of other "
    "refusals.",
    "quota: stream": "The same app and policies; a hundred people ask once, all within a second, and the agent "
    "takes 10 s. A hundred new cards take the platform 5 s, and so do their ends.",
    "idle bots": "A process with many bots: from its start until every bot is connected, and the resident memory a "
    "second later, less that of a process with one bot, by added bot. Then each bot gets one message, 200 a second.",
    "reload under load": f"{RELOAD} The crowd goes on while the bot's title changes every second.",
    "reload of one": f"{RELOAD} First one bot's title changes, time and again, while twenty people talk to ten of "
    "the bots: from the write until the log says that the new file is followed, less the 0.3 s that a file must be "
    "still. Then, with nobody talking, the process's CPU over 4 s each (the folder is looked at every 2 s): a file changes "
    "that is of no bot (the scan), one of a bot is written anew as it was, and one is edited. *Beyond the scan* is the "
    "last less the first. A thousand bots also do other things now and then, which is in all three.",
    "check": CHECK,
    "check: start-up": "The start of `imbot check` on one file, beside bare imports of its libraries.",
}

# By scenario and goal as in goals.py: what limits a figure that misses its goal, and what was tried.
REASONS = {
    ("one user", "first card p50, over the floor's"): (
        "From a message's frame to the call that makes its card imbot takes about 1.5 ms where one person asks at a time and "
        "nothing is warm, the floor about 0.3: 0.35 for the journal, which must know a card before anybody sees it, 0.4 to "
        "read the message and find who may ask and in which order, 0.25 to draw the card through Jinja, 0.2 for the frame, 0.1 for "
        "the conversation's past. Tried: the acknowledgement waits until the card's call is out. Before the platform went "
        "first on the core that it shares with the agent this figure was 1.1 to 1.2: the agent mostly went first, "
        "which held up the floor's card and not imbot's."
    ),
    ("one user", "first card p99, over the floor's"): "As for the median.",
    ("crowd", "first card p50, over the floor's"): "As for one user.",
    ("crowd", "first card p99, over the floor's"): (
        "As for one user; and updates of other answers are drawn and journalled meanwhile."
    ),
    ("burst", "turns per second with the journal on, over the floor's"): (
        "A turn costs imbot twice the floor's CPU here: three or four writes of the journal, two renderings of the card "
        "through Jinja, who may ask and in which order, a line in the log. Tried: short store work on the loop's own "
        "thread, cached statements, one timer an answer, fewer renderings, fewer generators a piece, no task of its own for what "
        "takes a push over, cheaper log lines, a journal write that waits for the next one. One commit for several writes "
        "would save about 5 us a write, which is little."
    ),
    ("check: small bots", "speed over check-jsonschema's"): (
        "The start-up takes 0.23 s, two fifths of imbot's time, and two thirds of that are the imports of its libraries; "
        "the rest is about 0.7 ms of CPU a file, which two processes share. Tried: schemas as closures instead of the "
        "library, one parse a file, samples and spec defaults made once, several processes, no import of asyncio."
    ),
    ("check: bots sharing a layout", "speed over check-jsonschema's"): (
        "As for small bots; the layout itself is compiled and drawn once a process."
    ),
    ("check: bots with own layouts", "speed over check-jsonschema's"): (
        "Every layout of its own is compiled and drawn in five phases with nasty sample turns, which costs about 1 ms "
        "a template in Jinja's and Python's compilers and which check-jsonschema does not do."
    ),
}

METHOD = """## How it is measured

- `stage.py` is the platform: imbot's simulator, without latency or limits unless a scenario sets them, and the
  people, in one process. Times are taken there, on one monotonic clock: a message is asked when it is pushed, an
  ack or a card counts when it has arrived and is in effect. `agent_server.py` is the agent of all systems, a process
  that notes when each chunk leaves. Both share one core, where the platform goes first; the system under test has the
  other to itself.
- `systems/floor.py`, `systems/sdk.py` and `systems/threads.py` are the compared programs, to be read in a minute
  each. imbot is `imbot run` with a short bot file, its journal on, on a local disk.
- imbot runs out of its sources, byte-compiled before anything is measured, as pip does with what it installs.
- Every system starts fresh for each scenario of each round and gets 20 messages to warm up; within a round the
  systems take turns. Ratios are taken within a round, then their median is shown.
- A reply is complete when its card shows the last chunk and its final state. Staleness is, at each moment from the
  first chunk until then, the age of the oldest chunk that the card does not show; cards that never get complete are
  watched for 10 s more.
- CPU is the process's with its children, user and system, from the kernel. Memory is the resident set. The
  event-loop delay is taken by `probe.py` inside every process, 50 times a second.
- The answers of 300 s are measured once, all systems at once. The answers of 30 s, the reload of one bot and the
  quota scenarios, none of which a busier core changes much, go on beside them. The slow starters among the idle bots
  are measured in the first round alone. `imbot check` comes last and has the machine for itself.
- Only the quota scenarios leave `quota.qps` at its default of 20; all others set it out of the way in the bot file.
- Percentiles are over what came; what never came is in the row of lost answers alone, which flatters *threads* and
  the SDK. When the crowd's time is over its people wait 5 s more, 8 s under the quota, 15 s among the idle bots.
  The 10 s for which an incomplete card is watched weigh in the field policies' staleness under the quota.
- A goal is judged by the median of the rounds, one that says *never* by the worst round.
- Calls per reply count the calls that the platform accepted for the card, its creation included.
- `results.json` has every figure of every round; `python benchmarks --page` writes this page from it.
"""
