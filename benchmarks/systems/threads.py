"""The design with a thread per bot: a blocking agent call in the handler, StandardCard updates by a fixed rule.

``python benchmarks/systems/threads.py PREFIX COUNT``: COUNT bots in one process. While a bot answers, its
thread does nothing else; a card gets an update every 2 s or 5 chunks, 20 at most with the last.
"""

import json
import os
import sys
import threading
import time

import requests
from dingtalk_stream import AckMessage, ChatbotHandler, ChatbotMessage, Credential, DingTalkStreamClient

AGENT = os.environ["AGENT_URL"]
SECRET = os.environ["APP_SECRET"]
MAX_UPDATES = 20
INTERVAL_S = 2.0
CHUNKS = 5


class Handler(ChatbotHandler):
    async def process(self, callback):
        message = ChatbotMessage.from_dict(callback.data)
        card = self.reply_card(layout("…"), message)
        text, waiting, updates, shown = "", 0, 0, time.monotonic()
        for piece in answer_of(message.text.content):
            text += piece
            waiting += 1
            due = waiting >= CHUNKS or time.monotonic() - shown >= INTERVAL_S
            if due and updates < MAX_UPDATES - 1:
                self.update_card(card, layout(text))
                waiting, updates, shown = 0, updates + 1, time.monotonic()
        self.update_card(card, layout(text))
        return AckMessage.STATUS_OK, "OK"


def layout(text):
    return {
        "config": {"autoLayout": True, "enableForward": True},
        "header": {"title": {"type": "text", "text": "Bot"}},
        "contents": [{"type": "markdown", "text": text, "id": "answer"}],
    }


def answer_of(question):
    body = {"model": "bench", "stream": True, "messages": [{"role": "user", "content": question}]}
    with requests.post(f"{AGENT}/v1/chat/completions", json=body, stream=True) as response:
        for line in response.iter_lines(chunk_size=None):
            if line.startswith(b"data: {"):
                yield json.loads(line[6:])["choices"][0]["delta"].get("content", "")


def main(prefix, count):
    bots = []
    for number in range(int(count)):
        client = DingTalkStreamClient(Credential(f"{prefix}-{number}", SECRET))
        client.register_callback_handler(ChatbotMessage.TOPIC, Handler())
        bots.append(threading.Thread(target=client.start_forever, daemon=True))
        bots[-1].start()
    for bot in bots:
        bot.join()


if __name__ == "__main__":
    main(*sys.argv[1:])
