"""`gradiometer completion SHELL`: the script that makes a shell complete our commands."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from gradiometer.terminal.exits import Exit

_SHELLS = ("bash", "zsh", "fish")


@click.command("completion", epilog='Example: eval "$(gradiometer completion bash)"')
@click.argument("shell", type=click.Choice(_SHELLS))
@click.pass_context
def command(ctx: click.Context, shell: str) -> int:
    """Print the completion script of SHELL, to be read by its start file."""
    found = get_completion_class(shell)
    if found is None:
        raise click.UsageError(f"There is no completion for {shell}.")
    script = found(ctx.find_root().command, {}, "gradiometer", "_GRADIOMETER_COMPLETE")
    # The scripts of click are templates; filling one in needs no shell to be there.
    click.echo(script.source_template % script.source_vars())
    return Exit.DONE
