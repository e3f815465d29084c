"""The card kinds of DingTalk: the output formats of its cards."""
