"""``imbot schema``: the schema of bot files, in one piece."""

import json

import click

from imbot import schema


@click.command("schema")
def command() -> None:
    """Print the schema of bot files: self-contained, for editors and other validators."""
    click.echo(json.dumps(schema.bundle(), ensure_ascii=False, indent=2))
