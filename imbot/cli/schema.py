"""``imbot schema``: the schema of bot files, defaults or test files, as one self-contained file."""

import json

import click

from imbot.config import schema


@click.command("schema")
@click.option("--test", "of", flag_value="test", help="The schema of test files instead.")
@click.option("--defaults", "of", flag_value="defaults", help="The schema of `_defaults.yaml` instead.")
@click.option(
    "--inheriting",
    "of",
    flag_value="inheriting",
    help="The schema of bot files beside a `_defaults.yaml`, which need not be complete.",
)
def command(of: str | None) -> None:
    """Print the schema of bot files: self-contained, for editors and other validators."""
    if of == "test":
        click.echo((schema.folder() / "test.schema.json").read_text(encoding="utf-8"), nl=False)
    else:
        bundles = {"defaults": schema.bundle_defaults, "inheriting": schema.bundle_inheriting}
        click.echo(json.dumps(bundles.get(of or "", schema.bundle)(), ensure_ascii=False, indent=2))
