"""How things look: with colour, by the 16 colours of the person's own theme; without, by the marks of Markdown."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Look:
    """Glyphs, and SGR parameters for each kind of text.

    `marks`: Markdown's own marks (`**`, fences) are kept, since nothing else tells what they tell.
    """

    marks: bool
    bar: str
    rule: str
    bullet: str | None
    styles: dict[str, str]

    def style(self, outer: str, kind: str) -> str:
        """The parameters of `kind` inside text that has those of `outer`."""
        own = self.styles.get(kind, "")
        return f"{outer};{own}" if outer and own else outer or own


COLOR = Look(
    marks=False,
    bar="│ ",
    rule="─",
    bullet="•",
    styles={
        "h1": "1;4;35",
        "h2": "1;35",
        "h3": "1;35",
        "h4": "35",
        "h5": "35",
        "h6": "35",
        "strong": "1",
        "em": "3",
        "s": "9",
        "code": "36",
        "url": "4;34",
        "bar": "2",
        "rule": "2",
        "bullet": "33",
        "th": "1",
    },
)
PLAIN = Look(marks=True, bar="> ", rule="-", bullet=None, styles={})
