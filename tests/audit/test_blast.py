"""Which qualifications hang on a piece of evidence."""

import polars as pl
import pytest

import idgraph as ig
from idgraph.errors import ConfigError
from idgraph.pql import Definition, Scorecard, board, count, first


def people(name, kind, id_type, rows):
    known = {"id": "id", "id_type": id_type, "time": "at", "identifiers": {"email": "mail"}}
    return ig.Source(name, kind=kind, data=rows, **known)


@pytest.fixture(scope="module")
def graph():
    """Ana is a user and, by her e-mail, a lead who asked for a demo before she signed up; Bo is a user alone."""
    users = pl.DataFrame({"id": ["u1", "u2"], "mail": ["ana@acme.io", "bo@acme.io"], "at": ["2026-01-01"] * 2})
    leads = pl.DataFrame({"id": ["9"], "mail": ["ana@acme.io"], "at": ["2026-01-01"]})
    used = [("u1", "2026-01-04"), ("u1", "2026-01-05"), ("u2", "2026-01-05"), ("u2", "2026-01-06")]
    uses = pl.DataFrame([(str(n), *row) for n, row in enumerate(used)], schema=["id", "user", "at"], orient="row")
    asked = pl.DataFrame({"id": ["f1", "f2"], "lead": ["9", "9"], "at": ["2026-01-02", "2026-01-03"]})
    return ig.resolve(
        people("app_users", "user", "app.user_id", users),
        people("crm_leads", "lead", "crm.lead_id", leads),
        ig.Source("app_uses", event={"used": "at"}, event_id="id", data=uses, identifiers={"app.user_id": "user"}),
        ig.Source("web_forms", event={"asked": "at"}, event_id="id", data=asked, identifiers={"crm.lead_id": "lead"}),
    )


def definition(name, when):
    return Definition(name=name, version="1", level="person", when=when)


BOTH = definition("both", first("used") & first("asked"))
THREE = definition("three", count("used", "asked") >= 3)
TWICE = definition("twice", count("used", "asked") >= 2)


def test_who_qualifies_only_as_one_person_would_no_more(graph):
    ana = graph.profile("app_users:u1")["entity_id"]
    found = graph.blast_radius(value=("email", "ana@acme.io"), card=Scorecard(definitions=(BOTH, THREE)))
    assert found.standings.select("definition", "entity_id", "change").rows() == [
        ("both", ana, "lost"),
        ("three", ana, "lost"),
    ]
    assert found.standings["reached_then"].is_null().all()
    assert str(found).endswith("2 qualifications lost, 0 gained")


def test_who_still_qualifies_may_do_so_at_another_time_and_a_part_of_its_own(graph):
    found = graph.blast_radius(value=("email", "ana@acme.io"), card=TWICE).standings
    after = graph.without(value=("email", "ana@acme.io"))
    user, lead = (after.profile(record)["entity_id"] for record in ("app_users:u1", "crm_leads:9"))
    kept = graph.profile("app_users:u1")["entity_id"]
    other = user if lead == kept else lead
    changes = dict(found.select("entity_id", "change").iter_rows())
    assert changes.pop(other) == "gained"
    assert changes == ({kept: "later"} if kept == user else {})


def test_who_qualifies_alone_hangs_on_nothing(graph):
    found = graph.blast_radius(value=("email", "bo@acme.io"), card=TWICE)
    assert found.standings.is_empty()
    assert found.standings.columns == ["definition", "entity_id", "change", "reached_at", "reached_then"]


def test_without_a_definition_nobody_is_asked(graph):
    found = graph.blast_radius(value=("email", "ana@acme.io"))
    assert found.standings is None
    assert "qualifications" not in str(found)


def test_events_need_not_be_in_the_graph_from_the_beginning(graph):
    more = pl.DataFrame({"id": ["g1"], "lead": ["9"], "at": ["2026-01-07"]})
    told = graph.with_events(
        ig.Source("web_calls", event={"called": "at"}, event_id="id", data=more, identifiers={"crm.lead_id": "lead"})
    )
    card = definition("called", first("used") & first("called"))
    assert told.blast_radius(value=("email", "ana@acme.io"), card=card).standings["change"].to_list() == ["lost"]
    with pytest.raises(ConfigError):
        told.blast_radius(card=card)


@pytest.mark.parametrize("card", ["x", 7, {"name": "pql"}])
def test_what_is_no_card_is_refused_before_any_work(graph, card):
    with pytest.raises(ConfigError, match=r"card=.* cannot be used: it takes a Scorecard or a Definition"):
        graph.blast_radius(value=("email", "ana@acme.io"), card=card)
    with pytest.raises(ConfigError, match=r"card=.* cannot be used"):
        board(graph.activity(), card)


def test_a_board_is_asked_of_an_activity(graph):
    with pytest.raises(ConfigError, match=r"activity=<Graph> cannot be used: it takes what happened"):
        board(graph, BOTH)
