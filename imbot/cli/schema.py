"""``imbot schema``: the schema of bot files, or of test files, in one piece."""

import json

import click

from imbot import schema


@click.command("schema")
@click.option("--test", "of_tests", is_flag=True, help="The schema of test files instead.")
def command(of_tests: bool) -> None:
    """Print the schema of bot files: self-contained, for editors and other validators."""
    if of_tests:
        click.echo((schema.folder() / "test.schema.json").read_text(encoding="utf-8"), nl=False)
    else:
        click.echo(json.dumps(schema.bundle(), ensure_ascii=False, indent=2))
