"""Markdown to render in tests: an answer with everything, generated texts, and ways to cut them."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import strategies as st

ANSWER = """# Title of the answer

Some **bold** and *italic* text with `code`, a [link](https://example.com/a) and a tail of words that wraps at the edge.
Second line of the paragraph.

Setext heading
--------------

- one
- two with **bold
  and more**

  second paragraph
  - nested a
  - nested b
- three

1. first
2. second:
   ```python
   def f(x):
       return x + 1  # long comment that does not fit into a narrow screen at all
   ```
10. tenth

| Name | Value | 说明 |
|:-----|------:|:----:|
| alpha | 1 | 中文 |
| beta | 22222 | `x` |

> quoted text
>
> - item

~~~python
def hello(name: str) -> None:
    '''doc
    string'''
```
    print(f"hi {name}")

~~~

***

Done 👍 & <b>html</b> ![img](http://x/y.png) https://bare.url/x_y.
"""

FRAGMENTS = [
    *(
        "word ",
        "**",
        "*",
        "_",
        "`",
        "``",
        "~~",
        "[x](http://u.v/w_z)",
        "[x",
        "](",
        "![a](b)",
        "<http://a.b>",
        "&lt;",
        "\\",
    ),
    *("\n", "\n\n", "- ", "  - ", "1. ", "2) ", "> ", "# ", "---\n", "===\n", "***\n", "    ", "\t"),
    *("```\n", "```py\n", "~~~\n", "def f(x):\n", '"""', "# c\n", "/* ", "*/"),
    *("| a | b |\n", "|---|--:|\n", "a | b", "中文", "。", "👍", "é", "snake_case ", "2 * 3 ", "(", ")", "!"),
    *("longword" * 6, "x " * 40, "x " * 130, "中" * 60),
]

texts = st.lists(st.sampled_from(FRAGMENTS), min_size=1, max_size=25).map("".join)

SIZES = [(80, 24), (200, 60), (20, 10)]


@st.composite
def chunkings(draw: st.DrawFn, text: str) -> list[str]:
    """`text` in pieces."""
    cuts = draw(st.lists(st.integers(0, len(text)), max_size=25))
    edges = [0, *sorted(cuts), len(text)]
    return [text[a:b] for a, b in pairwise(edges)]
