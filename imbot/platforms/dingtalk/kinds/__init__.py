"""The card kinds of DingTalk: what an output format of this platform adds to a drawn layout."""
