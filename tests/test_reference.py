"""The reference pages say what the code says: frames, types, reasons, commands, keys; and anchors lead somewhere."""

import re
import tomllib
from inspect import ismodule
from pathlib import Path

import pytest
import typer
from pydantic import TypeAdapter

import idgraph as ig
from idgraph.cli import app
from idgraph.config import DEFAULT_TYPES, Config, IdentifierType
from idgraph.linkage.guards import OWN_DOMAIN, STATE_REASONS
from idgraph.linkage.rules import NAMED_LINKS
from idgraph.schema import COUNT, FLAG, FRAMES, NUMBER, TEXT, TEXTS, TIME, WORD
from idgraph.sources.project import Project
from idgraph.sources.systems import PRESETS
from idgraph.sources.table import KindBy, Source, ValueIf

DOCS = Path(__file__).resolve().parents[1] / "docs"
PAGES = [DOCS.parent / "README.md", *sorted(DOCS.rglob("*.md"))]
DTYPES = {"text": TEXT, "word": WORD, "time": TIME, "count": COUNT, "number": NUMBER, "flag": FLAG, "texts": TEXTS}

each_page = pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(DOCS.parent)))


def page(name):
    return (DOCS / name).read_text(encoding="utf-8")


def section(text, title):
    """What stands under a heading, up to the next one of its rank or a higher one."""
    found = re.search(rf"^(#+) {re.escape(title)}$\n(.*?)(?=^#{{1,6}} |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, f"there is no section {title!r}"
    return found[2]


def rows(text):
    """The cells of all rows of tables, heads left out, without code marks."""
    found = [
        [cell.strip().replace("`", "") for cell in re.split(r"(?<!\\)\|", line.strip("| \n"))]
        for line in text.splitlines()
        if line.startswith("|")
    ]
    rules = {place for place, cells in enumerate(found) if set("".join(cells)) <= set("-: ")}
    return [cells for place, cells in enumerate(found) if place not in rules and place + 1 not in rules]


@pytest.mark.parametrize("frame", FRAMES)
def test_columns_of_a_frame(frame):
    said = [(name, DTYPES[dtype]) for name, dtype, _ in rows(section(page("frames.md"), frame))]
    assert said == list(FRAMES[frame].columns.items())


def test_no_other_frames_are_described():
    others = {"Attributes and contact points", "The crosswalk"}
    assert set(re.findall(r"^## (.*)$", page("frames.md"), re.MULTILINE)) - others == set(FRAMES)


def number(value):
    return "–" if value is None else f"{value:g}"


def test_types_of_identifiers():
    said = [cells for cells in rows(section(page("rules-and-guards.md"), "Types of identifiers")) if len(cells) == 7]
    described = [
        [t.name, t.level, t.trust, number(t.weight), number(t.limit), number(t.agreement), t.normaliser]
        for t in DEFAULT_TYPES
    ]
    assert sorted(said) == sorted(described)


def test_every_reason():
    text = page("rules-and-guards.md")
    assert [reason for reason, _ in rows(section(text, "Reasons"))] == list(STATE_REASONS)
    tables = [*rows(section(text, "Guards")), *rows(section(text, "Constraints"))]
    named = {word.strip() for cells in tables for word in cells[2].split(",")}
    asked_for = {"left_out", "different", "unsure", "contradiction"}  # by somebody, not by a guard or a constraint
    compared = {"compared_apart", "names_differ", "related", "rivals"}
    assert named | asked_for | compared | {OWN_DOMAIN} == set(STATE_REASONS)


def test_every_named_link():
    said = {cells[0] for cells in rows(section(page("rules-and-guards.md"), "Rules"))}
    assert set(NAMED_LINKS) <= said


def test_every_known_table():
    said = [cells[0] for cells in rows(section(page("how-to/your-own-exports.md"), "See what is recognised"))]
    assert sorted(said) == sorted(preset.source for preset in PRESETS)


@pytest.mark.parametrize(
    ("title", "model", "place"),
    [
        ("Keys of a source", Source, 0),
        ("Keys of `config`", Config, 0),
        ("Keys of `config`", IdentifierType, 1),
        ("Kinds by row", KindBy, 0),
        ("Identifiers by row", ValueIf, 0),
    ],
    ids=["Source", "Config", "IdentifierType", "KindBy", "ValueIf"],
)
def test_every_key_of_the_project_file(title, model, place):
    text = section(page("how-to/your-own-exports.md"), title)
    tables = [table for table in re.split(r"\n(?!\|)", text) if "|" in table]
    said = [cells[0] for cells in rows(tables[place])]
    assert sorted(said) == sorted(TypeAdapter(model).json_schema()["properties"])


@each_page
def test_toml_can_be_used(path):
    for text in re.findall(r"^```toml\n(.*?)^```$", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL):
        Project.model_validate(tomllib.loads(text))


def test_toml_that_is_shown_is_the_one_that_is_run():
    text = page("how-to/your-own-exports.md")
    shown = re.search(r"^```toml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)[1]
    assert f'"""{shown}"""' in text


def commands():
    group = typer.main.get_command(app)
    return {"idgraph": group, **{f"idgraph {name}": command for name, command in group.commands.items()}}


@pytest.mark.parametrize("name", commands())
def test_every_command_and_option(name):
    text = page("command-line.md")
    said = {word.strip() for cells in rows(section(text, name)) for word in cells[0].split(",")}
    parameters = commands()[name].params
    options = {option for parameter in parameters for option in parameter.opts if option.startswith("--")}
    arguments = {parameter.name.upper() for parameter in parameters if not parameter.opts[0].startswith("--")}
    assert said - {"--help"} == (options | arguments) - {"--help"}


def test_no_other_commands_are_described():
    assert re.findall(r"^## (.*)$", page("command-line.md"), re.MULTILINE) == list(commands())


def test_every_decision_is_listed():
    listed = set(re.findall(r"\((\d{4}-[a-z0-9-]+\.md)\)", page("decisions/README.md")))
    written = {path.name for path in (DOCS / "decisions").glob("[0-9]*.md")}
    assert listed == written


def anchors(text):
    """The anchors that headings make, as GitHub and most makers of pages do it."""
    heads = re.findall(r"^#+ (.*)$", re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@each_page
def test_anchors_lead_somewhere(path):
    text = path.read_text(encoding="utf-8")
    wrong = [
        f"{target}#{anchor}"
        for target, anchor in re.findall(r"\]\((?!https?:)([^)#\s]*)#([^)\s]+)\)", text)
        if anchor not in anchors((path.parent / target).read_text(encoding="utf-8") if target else text)
    ]
    assert wrong == []


def test_the_site_and_the_index_lead_to_every_page():
    site = (DOCS.parent / "mkdocs.yml").read_text(encoding="utf-8")
    decisions = [path for path in DOCS.rglob("*.md") if path.parent.name == "decisions" and path.name != "README.md"]
    pages = {str(path.relative_to(DOCS)) for path in DOCS.rglob("*.md") if path not in decisions} - {"index.md"}
    notebooks = {f"examples/{path.name}" for path in (DOCS.parent / "examples").glob("*.ipynb")}
    assert not {name for name in pages if f"docs/{name}\n" not in site}
    assert not {name for name in pages if f"]({name})" not in page("index.md")}
    assert not {name for name in notebooks if f"{name}\n" not in site}


def test_the_api_page_holds_every_public_name():
    named = re.findall(r"^::: idgraph(?:[.][a-z_]+)*[.]([A-Za-z_]+)$", page("api.md"), re.MULTILINE)
    public = {name for name in ig.__all__ if not name.startswith("__") and not ismodule(getattr(ig, name))}
    assert public <= {*named}
    assert {*ig.pql.__all__} <= {*named}
