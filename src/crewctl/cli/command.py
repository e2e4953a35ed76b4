"""The shape of a crewctl command: examples in its help, and an exit code as its result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import click

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class Command(click.Command):
    """A click command whose help ends with examples and whose int result is the exit code."""

    def __init__(self, *args: Any, examples: Sequence[str] = (), **kwargs: Any) -> None:
        kwargs.setdefault("context_settings", CONTEXT)
        super().__init__(*args, **kwargs)
        self.examples = tuple(examples)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples after the options."""
        super().format_epilog(ctx, formatter)
        write_examples(self.examples, formatter)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; a result that is an int and not zero ends the process with it."""
        result = super().invoke(ctx)
        if isinstance(result, int) and result:
            ctx.exit(int(result))
        return 0


class ExampleGroup(click.Group):
    """A group of commands whose help ends with `examples`, as every command's does."""

    examples: Sequence[str] = ()

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's
        """Write the examples after the commands."""
        write_examples(self.examples, formatter)


def write_examples(examples: Sequence[str], formatter: click.HelpFormatter) -> None:
    """Write the examples of a help text, not wrapped: an example is there to be copied."""
    if examples:
        with formatter.section("Examples"):
            for example in examples:
                formatter.write(f"{'':>{formatter.current_indent}}{example}\n")


def declare(name: str, *examples: str, **settings: Any) -> Callable[[Callable[..., Any]], Command]:
    """Declare a command called `name` with these examples; the docstring is its help."""

    def made(function: Callable[..., Any]) -> Command:
        return click.command(name, cls=Command, examples=examples, **settings)(function)

    return made
