#!/usr/bin/env python3
"""`seal audit report`: one page that needs nothing else, in a real browser, narrow and wide, light
and dark; and a session that tries to break out of it.  test_report.py BUILD [ONLY]
SEAL_TEST_SHOTS=FOLDER keeps pictures."""
import json
import os
import re
import stat
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "run"))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from browser import Browser, missing  # noqa: E402
from project import Project, Rows, call, expect, text  # noqa: E402

BUILD = sys.argv[1]
SHOTS = os.environ.get("SEAL_TEST_SHOTS")
row = Rows()
RULES = """[capabilities.allow.read]
paths = [{ path = "src/**", files = ["*"] }]
[capabilities.allow.write]
paths = [{ path = "src/**", files = ["*"], prompt = true }]
[capabilities.allow.commands]
patterns = ["wc:*", "make:*", "printf:*"]
[capabilities.deny.commands]
patterns = ["curl:*"]
"""
STEPS = [call("file_read", path="src/a.c"), call("command_run", command="make test"),
         call("file_edit", path="src/a.c", edits=[{"old": "a - b", "new": "a + b"}]), call("file_write", path="src/b.c", text="int b;\n"),
         call("command_run", command="wc -l src/a.c"), call("command_run", command="curl -s https://collect.example.net"),
         call("web_fetch", url="https://docs.example.org/page"), call("file_read", path="src/none.c"), text("The sum adds now.\n\nOne thing was denied."),
         call("file_read", path="src/b.c"), text("There is nothing else.")]
# What a model, a file or a command may say that is not harmless in a page or on a terminal.
NASTY = ["<script>window.broken = 1</script>", "</script><script>window.broken = 2</script>", "<!--<script>", "<img src=x onerror='window.broken = 3'>",
         "]]></script>", "\u202eevil\u202c", "\u2066left\u2069", "\x1b[31mred\x1b]0;title\x07", "\u2028line\u2029", "{{constructor}}", "&lt;b&gt;", "'\"`${window.broken = 4}",
         "javascript:window.broken=5", "--></style><style>*{display:none}</style>"]


def report(p, name="report.html"):
    path = os.path.join(p.top, name)
    expect(p.seal("audit", "report", "latest", "-o", path), 0, "turns")
    return path


def session(p):
    p.write("src/a.c", "int add(int a, int b)\n{\n\treturn a - b;\n}\n")
    p.write("Makefile", "test:\n\t@echo 'FAIL: add(1, 2) is -1'; exit 3\n")
    expect(p.seal("run", "--prompts", "allow", "add() is wrong, please look"), 3)
    expect(p.seal("run", "--resume", "latest", "and now?"), 0)


def look(path, width, dark=False, shot=""):
    """Opens it; what every page must be."""
    browser = Browser(width, dark=dark)
    try:
        browser.open(path)
        assert not browser.complaints(), browser.complaints()
        wide = browser.run("return [document.documentElement.scrollWidth, innerWidth]")
        assert wide[0] <= wide[1] == width, wide
        if SHOTS and shot:
            browser.shot(os.path.join(SHOTS, f"{shot}-{width}{'-dark' if dark else ''}.png"), whole=True)
        return browser
    except BaseException:
        browser.__exit__()
        raise


@row("the page is the owner's file, loads nothing, and has the session in it")
def _():
    with Project(BUILD, STEPS, RULES) as p:
        session(p)
        path = report(p)
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
        page = open(path, encoding="utf-8").read()
        assert "default-src 'none'" in page and not re.search(r"(src|href)=[\"']?(https?:)?//", page)
        data = json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.S).group(1))
        assert len(data["turns"]) == 2 and data["turns"][0]["message"] == "add() is wrong, please look", data["turns"]
        assert p.seal("audit", "report", "latest", "-o", "-").stdout == page
        expect(p.seal("audit", "report", "latest"), 2, "-o report.html")


@row("in a browser: denials first, every call, filters, search, no complaint, no sideways scrolling")
def _():
    if missing():
        return missing()
    with Project(BUILD, STEPS, RULES) as p:
        session(p)
        path = report(p)
        for width in (400, 1400):
            for dark in (False, True):
                with look(path, width, dark, "report") as b:
                    first = b.run("return document.querySelector('main h2').textContent")
                    assert first.startswith("Denied"), first
                    visible = "return [...document.querySelectorAll('#timeline .call')].filter(n => !n.hidden).map(n => n.dataset.class)"
                    before = b.run(visible)
                    assert before.count("deny") >= 1 and before.count("ask") == 2 and "model" in before and "quiet" not in before, before
                    b.run("document.querySelector('[data-filter=deny]').click()")
                    assert set(b.run(visible)) == {"deny"}, b.run(visible)
                    assert b.run("return document.querySelector('[data-filter=deny]').getAttribute('aria-pressed')") == "true"
                    b.run("document.querySelector('[data-filter=ask]').click()")
                    assert sorted(set(b.run(visible))) == ["ask", "deny"], b.run(visible)
                    b.run("for (const n of ['deny', 'ask']) document.querySelector(`[data-filter=${n}]`).click()")
                    assert b.run(visible) == before
                    b.run("const i = document.querySelector('input[type=search]'); i.value = 'src/b.c'; i.dispatchEvent(new Event('input'))")
                    assert 2 <= len(b.run(visible)) < len(before), b.run(visible)
                    b.run("const i = document.querySelector('input[type=search]'); i.value = ''; i.dispatchEvent(new Event('input'))")
                    b.run("for (const n of document.querySelectorAll('details')) n.open = true")
                    # A <details> tells of its opening in a task of its own; so does a timer.
                    b.ask("POST", f"/session/{b.session}/execute/async", {"script": "setTimeout(arguments[0], 0)", "args": []})
                    wide = b.run("return [document.documentElement.scrollWidth, innerWidth]")
                    assert wide[0] <= wide[1], wide
                    assert not b.complaints()


@row("files have their diffs, commands their exit codes, hosts their outcome, turns their tokens")
def _():
    if missing():
        return missing()
    with Project(BUILD, STEPS, RULES) as p:
        session(p)
        with look(report(p), 1000) as b:
            files = b.run("return document.querySelector('#files').textContent")
            assert "src/a.c" in files and "+\treturn a + b;" in files and "-\treturn a - b;" in files, files
            commands = b.run("return [...document.querySelectorAll('#commands tr')].map(n => [...n.cells].map(c => c.textContent))")
            assert [c[:2] for c in commands] == [["make test", "exit 2"], ["wc -l src/a.c", "exit 0"], ["curl -s https://collect.example.net", "denied"]], commands
            hosts = b.run("return document.querySelector('#hosts').textContent")
            assert "docs.example.org" in hosts and "denied" in hosts, hosts
            turns = b.run("return [...document.querySelectorAll('tbody tr')].filter(n => n.querySelector('.meter')).map(n => [...n.cells].map(c => c.textContent))")
            assert len(turns) == 2 and turns[0][2] == "9" and turns[0][3] == "90" and turns[1][2] == "2" and turns[0][5].startswith("$"), turns


@row("nothing that a model, a file or a command says becomes markup, script or invisible")
def _():
    steps = [call("command_run", command="printf '%s' '" + bad.replace("'", "") + "'") for bad in NASTY]
    steps += [call("file_write", path="src/" + bad.replace("/", "") + ".c", text=bad) for bad in NASTY if "\x1b" not in bad and "\u2028" not in bad]
    steps += [call("file_read", path="src/nasty.txt"), text("\n".join(NASTY))]
    with Project(BUILD, steps, RULES) as p:
        p.write("src/nasty.txt", "\n".join(NASTY))
        done = p.seal("run", "--prompts", "allow", "\n".join(NASTY))
        assert done.returncode in (0, 3), done
        path = report(p)
        page = open(path, encoding="utf-8").read()
        assert page.count("<script") == 2 and page.count("</script") == 2 and page.count("<style") == 1, "markup in the data"
        if missing():
            return missing()
        for width in (400, 1400):
            with look(path, width, shot="nasty") as b:
                b.run("for (const n of document.querySelectorAll('details')) n.open = true")
                b.ask("POST", f"/session/{b.session}/execute/async", {"script": "setTimeout(arguments[0], 0)", "args": []})
                assert b.run("return window.broken") is None
                assert b.run("return document.querySelectorAll('script, img, iframe, style, a').length") == 3
                shown = b.run("return document.body.innerText")
                assert "<script>window.broken = 1</script>" in shown
                assert "\u202e" not in shown and "\u2066" not in shown and "\x1b" not in shown and "\\u{202e}evil" in shown
                assert "\u202e" not in b.run("return document.title + [...document.querySelectorAll('[title]')].map(n => n.title).join()")
                wide = b.run("return [document.documentElement.scrollWidth, innerWidth]")
                assert wide[0] <= wide[1], wide
                assert not b.complaints(), b.complaints()


row.main()
