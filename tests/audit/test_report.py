"""What the page says: counts, risks, what it leaves out, what changed; and what it hides when asked to."""

import html
import json
import re
import stat

import polars as pl
import pytest

import idgraph as ig
from idgraph.audit.report.shown import Shown
from idgraph.errors import ConfigError, OutputError


@pytest.fixture
def page(tmp_path):
    return tmp_path / "page.html"


def text(path):
    """What a reader sees, without marks; the search's data too."""
    marked = html.unescape(re.sub(r"<[^>]*>", " ", path.read_text("utf-8")))
    return marked + json.dumps(entities(path), ensure_ascii=False)


def entities(path):
    return json.loads(re.search(r'id="data">(.*?)</script>', path.read_text("utf-8"), re.DOTALL)[1])


def people(**attributes):
    """A graph of contacts that share nothing."""
    number = len(next(iter(attributes.values()), []))
    ids = [f"crm:{place}" for place in range(number)]
    return ig.Graph.from_frames(
        records=pl.DataFrame(
            {"record_id": ids, "kind": ["contact"] * number, **attributes},
            schema_overrides={"record_id": pl.String, "kind": pl.String},
        )
    )


def test_it_counts_what_there_is(graph, page):
    said = text(graph.report(page))
    for number in (graph.records.height, graph.profiles.height, graph.accounts.height, graph.suppressed.height):
        assert f"{number:,}" in said
    assert "This page shows personal data." in said


def test_the_same_graph_gives_the_same_page(graph, page):
    once = graph.report(page).read_bytes()
    assert graph.report(page).read_bytes() == once


def test_risks_stand_before_all_else(graph, page):
    order = re.findall(r'<section aria-labelledby="(\w+)-title"', graph.report(page).read_text())
    assert order[:3] == ["summary", "risks", "search"]
    said = text(page)
    waiting = graph.summary()["review"]
    assert f"{waiting:,} pairs wait for a person to decide." in said


def test_one_giant_is_a_grave_risk(page):
    ids = [f"web:{number}" for number in range(60)]
    records = pl.DataFrame({"record_id": ids, "kind": "visitor"})
    held = pl.DataFrame({"record_id": ids, "type": "device", "value": "kiosk", "weight": 9.0})
    said = text(ig.Graph.from_frames(records=records, identifiers=held).report(page))
    assert re.search(r"Look first:\s+1 profile has more than 50 records; the largest has 60\.", said)


def test_a_source_that_joins_nothing_is_a_grave_risk(page):
    said = text(people(name=["Ana", "Bo"]).report(page))
    assert "0% share a profile with another record." in said


def test_evidence_that_fell_by_half_is_a_grave_risk(graph, page):
    said = text(graph.without(rule="device").report(page, previous=graph))
    used = graph.identifiers.filter(pl.col("state").cast(str) == "used", pl.col("type").cast(str) == "device").height
    assert re.search(
        rf"Look first:\s+There are 0 identifiers by device; in the earlier result there were {used:,}\.", said
    )


def test_owners_in_a_circle_are_a_risk_and_listed(page):
    rows = pl.DataFrame({"id": ["a@x.io", "b"], "parent": ["b", "a@x.io"]})
    crm = ig.Source("crm", kind="crm_account", data=rows, id="id", owned_by={"crm.id": "parent"})
    said = text(ig.resolve(crm).report(page, redact=True))
    assert "2 accounts are in a circle of owners, or owned by one, so that nobody is at the top." in said
    assert "Owners in a circle" in said
    assert said.partition("Who owns whom")[2].count("crm:a…@x.io") >= 2


def test_what_is_most_interesting_can_be_searched(graph, page):
    held = {entity["id"]: entity for entity in entities(graph.report(page))}
    largest = graph.profiles.sort("records", "entity_id", descending=[True, False]).row(0, named=True)
    weakest = graph.profiles.sort("weakest_weight", "entity_id", nulls_last=True)["entity_id"][0]
    asked = graph.review(1)["left_entity"][0]
    assert "among the largest" in held[largest["entity_id"]]["why"]
    assert "weakest evidence" in held[weakest]["why"]
    assert "in the review queue" in held[asked]["why"]
    assert held[largest["entity_id"]]["records"] == largest["records"]
    assert set(held) <= {*graph.profiles["entity_id"], *graph.accounts["entity_id"]}


def test_it_samples_and_says_so(page):
    graph = people(name=[f"Person {number}" for number in range(2_000)])
    held = entities(graph.report(page))
    assert 0 < len(held) < 1_000
    assert f"{len(held):,} of 2,000 profiles and accounts are on this page" in text(page)


def test_long_lists_say_how_many_rows_are_left_out(page):
    ids = [f"crm:{number}" for number in range(90)]
    records = pl.DataFrame({"record_id": ids, "kind": "contact"})
    values = pl.DataFrame(
        {
            "type": "email",
            "value": [f"info@{n}.io" for n in range(90)],
            "reason": "role_mailbox",
            "records": 2,
            "entities": 2,
            "examples": [["crm:0"]] * 90,
        }
    )
    graph = ig.Graph.from_frames(records=records)
    shown = ig.Graph(
        {**graph._frames, "suppressed": graph._engine.lazy(values)}, graph.config, graph._engine, graph.run
    )
    said = text(shown.report(page))
    assert "40 more rows are not shown." in said


def test_redacted_it_holds_no_value(graph, page):
    said = text(graph.report(page, redact=True))
    assert "Personal values are shortened." in said
    used = graph.identifiers.filter(pl.col("type").cast(str).is_in(["email", "phone", "device"]))
    values = {value for column in ("value", "raw") for value in used[column].drop_nulls() if len(value) > 6}
    names = {
        f'"{name}"'
        for column in ("full_name", "name", "legal_name", "company_name")
        for name in graph.records[column].drop_nulls()
        if len(name) > 6
    }
    natives = set(graph.records.filter(pl.col("native_id").str.len_chars() > 8)["native_id"])
    assert [value for value in values | names | natives if value in said] == []
    assert graph.profiles["entity_id"].sort()[0] in said


def test_a_redacted_page_of_changes_holds_no_value(graph, page):
    after = graph.without(rule="device")
    said = text(after.report(page, previous=graph, redact=True))
    assert "What changed" in said
    long = graph.identifiers.filter(pl.col("value").str.len_chars() > 8, pl.col("type").cast(str) != "domain")
    values = set(long["value"])
    assert [value for value in values if value in said] == []


@pytest.mark.parametrize(
    ("cause", "shown"),
    [
        ("email ana@acme.io", "email a…@acme.io"),
        ("cut by several_ids: phone +14155550123", "cut by several_ids: phone +1…23"),
        ("source_merge", "source_merge"),
        ("evidence withdrawn", "evidence withdrawn"),
        ("into prf_0123456789abcdef", "into prf_0123456789abcdef"),
        (None, ""),
    ],
)
def test_causes(cause, shown):
    assert Shown(redact=True).cause(cause) == shown
    assert Shown(redact=False).cause(cause) == (cause or "")


def test_what_changed_since_an_earlier_result(graph, page):
    assert "What changed" not in text(graph.report(page))
    after = graph.without(rule="device")
    said = text(after.report(page, previous=graph))
    assert "Entities since the run before" in said
    assert "identifiers by device" in said
    assert "of them with another id" in said
    apart = after.changes.filter(pl.col("change").cast(str) == "split")
    assert apart["entity_id"].sort()[0] in said


def test_an_earlier_result_that_is_the_same(graph, page):
    said = text(graph.report(page, previous=graph))
    assert re.search(r"Counts that differ.*?none", said, re.DOTALL)
    assert re.search(r"of them with another id\s+0\b", said)


def test_a_board_is_shown_where_one_is_given(graph, page):
    assert "Product-qualified leads" not in text(graph.report(page))
    account = graph.accounts["entity_id"][0]
    board = pl.DataFrame({"account": [account], "score": [12.5], "reasons": [["3 users", "ana@acme.io"]]})
    said = text(graph.report(page, board=board))
    assert "Product-qualified leads" in said
    assert "12.5" in said
    assert "3 users, ana@acme.io" in said
    redacted = text(graph.report(page, board=board, redact=True))
    assert account in redacted
    assert "ana@acme.io" not in redacted


def test_how_right_it_is_is_shown_where_a_truth_is_known(graph, page):
    assert "How right" not in text(graph.report(page))
    first = graph.profiles.filter(pl.col("records") > 1)["entity_id"][0]
    ids = graph.profile(first)["record_ids"]
    found = graph.evaluate(pl.DataFrame({"record_id": [*ids, "elsewhere:1"], "entity_id": [*ids, "x"]}))
    said = " ".join(text(graph.report(page, evaluation=found, redact=True)).split())
    assert "How right" in said
    assert f"{len(ids)} records, precision 0.0000, recall 1.0000" in said
    assert "the graph has not 1 more of the truth" in said
    assert "Errors by cause" in said
    with pytest.raises(ConfigError, match=r"evaluation='truth\.csv' cannot be used: it takes what graph\.evaluate"):
        graph.report(page, evaluation="truth.csv")


def test_the_graph_as_of_a_time_says_so(graph, page):
    assert "It is what was known at 2026-01-01T00:00:00+00:00." in text(graph.as_of("2026-01-01").report(page))


def test_an_empty_graph_has_a_page(page):
    assert "Nothing stands out." in text(people(name=[]).report(page))


def test_a_book_in_a_cell_does_not_make_the_page_one(page):
    wide = {f"note_{number}": ["x" * 100_000] for number in range(40)}
    board = pl.DataFrame({"reasons": [["y" * 100_000] * 3]})
    path = people(name=["z" * 100_000], **wide).report(page, board=board)
    assert path.stat().st_size < 60_000
    assert "z" * 200 + "…" in text(path)


def test_values_stay_inside_the_data(page):
    path = people(name=["</script><script>alert(1)</script>", "<!--<script>"]).report(page)
    source = path.read_text()
    assert source.count("<script") == 2
    assert source.count("</script>") == 2
    assert entities(path)[0]["name"] in {"</script><script>alert(1)</script>", "<!--<script>"}


def test_it_names_no_address_to_load_from(graph, page):
    source = graph.report(page).read_text()
    assert "default-src &#39;none&#39;" in source
    assert re.findall(r"""(?:src|href)\s*=\s*(?!"#)""", source) == []
    assert "url(" not in source


def test_only_its_owner_may_read_it(graph, page):
    assert stat.S_IMODE(graph.report(page).stat().st_mode) == 0o600
    assert [path.name for path in page.parent.iterdir()] == ["page.html"]


def test_a_file_of_somebody_else_is_left_alone(graph, tmp_path):
    notes = tmp_path / "notes.html"
    notes.write_text("<p>mine</p>")
    with pytest.raises(OutputError, match="no page that idgraph wrote"):
        graph.report(notes)
    with pytest.raises(OutputError, match="no page that idgraph wrote"):
        graph.report(tmp_path)
    assert notes.read_text() == "<p>mine</p>"


def test_an_address_elsewhere_is_refused(graph):
    with pytest.raises(OutputError, match="no folder of this machine"):
        graph.report("s3://bucket/page.html")
