"""A page taken apart as a browser would: what it loads and runs, its headings, tables and text."""

from __future__ import annotations

from html.parser import HTMLParser

VOID = {"meta", "input", "br", "link", "img", "hr"}


class Page(HTMLParser):
    """Everything of a page that tests look at; `troubles` is what must not be there."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.levels: list[int] = []
        self.ids: list[str] = []
        self.targets: list[str] = []
        self.troubles: list[str] = []
        self.policy = ""
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(source)
        self.close()
        self.troubles += [f"<{tag}> is never closed" for tag in self._open]

    @property
    def text(self) -> str:
        """All text that is not style, on one line."""
        return " ".join("".join(self.words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag, and what it would load or run."""
        self.tags.append(tag)
        if tag not in VOID:
            self._open.append(tag)
        if tag[0] == "h" and tag[1:].isdigit():
            self.levels.append(int(tag[1:]))
        if tag in {"script", "iframe", "object", "embed", "link", "base", "form", "img"}:
            self.troubles.append(f"<{tag}>")
        found = dict(attrs)
        if found.get("http-equiv") == "Content-Security-Policy":
            self.policy = found["content"] or ""
        if tag == "th" and "scope" not in found:
            self.troubles.append("<th> without scope")
        for name, value in attrs:
            self._attribute(name, value or "")

    def _attribute(self, name: str, value: str) -> None:
        if name.startswith("on") or name in {"src", "srcset", "style", "action", "formaction", "xlink:href"}:
            self.troubles.append(name)
        if name == "href":
            self.targets.append(value)
        if name == "id":
            self.ids.append(value)

    def handle_endtag(self, tag: str) -> None:
        """Note a tag that closes nothing."""
        if not self._open or self._open.pop() != tag:
            self.troubles.append(f"</{tag}> closes nothing")

    def handle_data(self, data: str) -> None:
        """Note text; in a style, what it would load."""
        if self._open and self._open[-1] == "style":
            if "url(" in data or "@import" in data or "http" in data:
                self.troubles.append("the style loads something")
            return
        self.words.append(data)

    def handle_comment(self, data: str) -> None:
        """Note a comment: the page has none."""
        self.troubles.append(f"comment {data[:20]!r}")
