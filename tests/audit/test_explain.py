"""Why two are one, or why not: the values that likeness compared, what they add up to, and what keeps two apart."""

from __future__ import annotations

import polars as pl
import pytest

import idgraph as ig
from idgraph.audit.apart import Learnt
from idgraph.audit.compared import Compared
from idgraph.datasets import saas_world
from idgraph.errors import NotFoundError
from idgraph.linkage.parts import from_text


@pytest.fixture(scope="module")
def graph(tmp_path_factory):
    folder = tmp_path_factory.mktemp("world")
    saas_world(150).write(folder)
    return ig.resolve(*ig.discover(folder))


def alike(graph, level, state):
    """Links by likeness."""
    words = pl.col("rule", "level", "state").cast(pl.String)
    links = graph.links.with_columns(words)
    found = links.filter((pl.col("rule") == "similar") & (pl.col("level") == level) & (pl.col("state") == state))
    assert found.height
    return found


@pytest.mark.parametrize("level", ["person", "account"])
@pytest.mark.parametrize("state", ["used", "review"])
def test_the_parts_of_a_link_add_up_to_its_weight(graph, level, state):
    for evidence, weight in alike(graph, level, state).select("evidence", "weight").iter_rows():
        assert sum(part.weight for part in from_text(evidence)) == pytest.approx(weight, abs=1e-9)


@pytest.mark.parametrize("level", ["person", "account"])
def test_a_step_by_likeness_shows_the_values_that_were_compared(graph, level):
    for left, right, weight in alike(graph, level, "used").select("left_id", "right_id", "weight").head(8).iter_rows():
        (step,) = graph.explain(left, right).steps
        assert sum(part.weight for part in step.parts) == pytest.approx(weight, abs=1e-9)
        fields = {part.field: part for part in step.parts if part.left is not None}
        assert fields
        for name in ("given", "family", "name", "email", "phone", "city"):
            if name in fields and fields[name].level == "same":
                assert fields[name].left.casefold() == fields[name].right.casefold()


def test_what_two_columns_say_both_of_is_taken_off_in_words_that_say_so(graph):
    texts = graph.links.filter(pl.col("rule").cast(pl.String) == "similar")["evidence"]
    told = [part for text in texts for part in from_text(text) if " and " in part.field]
    assert {part.level for part in told} == {"go together, so not counted twice"}
    assert all(part.weight < 0 for part in told)


def test_values_are_looked_up_in_all_records_of_a_person(graph):
    """A click has no name: the user that it belongs to has."""
    pairs = alike(graph, "person", "used").select("left_id", "right_id")
    clicks = pairs.filter(pl.col("left_id").str.starts_with("amplitude"))
    (step,) = graph.explain(*clicks.row(0)).steps
    assert {part.left for part in step.parts if part.field == "given"} != {None}


def test_each_of_several_values_is_shown_and_masked():
    two = Compared("domain", "some the same", 9.0, "acme-group.com, acme-europe.de, 2 more", "acme-europe.de")
    assert two.shown == "ac…om, ac…de, 2 more | ac…de"
    people = Compared("email", "different", -1.0, "ana@acme.io, bo@acme.io", "cy@beta.de")
    assert people.as_dict()["left"] == "a…@acme.io, b…@acme.io"


def test_of_a_company_and_its_owner_it_says_so():
    data = pl.DataFrame({"id": ["1", "2"], "name": ["Acme", "Borealis"], "owner": [None, "1"]})
    crm = ig.Source(
        "crm", kind="crm_account", data=data, id="id", attributes={"name": "name"}, owned_by={"crm_account": "owner"}
    )
    graph = ig.resolve(crm)
    for pair in (("crm:1", "crm:2"), ("crm:2", "crm:1"), tuple(graph.accounts["entity_id"])):
        assert graph.explain(*pair).reasons[0] == "crm:2 is owned by crm:1, by its owner: that never joins"


def test_one_record_is_not_explained_by_a_path_without_steps(graph):
    assert str(graph.explain("app_tenants:t_1", "app_tenants:t_1")) == (
        "app_tenants:t_1 is asked twice: one record, of one account"
    )


def test_printed_values_are_masked(graph):
    left, right = alike(graph, "person", "used").select("left_id", "right_id").row(0)
    found = graph.explain(left, right)
    given = next(part for part in found.steps[0].parts if part.field == "given")
    assert len(given.left) > 2
    lines = str(found).splitlines()
    assert any(line.split()[0] == "given" and line.split()[-1].startswith("+") for line in lines[2:])
    assert f" {given.left} " not in str(found)
    assert given.left not in {part["left"] for part in found.as_dict()["steps"][0]["parts"]}
    assert "weakest" in str(found)


def test_a_pair_in_review_says_by_what_it_met_and_what_it_scored(graph):
    left, right, weight = alike(graph, "person", "review").select("left_id", "right_id", "weight").row(0)
    found = graph.explain(left, right)
    said = "\n".join(found.reasons)
    assert "a link by similar is in state review" in said
    assert "likeness compares them: they meet by " in said
    assert f"they score {weight:+.1f}" in said
    assert sum(part.weight for part in found.parts) == pytest.approx(weight, abs=1e-9)


def test_two_strangers_never_met_and_say_what_is_most_against_them(graph):
    ids = graph.records.filter(pl.col("kind").cast(pl.String) == "contact").sort("record_id")["record_id"].to_list()
    told = [graph.explain(ids[0], other) for other in ids[1:12]]
    said = ["\n".join(found.reasons) for found in told if not found.same and found.parts]
    assert any("likeness never compared them" in text and "short of a link" in text for text in said)
    assert any("most against it: given different" in text for text in said)


def test_what_is_told_of_a_pair_anew_is_what_it_was_when_it_was_compared(graph):
    """But for how rare the values are, which the second look does not ask."""
    learnt = Learnt.of(graph.models.people, graph.run["likeness"]["person"])
    for evidence in alike(graph, "person", "used")["evidence"].head(20):
        assert next(part.weight for part in from_text(evidence) if part.field == "prior") == learnt.prior


def test_without_a_full_name_likeness_is_not_asked(graph):
    visitor = graph.records.filter(pl.col("source").cast(pl.String) == "segment_pages")["record_id"].to_list()
    contact = graph.records.filter(pl.col("kind").cast(pl.String) == "contact")["record_id"][0]
    told = [graph.explain(one, contact) for one in visitor[:40]]
    said = [reason for found in told for reason in found.reasons if "no full name is known" in reason]
    assert said
    assert contact not in said[0]


def test_what_others_of_their_records_share_is_told_too():
    users = pl.DataFrame({"id": ["1", "2", "3"], "mail": ["ana@acme.io", "ana@acme.io", "info@acme.io"]})
    leads = pl.DataFrame({"id": ["7", "8"], "mail": ["bo@acme.io", "info@acme.io"], "phone": ["+14158675309"] * 2})
    told = {"email": "mail", "phone": "phone"}
    graph = ig.resolve(
        ig.Source("users", kind="user", id="id", data=users, identifiers={"email": "mail"}),
        ig.Source("leads", kind="lead", id="id", data=leads, identifiers=told),
    )
    assert graph.explain("leads:7", "leads:8").same
    said = graph.explain("users:3", "leads:7").reasons
    assert said[0].startswith("users:3 and leads:8, of theirs, share email i…@acme.io, suppressed, role_mailbox")


def test_the_records_most_like_one_that_is_not_there_are_named(graph):
    known = graph.records.filter(pl.col("source").cast(pl.String) == "salesforce_contacts")["record_id"].sort()[0]
    with pytest.raises(NotFoundError, match=f"Did you mean {known}"):
        graph.explain(known[:-1] + "~", known)
    with pytest.raises(NotFoundError, match=r"Record ids are '<source>:<native id>'"):
        graph.explain("~~~~", known)
    users = pl.DataFrame({"id": ["ana@acme.io"]})
    small = ig.resolve(ig.Source("users", kind="user", id="id", data=users))
    with pytest.raises(NotFoundError) as told:
        small.explain("users:ana@acme.i", "users:ana@acme.io")
    assert "ana@" not in str(told.value)


def test_a_graph_opened_again_explains_the_same(graph, tmp_path):
    graph.write(tmp_path / "out")
    opened = ig.open(tmp_path / "out")
    for state in ("used", "review"):
        left, right = alike(graph, "person", state).select("left_id", "right_id").row(0)
        assert str(opened.explain(left, right)) == str(graph.explain(left, right))


def test_an_example_is_picked_from_a_giant_too():
    """Of ten thousand records the first hundred are looked at: all pairs of them would take minutes."""
    ids = [f"crm:{number:05}" for number in range(10_000)]
    shared = pl.DataFrame({"record_id": ids, "type": "email", "value": "bo@acme.io", "state": "used", "weight": 14.0})
    records = pl.DataFrame({"record_id": ids, "kind": "contact"})
    assert ig.Graph.from_frames(records=records, identifiers=shared).example() == ("crm:00000", "crm:00001")
