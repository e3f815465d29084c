"""The card templates that the simulator knows, with the variables of them that may be streamed.

The public ids are those of the SDKs and samples. Any other id is accepted with any variable, unless it is
registered, or the setting ``templates`` lists the only ones.
"""

from dataclasses import dataclass

from imbot.platforms.dingtalk.simulator.values import AI_MARKDOWN


@dataclass(frozen=True, slots=True)
class Template:
    """A published template. ``streaming`` has the variables that may be streamed; None: all of them."""

    streaming: frozenset[str] | None = None
    markdown: bool = False

    def streams(self, key: str) -> bool:
        """May this variable be streamed?"""
        return self.streaming is None or key in self.streaming


_MARKDOWN = Template(frozenset({"msgContent"}), markdown=True)
_TYPEWRITER = Template(frozenset({"content"}), markdown=True)
UNKNOWN = Template()

PUBLIC = {
    AI_MARKDOWN: _MARKDOWN,
    "02fcf2f4-5e02-4a85-b672-46d1f715543e": _MARKDOWN,
    "8aebdfb9-28f4-4a98-98f5-396c3dde41a0": _TYPEWRITER,
    "d28e2ac5-fb34-4d93-94bc-cf5c580c2d4f": _TYPEWRITER,
    "589420e2-c1e2-46ef-a5ed-b8728e654da9": UNKNOWN,
    "1366a1eb-bc54-4859-ac88-517c56a9acb1": UNKNOWN,
    "7f538f6d-ebb7-4533-a9ac-61a32da094cf": UNKNOWN,
    "5570ddbd-1114-42ab-87aa-5fbe55751da0": UNKNOWN,
    "2b07a3e6-cdf4-4e8f-8bac-a4f6e3e19eff": UNKNOWN,
    "d70f026e-7148-4479-b089-8dcf60289b9d": UNKNOWN,
    "2c278d79-fc0b-41b4-b14e-8b8089dc08e8": UNKNOWN,
    "c36a2fbe-ff53-44ac-a91d-dedbe3654306": UNKNOWN,
    "dac1dbec-55af-40c3-be91-6d6882ef3b66": UNKNOWN,
    "675cde2f-f526-40cb-b828-f5b2b57b8b77": UNKNOWN,
}


def plain(template_id: str) -> str:
    """The id without the suffix that requests carry."""
    return template_id.removesuffix(".schema")
