"""The graph as it was, and as it would be without some of its evidence."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import narwhals.stable.v2 as nw
import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import idgraph as ig
from idgraph.engines import engine_for
from idgraph.entities.again import leave_out
from idgraph.entities.as_of import known_at
from idgraph.errors import ConfigError
from idgraph.normalise.instants import instant
from idgraph.schema import FRAMES, empty

FEW = settings(max_examples=settings().max_examples // 4)  # each example collapses two or three graphs
EVIDENCE = ("records", "identifiers", "links", "memberships", "hierarchy", "aliases")
NONE_LEFT_OUT = dict.fromkeys((*EVIDENCE, "judgements"), 0)
FOREVER = "2199-12-31"


def day(number: int | None) -> str | None:
    return number and f"2026-01-{number:02}"


def table(*rows: tuple[Any, ...], columns: str) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=dict.fromkeys(columns.split(), pl.String), orient="row")


def text(column: str) -> pl.Expr:
    return pl.col(column).cast(pl.String)


def groups(graph: ig.Graph, level: str = "person") -> set[frozenset[str]]:
    """Which records are one."""
    placed = graph.assignments.filter(text("level") == level).group_by("entity_id").agg("record_id")
    return {frozenset(records) for records in placed["record_id"].to_list()}


def placed(graph: ig.Graph) -> set[tuple[str, ...]]:
    """The entities, by their ids."""
    return set(graph.assignments.select("record_id", text("level"), "entity_id").iter_rows())


def comparable(graph: ig.Graph, name: str) -> list[str]:
    """A frame's rows in an order of ours; which attributes are declared, though nobody has them, does not count."""
    rows = getattr(graph, name).to_dicts()
    return sorted(repr({column: value for column, value in row.items() if value is not None}) for row in rows)


# ------------------------------------------------------------------------------------------------------------- worlds


def clicks(rows: list[tuple[int, str | None, str | None]]) -> ig.Source:
    data = table(*((day(at), one, other) for at, one, other in rows), columns="at a b")
    return ig.Source("web_clicks", kind="visitor", data=data, time="at", identifiers={"shop.a": "a", "shop.b": "b"})


def few(*values: str) -> st.SearchStrategy[str | None]:
    return st.one_of(st.none(), st.sampled_from(values))


DAYS = st.integers(1, 9)
CLICKS = st.lists(
    st.tuples(DAYS, few("a-one", "a-two", "a-three"), few("b-one", "b-two", "b-three")), min_size=1, max_size=8
).filter(lambda rows: any(one or other for _, one, other in rows))

PEOPLE = st.lists(
    st.tuples(DAYS, few("ana@acme.io", "bo@acme.io", "ana+x@acme.io", "info@acme.io"), few("t1", "t2"), few("1", "2")),
    max_size=5,
)
COMPANIES = st.lists(st.tuples(DAYS, few("acme.io", "beta.de"), few("1", "2", "9")), max_size=3)


def business(users, leads, accounts) -> ig.Graph:
    """Users of tenants that only they refer to, leads that became contacts which nobody sent, accounts that own."""
    sources = [
        ig.Source(
            "app_users",
            kind="user",
            data=table(*((f"u{n}", day(at), *rest) for n, (at, *rest) in enumerate(users)), columns="id at email t x"),
            id="id",
            time="at",
            identifiers={"email": "email"},
            belongs_to={"app.tenant_id": "t"},
        ),
        ig.Source(
            "crm_leads",
            kind="lead",
            data=table(*((f"l{n}", day(at), *rest) for n, (at, *rest) in enumerate(leads)), columns="id at email x c"),
            id="id",
            time="at",
            identifiers={"email": "email"},
            same_as={"crm_contacts.id": "c"},
        ),
        ig.Source(
            "crm_accounts",
            kind="crm_account",
            data=table(*((str(n), day(at), *r) for n, (at, *r) in enumerate(accounts)), columns="id at domain parent"),
            id="id",
            time="at",
            identifiers={"domain": "domain"},
            owned_by={"crm_accounts.id": "parent"},
        ),
    ]
    return ig.resolve(*(source for source in sources if not source.data.is_empty()))


# ---------------------------------------------------------------------------------------------------------- invariants


@FEW
@given(rows=CLICKS, at=DAYS)
def test_as_of_is_what_would_have_been_resolved_then(rows, at):
    then = [row for row in rows if row[0] <= at and (row[1] or row[2])]
    assume(then)
    known = ig.resolve(clicks(rows)).as_of(day(at))
    resolved = ig.resolve(clicks(then))
    assert placed(known) == placed(resolved)
    names = ("record_id", "observed_at", "value")
    assert set(known.identifiers.select(names).iter_rows()) == set(resolved.identifiers.select(names).iter_rows())


@FEW
@given(rows=CLICKS, one=DAYS, other=DAYS)
def test_what_was_one_stays_one(rows, one, other):
    graph = ig.resolve(clicks(rows))
    first, last = (groups(graph.as_of(day(at))) for at in sorted((one, other)))
    assert all(any(group <= later for later in last) for group in first)


@FEW
@given(users=PEOPLE, leads=PEOPLE, accounts=COMPANIES)
def test_after_all_is_known_the_graph_is_the_same(users, leads, accounts):
    assume(users or leads or accounts)
    graph = business(users, leads, accounts)
    known = graph.as_of(FOREVER)
    assert known.run["as_of"] == {
        "at": "2199-12-31T00:00:00+00:00",
        "left_out": NONE_LEFT_OUT,
        "later": NONE_LEFT_OUT,
    }
    for name in ("assignments", "profiles", "tenants", "accounts", "members", "links", "memberships", "suppressed"):
        assert comparable(known, name) == comparable(graph, name), name


@FEW
@given(rows=CLICKS, rule=st.sampled_from(["shop.a", "shop.b"]))
def test_without_a_rule_is_resolved_without_it(rows, rule):
    graph = ig.resolve(clicks(rows))
    assume(rule in graph.identifiers.select(text("type"))["type"].to_list())
    assert groups(graph.without(rule=rule)) == groups(ig.resolve(clicks(rows), config=ig.Config(without=(rule,))))


@FEW
@given(rows=CLICKS, value=st.sampled_from(["a-one", "b-two"]))
def test_without_a_value_nobody_is_joined_by_it(rows, value):
    graph = ig.resolve(clicks(rows))
    assume(value in graph.identifiers["value"].to_list())
    graph_without = graph.without(value=value)
    cleared = [tuple(None if cell == value else cell for cell in row) for row in rows]
    assume(any(one or other for _, one, other in cleared))
    other = ig.resolve(clicks(cleared))
    # Records of the event table are named after their values: compared are the values that end up together.
    assert _values(graph_without, value) == _values(other, value)


def _values(graph: ig.Graph, left_out: str) -> set[frozenset[str]]:
    held = graph.identifiers.filter(pl.col("value") != left_out).join(graph.assignments, on="record_id")
    return {frozenset(values) for values in held.group_by("entity_id").agg("value")["value"].to_list()}


@FEW
@given(users=PEOPLE, leads=PEOPLE, at=DAYS, seed=st.integers(0, 9))
def test_the_order_of_rows_changes_nothing(users, leads, at, seed):
    assume(users or leads)
    graph = business(users, leads, [(1, "acme.io", None), (2, "acme.io", None)])
    shuffled = {name: getattr(graph, name).sample(fraction=1, shuffle=True, seed=seed) for name in EVIDENCE}
    other = ig.Graph.from_frames(config=graph.config, **shuffled)
    for one, two in ((graph.as_of(day(at)), other.as_of(day(at))), (_without(graph), _without(other))):
        for name in ("assignments", "profiles", "accounts", "members", "links", "identifiers"):
            assert comparable(one, name) == comparable(two, name), name


def _without(graph: ig.Graph) -> ig.Graph:
    return graph.without(rule="domain")


# -------------------------------------------------------------------------------------------------------------- a case

UTC_DAYS = {number: datetime(2026, 1, number, tzinfo=UTC) for number in range(1, 10)}


def frame(name: str, *rows: dict[str, Any]) -> pl.DataFrame:
    blank = pl.DataFrame(empty(name).to_native())
    schema = {column: pl.String if dtype == pl.Categorical else dtype for column, dtype in blank.schema.items()}
    return pl.DataFrame([{**dict.fromkeys(schema), **row} for row in rows], schema=schema)


def record(record_id: str, kind: str = "contact", at: int | None = None, **more: Any) -> dict[str, Any]:
    return {"record_id": record_id, "kind": kind, "first_seen": UTC_DAYS.get(at), **more}


def held(record_id: str, value: str, at: int | None, **more: Any) -> dict[str, Any]:
    return {"record_id": record_id, "type": "email", "value": value, "observed_at": UTC_DAYS.get(at), **more}


def graph_of(**frames: list[dict[str, Any]]) -> ig.Graph:
    return ig.Graph.from_frames(**{name: frame(name, *rows) for name, rows in frames.items()})


def ids(graph: ig.Graph) -> list[str]:
    return sorted(graph.records["record_id"])


def test_a_record_never_dated_is_known_since_its_first_identifier():
    graph = graph_of(
        records=[record("crm:1"), record("crm:2"), record("crm:3")],
        identifiers=[held("crm:1", "a@b.io", 2), held("crm:1", "c@b.io", 4), held("crm:2", "d@b.io", None)],
    )
    assert ids(graph.as_of(day(1))) == []
    known = graph.as_of(day(3))
    assert (ids(known), known.identifiers["value"].to_list()) == (["crm:1"], ["a@b.io"])
    assert known.run["as_of"]["left_out"] == {**NONE_LEFT_OUT, "records": 2, "identifiers": 1}
    assert known.run["as_of"]["later"] == {**NONE_LEFT_OUT, "identifiers": 1}


def test_a_records_own_id_is_known_with_it():
    own = {"record_id": "crm:77", "type": "crm.id", "value": "77"}
    other = {"record_id": "web:1", "type": "crm.id", "value": "77", "observed_at": UTC_DAYS[2]}
    graph = graph_of(
        records=[record("crm:77"), record("web:1", "visitor", 1)],
        identifiers=[own, other, held("crm:77", "a@b.io", 3)],
    )
    assert groups(graph.as_of(day(2))) == {frozenset({"web:1"})}
    assert groups(graph.as_of(day(3))) == {frozenset({"crm:77", "web:1"})}


def test_a_stub_is_known_since_something_refers_to_it():
    graph = graph_of(
        records=[record("crm:1", at=3), record("crm:2", "tenant", stub=True), record("crm:3", "tenant", stub=True)],
        memberships=[
            {"person_record_id": "crm:1", "company_record_id": "crm:2", "via": "tenant", "observed_at": UTC_DAYS[2]},
            {"person_record_id": "crm:1", "company_record_id": "crm:3", "via": "tenant"},
        ],
    )
    assert ids(graph.as_of(day(2))) == []  # the membership is of a record that nobody knew yet
    known = graph.as_of(day(3))
    assert ids(known) == ["crm:1", "crm:2"]
    assert (known.members.height, known.tenants.height) == (1, 1)
    assert known.run["as_of"]["left_out"] == {**NONE_LEFT_OUT, "records": 1, "memberships": 1}


def test_evidence_goes_with_its_records():
    graph = graph_of(
        records=[record("crm:1", at=1), record("crm:2"), record("crm:3", at=5), record("crm:4", at=1)],
        identifiers=[held("crm:3", "a@b.io", 1)],  # before its record was: known with it
        links=[
            {"left_id": "crm:1", "right_id": other, "rule": "tool", "observed_at": UTC_DAYS[1]}
            for other in ("crm:2", "crm:3", "crm:4")
        ],
        hierarchy=[],
        aliases=[{"survivor_record_id": "crm:1", "merged_record_id": "crm:4", "via": "merged_into"}],
    )
    known = graph.as_of(day(1))
    assert groups(known) == {frozenset({"crm:1", "crm:4"})}
    assert known.links.select("right_id", text("rule")).rows() == [("crm:4", "tool")]
    facts = known.run["as_of"]
    assert facts["left_out"] == {**NONE_LEFT_OUT, "records": 1, "links": 1, "aliases": 1}
    assert facts["later"] == {**NONE_LEFT_OUT, "records": 1, "identifiers": 1, "links": 1}


def test_what_came_later_does_not_show():
    """Neither as the time that a record was last seen, nor as a member, nor as a pair in review."""
    graph = graph_of(
        records=[
            record("crm:1", at=1, last_seen=UTC_DAYS[9]),
            record("crm:2", at=1, last_seen=UTC_DAYS[1]),
            record("app:1", "tenant", 1),
            record("crm:a", "crm_account", 1),
        ],
        identifiers=[
            held("crm:1", "ana@acme.io", 2),
            held("crm:2", "bo@acme.io", 5),
            {**held("crm:a", "acme.io", 3), "type": "domain"},
            {**held("app:1", "acme.io", 4, state="suppressed", reason="minority"), "type": "domain"},
        ],
    )
    assert graph.links.select(text("state"), text("reason")).rows() == [("review", "minority")]
    seen = dict(graph.as_of(day(2)).records.select("record_id", "last_seen").iter_rows())
    assert (seen["crm:1"], seen["crm:2"]) == (UTC_DAYS[2], UTC_DAYS[1])
    known = [graph.as_of(day(at)) for at in (2, 3, 4, 5)]
    assert [found.members.height for found in known] == [0, 1, 1, 2]
    assert [found.links.height for found in known] == [0, 0, 1, 1]


def test_what_constraints_cut_may_join_again_and_what_guards_bar_may_not():
    people = [record(f"crm:{number}", at=1) for number in range(1, 6)]
    graph = graph_of(
        records=people,
        identifiers=[
            *(held(f"crm:{n}", "a@b.io", 1, state="cut", reason="unique") for n in (1, 2)),
            *(held(f"crm:{n}", "info@b.io", 1, state="suppressed", reason="role_mailbox") for n in (3, 4)),
        ],
        links=[
            {"left_id": "crm:4", "right_id": "crm:5", "state": "cut", "reason": "too_large", "observed_at": UTC_DAYS[1]}
        ],
    )
    for found in (graph.as_of(day(1)), graph.without(value="info@b.io")):
        assert groups(found) == {frozenset(group) for group in (("crm:1", "crm:2"), ("crm:3",), ("crm:4", "crm:5"))}
        assert set(found.links.select(text("state"), text("reason")).iter_rows()) == {("used", None)}


def test_what_likeness_left_apart_stays_apart():
    graph = graph_of(
        records=[record(f"crm:{number}", at=1) for number in range(1, 5)],
        identifiers=[held(f"crm:{n}", "a@b.io", 1) for n in (3, 4)],
        links=[
            {
                "left_id": "crm:1",
                "right_id": "crm:2",
                "rule": "similar",
                "state": "cut",
                "reason": "compared_apart",
                "observed_at": UTC_DAYS[1],
            }
        ],
    )
    for found in (graph.as_of(day(1)), graph.without(value="a@b.io")):
        assert frozenset({"crm:1"}) in groups(found)
        assert set(found.links.select(text("state"), text("reason")).iter_rows()) == {("cut", "compared_apart")}


def judged(left: str, right: str, verdict: str, at: int | None, revoked: int | None = None) -> dict[str, Any]:
    said = {"left_id": left, "right_id": right, "verdict": verdict, "by": "eve"}
    return {**said, "at": UTC_DAYS.get(at), "revoked_at": UTC_DAYS.get(revoked)}


@pytest.fixture(scope="module")
def judged_graph() -> ig.Graph:
    """Two of one address whom somebody parted on day 3, two whom somebody joined on day 2 until day 4."""
    return graph_of(
        records=[record(f"crm:{number}", at=1) for number in range(1, 5)],
        identifiers=[held("crm:1", "a@b.io", 1), held("crm:2", "a@b.io", 1)],
        judgements=[
            judged("crm:1", "crm:2", "different", 3),
            judged("crm:3", "crm:4", "same", 2, 4),
            judged("crm:2", "crm:4", "same", None),
            judged("crm:1", "web:9", "same", 1),
        ],
    )


def test_judgements_are_those_of_then(judged_graph):
    one, two, three, four = (frozenset({f"crm:{number}"}) for number in range(1, 5))
    assert groups(judged_graph) == {one, two | four, three}
    found = [judged_graph.as_of(day(at)) for at in (1, 2, 3, 4)]
    assert [groups(graph) for graph in found] == [
        {one | two, three, four},
        {one | two, three | four},
        {one, two, three | four},
        {one, two, three, four},
    ]
    assert [graph.run["as_of"]["left_out"]["judgements"] for graph in found] == [1, 1, 1, 1]
    assert [graph.run["as_of"]["later"]["judgements"] for graph in found] == [2, 1, 0, 0]
    assert [graph.judgements["revoked_at"].null_count() for graph in found] == [1, 2, 3, 2]


def test_without_judgements(judged_graph):
    every = judged_graph.without(rule="judgement")
    assert groups(every) == {frozenset({"crm:1", "crm:2"}), frozenset({"crm:3"}), frozenset({"crm:4"})}
    assert every.judgements.is_empty()
    assert set(every.links.select(text("state"), text("reason")).iter_rows()) == {("rejected", "left_out")}
    one = judged_graph.without(link=("crm:1", "crm:2"))
    assert groups(one) == {frozenset({"crm:1", "crm:2", "crm:4"}), frozenset({"crm:3"})}
    assert groups(judged_graph.without(value="a@b.io")) == groups(judged_graph)  # other judgements hold


def test_without_a_device_what_its_time_told_goes_too():
    """A laptop of two users, and a visit between two log-ins of the first."""
    at = {number: f"2026-01-{number:02}" for number in (1, 2, 3, 5)}
    visits = (("u1", 1), (None, 2), ("u1", 3), ("u2", 5))
    sources = [
        ig.Source(
            "app_users",
            kind="user",
            id="id",
            id_type="app.user_id",
            time="at",
            data=table(("u1", at[1]), ("u2", at[5]), columns="id at"),
        ),
        *(
            ig.Source(
                f"web_{number}",
                kind="visitor",
                time="at",
                identifiers={"app.user_id": "user", "device": "device"},
                data=table((user, "laptop-01", at[day_of]), columns="user device at"),
            )
            for number, (user, day_of) in enumerate(visits)
        ),
    ]
    graph = ig.resolve(*sources)
    visit, told = "web_1:|laptop-01", ("device_at", "used")
    assert told in graph.links.select(text("rule"), text("state")).rows()
    with_user = graph.profile(visit)["record_ids"]
    assert len(with_user) > 1
    assert graph.as_of(FOREVER).profile(visit)["record_ids"] == with_user
    for asked in ({"rule": "device"}, {"rule": "device_at"}, {"value": "laptop-01"}):
        found = graph.without(**asked)
        assert found.profile(visit)["record_ids"] == [visit]
        assert ("device_at", "rejected") in found.links.select(text("rule"), text("state")).rows()


@pytest.mark.parametrize(
    "at",
    [
        "2026-01-05",
        "2026-01-05T00:00:00Z",
        "2026-01-05 01:00+01:00",
        date(2026, 1, 5),
        datetime(2026, 1, 5),  # noqa: DTZ001 - one without a zone is UTC
        datetime(2026, 1, 4, 19, tzinfo=timezone(timedelta(hours=-5))),
    ],
    ids=repr,
)
def test_points_in_time(at):
    assert instant(at) == datetime(2026, 1, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "at", ["soon", "2026-02-30", 5, None, datetime.max.replace(tzinfo=timezone(-timedelta(1 / 2)))]
)
def test_what_is_no_point_in_time(at):
    with pytest.raises(ConfigError, match=r"is no point in time\. Give a datetime, a date, or ISO 8601 text"):
        graph_of(records=[record("crm:1")]).as_of(at)


# ------------------------------------------------------------------------------------------------------------- what if


@pytest.fixture(scope="module")
def ana() -> ig.Graph:
    """A contact and a user of one address, a contact of the user's phone, a lead that became the first contact."""
    return graph_of(
        records=[
            record("crm:1", at=1),
            record("crm:2", at=1),
            record("app:u1", "user", 2),
            record("crm:l1", "lead", 3),
            record("crm:a", "crm_account", 1),
        ],
        identifiers=[
            held("crm:1", "ana@acme.io", 1),
            held("app:u1", "ana@acme.io", 2),
            *({**held(who, "+14155550123", 2), "type": "phone"} for who in ("crm:2", "app:u1")),
            {**held("crm:a", "acme.io", 1), "type": "domain"},
        ],
        links=[{"left_id": "crm:1", "right_id": "crm:l1", "rule": "tool", "weight": 9.0, "observed_at": UTC_DAYS[3]}],
        aliases=[{"survivor_record_id": "crm:1", "merged_record_id": "crm:l1", "via": "merged", "at": UTC_DAYS[4]}],
    )


EVERYBODY = frozenset({"crm:1", "crm:2", "app:u1", "crm:l1"})


def apart(*records: str) -> set[frozenset[str]]:
    return {frozenset(records), EVERYBODY - frozenset(records)}


def test_without_a_rule(ana):
    assert groups(ana) == {EVERYBODY}
    found = ana.without(rule="phone")
    assert groups(found) == apart("crm:2")
    phones = found.identifiers.filter(text("type") == "phone").select(text("rules"), text("state"), text("reason"))
    assert set(phones.iter_rows()) == {(None, "unused", None)}
    assert found.run["without"] == [{"rule": "phone"}]
    assert groups(ana) == {EVERYBODY}  # the graph itself is what it was


def test_without_what_a_system_merged(ana):
    found = ana.without(rule="source_merge")
    assert found.aliases.is_empty()
    states = dict(found.links.select(text("rule"), text("state")).iter_rows())
    assert states == {"source_merge": "rejected", "tool": "used"}
    assert groups(found) == {EVERYBODY}
    assert groups(found.without(rule="tool")) == apart("crm:l1")


def test_without_a_link_of_two_records(ana):
    found = ana.without(link=("crm:l1", "crm:1"))
    assert groups(found) == apart("crm:l1")
    assert set(found.links.select(text("state"), text("reason")).iter_rows()) == {("rejected", "left_out")}
    assert "a link by tool is in state rejected" in str(found.explain("crm:1", "crm:l1"))
    assert found.run["without"] == [{"link": ["crm:l1", "crm:1"]}]
    assert groups(found.as_of(FOREVER)) == apart("crm:l1")  # what was left out does not come back


@pytest.mark.parametrize("value", ["ana@acme.io", ("email", "ana@acme.io")])
def test_without_a_value(ana, value):
    found = ana.without(value=value)
    assert groups(found) == apart("crm:1", "crm:l1")
    assert found.suppressed.select(text("type"), "value", text("reason"), "records").rows() == [
        ("email", "ana@acme.io", "left_out", 2)
    ]
    assert "left_out" in str(found.explain("crm:1", "app:u1"))
    assert found.profile("crm:1").get("emails") is None
    assert "ana@acme.io" not in json.dumps(found.run)


def test_without_several_and_once_more(ana):
    found = ana.without(rule="phone", value="ana@acme.io").without(link=("crm:1", "crm:l1"))
    assert groups(found) == {frozenset({record_id}) for record_id in EVERYBODY}
    assert found.run["without"] == [
        {"rule": "phone", "value": ["a…@acme.io"]},
        {"link": ["crm:1", "crm:l1"]},
    ]


def test_a_type_stands_for_the_parts_of_its_rule():
    """Where a pair of kinds is switched off, a type has several rules."""
    people = table(("1", "a@b.io"), columns="id email")
    kinds = ("contact", "lead", "user")
    sources = [
        ig.Source(f"x_{kind}", kind=kind, data=people, id="id", identifiers={"email": "email"}) for kind in kinds
    ]
    graph = ig.resolve(*sources, config=ig.Config(without=("contact-lead",)))
    assert len(groups(graph)) == 1
    assert len(groups(graph.without(rule="email"))) == 3
    rule = next(
        name for names in graph.identifiers["rules"].cast(str) for name in names.split(",") if "contact" in name
    )
    assert groups(graph.without(rule=rule)) == {frozenset({"x_contact:1"}), frozenset({"x_lead:1", "x_user:1"})}


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({}, "there is nothing to leave out"),
        ({"rule": "fone"}, "a rule 'fone'. Near it: 'phone'. Its rules are domain, email, phone, source_merge, tool."),
        ({"rule": "dora@acme.io"}, "a rule 'd…@acme.io'. Its rules are"),
        ({"value": "ann@acme.io"}, "the identifier 'a…@acme.io'. Near it: 'a…@acme.io'. Write it as it stands in"),
        ({"value": "Ana@acme.io"}, "Near it: 'a…@acme.io'. Write it as it stands in identifiers.value, normalised"),
        ({"value": ("phone", "ana@acme.io")}, "no record holds the phone 'a…@acme.io'"),
        (
            {"value": ("mail", "ana@acme.io")},
            "of type 'mail'. Near it: 'email', 'domain'. Its types are domain, email, phone.",
        ),
        (
            {"link": ("crm:1", "crm:l2")},
            "no record 'crm:l2' in this graph. Did you mean crm:2 or crm:l1?",
        ),
        ({"link": ("crm:1", "app:u1")}, "no link joins 'app:u1' and 'crm:1'. If they share a value, leave that out"),
    ],
    ids=str,
)
def test_leaving_out_what_is_not_there(ana, asked, words):
    with pytest.raises(ConfigError) as told:
        ana.without(**asked)
    assert words in str(told.value)
    assert "ana@" not in str(told.value).lower()


# -------------------------------------------------------------------------------------------------- graphs and engines


def test_a_graph_as_it_was_is_written_and_opened(ana, tmp_path):
    out = ana.as_of(day(2)).write(tmp_path / "out")
    known = ig.open(out)
    assert known.run["as_of"]["later"] == {**NONE_LEFT_OUT, "records": 1, "links": 1, "aliases": 1}
    earlier = known.as_of(day(1))
    assert groups(earlier) == {frozenset({"crm:1"}), frozenset({"crm:2"})}
    assert "counts" not in earlier.run  # those of the folder are not its own


def test_keyed_ids_need_their_key(tmp_path):
    people = table(("1", "a@b.io", day(1)), columns="id email at")
    source = ig.Source("crm", kind="contact", data=people, id="id", time="at", identifiers={"email": "email"})
    config = ig.Config(id_key="secret")
    graph = ig.resolve(source, config=config)
    opened = ig.open(graph.write(tmp_path / "out"))
    for ask in (lambda: opened.as_of(FOREVER), lambda: opened.without(rule="email")):
        with pytest.raises(ConfigError, match=r"the ids of this graph are keyed.*Set it: graph\.config = "):
            ask()
    opened.config = opened.config.model_copy(update={"id_key": config.id_key})
    assert placed(opened.as_of(FOREVER)) == placed(graph)


def test_before_anything_was_known_there_is_nothing(ana):
    nothing = ana.as_of("2025-12-31")
    assert {name: count for name, count in nothing.counts().items() if count} == {}
    assert set(nothing.counts()) == set(FRAMES)


def _rows(engine, frames: dict[str, nw.LazyFrame]) -> dict[str, list[str]]:
    return {
        name: sorted(map(repr, engine.collect(found).cast({pl.Categorical: pl.String}).to_dicts()))
        for name, found in frames.items()
    }


def test_engines_agree(engine, ana):
    local = engine_for()
    given = {name: getattr(ana, name) for name in (*EVIDENCE, "rejects")}
    given["judgements"] = frame("judgements", judged("crm:1", "crm:2", "unsure", 2, 4))
    ours, theirs = ({name: one.lazy(rows) for name, rows in given.items()} for one in (local, engine))
    expected, found = known_at(ours, UTC_DAYS[3], local), known_at(theirs, UTC_DAYS[3], engine)
    assert (found.left_out, found.later) == (expected.left_out, expected.later)
    assert _rows(engine, found.frames) == _rows(local, expected.frames)
    asked = ("email", ("phone", "+14155550123"), ("crm:1", "crm:l1"))
    assert _rows(engine, leave_out(theirs, *asked, engine)) == _rows(local, leave_out(ours, *asked, local))
    with pytest.raises(ConfigError, match=r"Near it: 'a…@acme\.io'"):
        leave_out(theirs, None, "ann@acme.io", None, engine)
