"""A bot made of the official SDK alone, run as a program of its own against a simulator."""

import asyncio
import sys
import threading

import dingtalk_stream
from dingtalk_stream import AckMessage


class Chat(dingtalk_stream.ChatbotHandler):
    def answer(self, message):
        self.reply_text(f"echo: {message.text.content.strip()}", message)
        card = self.ai_markdown_card_start(message, title="助手")
        card.ai_streaming("**one**")
        card.ai_streaming(" two", append=True)
        card.ai_finish(button_list=[{"text": "👍", "color": "blue", "id": "like", "request": True}])

    async def process(self, callback):
        message = dingtalk_stream.ChatbotMessage.from_dict(callback.data)
        threading.Thread(target=self.answer, args=(message,), daemon=True).start()
        return AckMessage.STATUS_OK, "OK"


class Click(dingtalk_stream.CallbackHandler):
    async def process(self, callback):
        click = dingtalk_stream.CardCallbackMessage.from_dict(callback.data)
        action = click.content["cardPrivateData"]["actionIds"][0]
        changes = {"cardParamMap": {"msgTitle": f"{click.user_id} {action}"}}
        options = {"updateCardDataByKey": True}
        return AckMessage.STATUS_OK, {"cardData": changes, "cardUpdateOptions": options}


client = dingtalk_stream.DingTalkStreamClient(dingtalk_stream.Credential(*sys.argv[1:]))
client.register_callback_handler(dingtalk_stream.ChatbotMessage.TOPIC, Chat())
client.register_callback_handler(dingtalk_stream.CallbackHandler.TOPIC_CARD_CALLBACK, Click())
asyncio.run(client.start())
