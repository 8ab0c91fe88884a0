"""What the documents show is run, and what they point to is there.

Every ```python block of a page is run, in order, in one namespace and in an empty folder; one with `>>>` is a doctest.
What a page needs first and a reader need not see stands in the page as a comment:

    <!-- setup
    from pathlib import Path
    -->
"""

import doctest
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
PIECE = re.compile(r"^<!-- setup\n(?P<setup>.*?)^-->$|^```python\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)
FENCED = re.compile(r"^```.*?^```$|`[^`\n]*`", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")


def each(pages):
    return pytest.mark.parametrize("page", pages, ids=lambda page: str(page.relative_to(ROOT)))


@each([page for page in PAGES if PIECE.search(page.read_text(encoding="utf-8"))])
def test_examples_run(page, tmp_path, monkeypatch):
    text = page.read_text(encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "__main__"}
    for piece in PIECE.finditer(text):
        code = piece["setup"] or piece["code"]
        line = text.count("\n", 0, piece.start()) + 1
        if code.startswith(">>>"):
            shown = doctest.DocTestParser().get_doctest(code, names, page.name, str(page), line)
            outcome = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
            assert outcome.run(shown, clear_globs=False).failed == 0
            names |= shown.globs
        else:
            exec(compile("\n" * line + code, page, "exec"), names)


@each(PAGES)
def test_links_lead_somewhere(page):
    prose = FENCED.sub("", page.read_text(encoding="utf-8"))
    assert [link for link in LINK.findall(prose) if not (page.parent / link).exists()] == []
