"""imbot puts an existing AI agent into an IM chat, from files."""

__version__ = "0.2.0"
