"""The bot that tests of the preview look at."""

BOT = """\
title: 小助手
credentials:
  client_id: <<CLIENT_ID>>
  client_secret: <<CLIENT_SECRET>>
agent: {type: echo}
card:
  kind: ai
  templates:
    final: {file: cards/final.yaml}
feedback:
  thanks: 谢谢
  buttons:
    - {label: 👍, rating: good}
    - {label: 👎, rating: bad}
"""
FINAL = 'msgTitle: "{{ question }}"\nmsgContent: "{{ answer }} {{ feedback.chosen }}"\nmsgButtons: "{{ buttons }}"\n'
