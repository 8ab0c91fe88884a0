"""What the documents show is run, and what they point to is there.

Every ```python block of a page is run, in order, in one namespace and in an empty folder; one with `>>>` is a doctest.
What a page needs first and a reader need not see stands in the page as a comment:

    <!-- setup
    from pathlib import Path
    -->

A ```py block needs `spark`, a session: a page that has one is run once more, with those blocks too, and with the
comments `<!-- setup on Spark`.
"""

import doctest
import re
import uuid
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
PIECE = re.compile(
    r"^<!-- setup(?P<on_spark> on Spark)?\n(?P<setup>.*?)^-->$|^```(?P<language>python|py)\n(?P<code>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
FENCED = re.compile(r"^```.*?^```$|`[^`\n]*`", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")


def each(pages):
    return pytest.mark.parametrize("page", pages, ids=lambda page: str(page.relative_to(ROOT)))


def pieces(page):
    """The pieces of a page, in order: whether it needs Spark, its first line, its code."""
    text = page.read_text(encoding="utf-8")
    for piece in PIECE.finditer(text):
        needs_spark = bool(piece["on_spark"]) or piece["language"] == "py"
        yield needs_spark, text.count("\n", 0, piece.start()) + 1, piece["setup"] or piece["code"]


def run(page, names, *, on_spark):
    """Run a page in a namespace."""
    for needs_spark, line, code in pieces(page):
        if needs_spark and not on_spark:
            continue
        if code.startswith(">>>"):
            shown = doctest.DocTestParser().get_doctest(code, names, page.name, str(page), line)
            outcome = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
            assert outcome.run(shown, clear_globs=False).failed == 0
            names |= shown.globs
        else:
            exec(compile("\n" * line + code, page, "exec"), names)


@each([page for page in PAGES if any(not needs_spark for needs_spark, *_ in pieces(page))])
def test_examples_run(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run(page, {"__name__": "__main__"}, on_spark=False)


@pytest.mark.spark
@each([page for page in PAGES if any(needs_spark for needs_spark, *_ in pieces(page))])
def test_examples_run_on_spark(page, spark, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    tables = f"test_{uuid.uuid4().hex}"
    spark.sql(f"CREATE DATABASE {tables} LOCATION 'file://{tmp_path}/warehouse'")
    spark.catalog.setCurrentDatabase(tables)
    try:
        run(page, {"__name__": "__main__", "spark": spark}, on_spark=True)
    finally:
        spark.catalog.setCurrentDatabase("default")
        spark.sql(f"DROP DATABASE {tables} CASCADE")


@each(PAGES)
def test_links_lead_somewhere(page):
    prose = FENCED.sub("", page.read_text(encoding="utf-8"))
    assert [link for link in LINK.findall(prose) if not (page.parent / link).exists()] == []
