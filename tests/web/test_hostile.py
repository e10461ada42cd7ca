"""What a model says, what things are called: nothing of it runs, loads or leads astray."""

from __future__ import annotations

from playwright.sync_api import expect

from web.site import Person

MARK = "window.hacked"
TEXTS = [
    f"<script>{MARK}=1</script>",
    f"<img src=x onerror={MARK}=1>",
    f'<img src="x" onerror="{MARK}=1" style="position:fixed;inset:0">',
    f"<svg onload={MARK}=1><animate onbegin={MARK}=1 attributeName=x></svg>",
    f"<iframe srcdoc='<script>parent.hacked=1</script>'></iframe><object data='javascript:{MARK}=1'></object>",
    f"<details open ontoggle={MARK}=1><summary>x</summary></details><video><source onerror={MARK}=1></video>",
    "<style>body{display:none}</style><link rel=stylesheet href=https://evil.example/x.css><base href=https://evil.example>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'><form action=https://evil.example><button>go</button></form>",
    f"[a](javascript:{MARK}=1) [b](JaVaScRiPt:{MARK}=1) [c](data:text/html,<script>{MARK}=1</script>) [d](vbscript:x)",
    f"[e](&#106;avascript:{MARK}=1) [f](java&Tab;script:{MARK}=1) <javascript:{MARK}=1> [g]( javascript:{MARK}=1)",
    f"![x](javascript:{MARK}=1) ![y](https://evil.example/pixel.png) ![z](data:image/svg+xml,<svg/onload={MARK}=1>)",
    f"[ref]: javascript:{MARK}=1\n\n[ref] and [^1]\n\n[^1]: <img src=x onerror={MARK}=1>",
    f'```"><img src=x onerror={MARK}=1>\n</code></pre><script>{MARK}=1</script>\n```',
    f"`</code><script>{MARK}=1</script>` | a |\n|---|\n| <img src=x onerror={MARK}=1> |",
    f"<!-- --!><script>{MARK}=1</script> --><![CDATA[<script>{MARK}=1</script>]]><?php {MARK} ?>",
    f"<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror={MARK}=1&gt;'>",
    f"<noscript><p title='</noscript><img src=x onerror={MARK}=1>'>",
    "# <h1 id=root>clobber</h1>\n\n<form name=getElementById><input name=body></form>",
    f"{{{{constructor.constructor('{MARK}=1')()}}}} ${{{MARK}=1}} <%= {MARK} %>",
    "\u202eevil\u202c \u2066x\u2069 \u0000\ufeff".replace("\0", "") + "a\u0301" * 50,
    f"$\\href{{javascript:{MARK}=1}}{{x}}$ and $\\url{{javascript:{MARK}=1}}$",
    "\\(\\includegraphics{https://evil.example/x.png}\\)",
    f"$$\\htmlStyle{{background:url(https://evil.example/x)}}{{x}}\\htmlData{{onclick={MARK}=1}}{{y}}$$",
    f"$$\\text{{<img src=x onerror={MARK}=1>}}$$ and $<img src=x onerror={MARK}=1>$",
    "$$" + "\\def\\a{\\b\\b}\\def\\b{\\c\\c}\\def\\c{\\a\\a}\\a" + "$$",
    "$$" + "\\frac{" * 500 + "$$" + "\\[" * 2000,
    "[https://bank.example](https://evil.example/login)",
    "> " * 200 + "deep",
    "*" * 5000,
    "[" * 2000,
]


def test_nothing_that_a_model_says_runs_or_loads(person: Person) -> None:
    asked: list[str] = []
    person.page.on("request", lambda request: asked.append(request.url))
    person.arrive()
    for text in TEXTS:
        person.ask(text)
        for link in person.answer.get_by_role("link").all():
            assert (link.get_attribute("href") or "").startswith(("https://", "http://", "mailto:")), text
            assert "noopener" in (link.get_attribute("rel") or ""), text
            assert link.get_attribute("target") == "_blank", text

        assert person.page.evaluate("window.hacked") is None, text
        made = "img, iframe, script, style, form, object, video, [onerror]"
        assert person.answer.locator(made).count() == 0, text
        assert person.errors == [], text
        assert person.violations() == [], text
    assert [url for url in asked if not url.startswith((person.url, "data:", "blob:"))] == []


def test_titles_names_and_instructions_are_text_as_well(person: Person) -> None:
    text = f"<img src=x onerror={MARK}=1>"
    person.arrive().attach(f"{text}.png", "image/png", b"\x89PNG\r\n\x1a\n")
    expect(person.button(f"Remove {text}.png")).to_be_visible()
    person.ask("with a strange name")
    person.act_on("with a strange name", "Rename")
    person.page.get_by_role("textbox", name="Title").fill(text)
    person.button("Save").click()
    expect(person.conversation(text).filter(has_text=text).first).to_be_visible()
    person.page.reload()
    expect(person.messages.first).to_contain_text(text)

    assert person.page.evaluate("window.hacked") is None


def test_a_link_says_where_it_goes_when_its_text_says_something_else(person: Person) -> None:
    person.arrive().ask("[https://bank.example](https://evil.example/login) and https://plain.example/")
    links = person.answer.get_by_role("link")
    expect(links.first).to_have_text("https://bank.example (evil.example)")
    expect(links.first).to_have_attribute("title", "Opens https://evil.example/login in a new tab")
    expect(links.last).to_have_text("https://plain.example/")
