"""``crewctl completion``: the script by which a shell completes commands, crews, runs and rules."""

from __future__ import annotations

import os

import click

from crewctl.cli.command import declare
from crewctl.errors import UsageError

SHELLS = ("bash", "zsh", "fish")
ADVICE = {
    "bash": 'eval "$(crewctl completion bash)"   # in ~/.bashrc',
    "zsh": 'eval "$(crewctl completion zsh)"    # in ~/.zshrc, after compinit',
    "fish": "crewctl completion fish > ~/.config/fish/completions/crewctl.fish",
}


@declare("completion", *ADVICE.values())
@click.argument("shell", type=click.Choice(SHELLS), required=False)
def command(shell: str | None) -> None:
    """Print the completion script of bash, zsh or fish (default: the shell in SHELL)."""
    from click.shell_completion import get_completion_class  # noqa: PLC0415 - only this command needs it

    from crewctl.cli.main import COMPLETION  # noqa: PLC0415 - main imports the commands, not the other way

    chosen = shell or os.path.basename(os.environ.get("SHELL", ""))  # noqa: PTH119 - a name, not a file
    found = get_completion_class(chosen) if chosen in SHELLS else None
    if found is None:
        raise UsageError(
            "the shell in SHELL is not bash, zsh or fish", help="write 'crewctl completion bash'"
        )
    group = click.get_current_context().find_root().command
    click.echo(found(group, {}, "crewctl", COMPLETION).source())
