"""Keeps the live view within the terminal: what is too tall loses its middle, never its limits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text


class Fitted:
    """A picture above and meters below; where lines are too many, those after the headline go first.

    What goes on stands at the end of the picture, so the end is kept.
    """

    def __init__(self, picture: RenderableType, meters: Sequence[str], style: str, *, whole: bool) -> None:
        self._picture, self._meters, self._style, self._whole = picture, meters, style, whole

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterable[RenderableType]:
        """Draw as much as the terminal's height holds."""
        width = options.max_width
        meters = [Text(line, self._style, no_wrap=True, overflow="ellipsis") for line in self._folded(width)]
        lines = console.render_lines(self._picture, options.update(height=None), pad=False)
        room = max(3, console.height - len(meters) - 1)
        if not self._whole and len(lines) > room:
            left_out = len(lines) - (room - 1)
            told = Segment(f"… {left_out} more lines"[:width], console.get_style("dim"))
            lines = [lines[0], [told], *lines[len(lines) - room + 2 :]]
        yield _Lines(lines)
        yield from meters

    def _folded(self, width: int) -> list[str]:
        folded: list[str] = []
        for meter in self._meters:
            line = f"{folded[-1]}  {meter}" if folded else meter
            if folded and cell_len(line) <= width:
                folded[-1] = line
            else:
                folded.append(meter)
        return folded


class _Lines:
    """Lines that are drawn already."""

    def __init__(self, lines: Sequence[Sequence[Segment]]) -> None:
        self._lines = lines

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterable[Segment]:
        for line in self._lines:
            yield from line
            yield Segment.line()
