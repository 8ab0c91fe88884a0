"""The summary: what it counts of pairs that wait for a person, of what is known only by reference, and of circles."""

from __future__ import annotations

import polars as pl

import idgraph as ig

IDS = ["app:1", "app:2", "crm:1", "crm:2"]
PEOPLE = pl.DataFrame({"record_id": IDS, "kind": ["user", "user", "contact", "contact"]})


def waiting(*links: tuple[str, str, str, str, str]) -> int:
    names = ("left_id", "right_id", "rule", "evidence", "state")
    rows = pl.DataFrame(links, names, orient="row").with_columns(level=pl.lit("person"), weight=pl.lit(10.0))
    found: int = ig.Graph.from_frames(records=PEOPLE, links=rows).summary()["review"]
    return found


def test_a_pair_waits_once_however_many_links_do():
    one, two = ("app:1", "crm:1", "similar", "a", "review"), ("app:1", "crm:1", "elsewhere", "b", "review")
    assert waiting(one, two, ("app:2", "crm:2", "similar", "c", "review")) == 2


def test_a_pair_that_other_evidence_made_one_waits_no_more():
    assert waiting(("app:1", "crm:1", "similar", "a", "review"), ("app:1", "crm:1", "elsewhere", "b", "used")) == 0


def test_a_pair_that_was_judged_to_be_different_waits_no_more():
    users = ig.Source(
        "app", kind="user", data=pl.DataFrame({"id": ["1"], "t": ["7"]}), id="id", belongs_to={"app.tenant_id": "t"}
    )
    accounts = pl.DataFrame({"id": ["8", "9"], "name": ["Acme", "Borealis"], "site": ["acme.io", "acme.io"]})
    crm = ig.Source(
        "crm", kind="crm_account", data=accounts, id="id", identifiers={"domain": "site"}, attributes={"name": "name"}
    )
    assert ig.resolve(users, crm).summary()["review"] == 1
    said = pl.DataFrame({"left_id": ["crm:8"], "right_id": ["crm:9"], "verdict": ["different"]})
    assert ig.resolve(users, crm, judgements=said).summary()["review"] == 0


def test_a_graph_counts_what_is_known_only_by_reference_as_its_summary_does():
    rows = pl.DataFrame({"id": ["1", "2"], "tenant": ["7", "8"]})
    users = ig.Source("app", kind="user", data=rows, id="id", belongs_to={"app.tenant_id": "tenant"})
    graph = ig.resolve(users)
    facts = graph.summary()
    assert (facts["stubs"], facts["profiles"], facts["accounts"]) == (2, 2, 0)
    said = "4 records, 2 of them known only by reference, → 2 profiles, 0 accounts; 0 values suppressed"
    assert repr(graph) == f"<Graph: {said}>"


def companies(*owned: tuple[str, str | None]) -> ig.Graph:
    """A graph of companies, given by whom each is owned."""
    rows = pl.DataFrame(owned, ["id", "parent"], orient="row")
    return ig.resolve(
        ig.Source("crm", kind="crm_account", data=rows, id="id", owned_by={"crm.id": "parent"}),
    )


def test_owners_in_a_circle_and_what_they_own_are_counted():
    assert companies(("a", "b"), ("b", "a"), ("c", "a"), ("d", "e"), ("e", None)).summary()["circles"] == 3


def test_who_has_somebody_at_the_top_or_no_owner_is_in_no_circle():
    assert companies(("a", "b"), ("b", "c"), ("c", None), ("d", "d")).summary()["circles"] == 0
