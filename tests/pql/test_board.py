"""The board: definitions side by side, states, ranks, whom to call and why; and scorecards as YAML."""

import stat
from datetime import UTC, datetime, timedelta
from textwrap import dedent

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idgraph.errors import ConfigError, NotFoundError, OutputError
from idgraph.pql import Activity, Definition, Scorecard, attribute, board, checklist, count, first, fit, points
from idgraph.pql.activity import ENTITIES, EVENTS

NOW = datetime(2026, 3, 31, tzinfo=UTC)
pytestmark = pytest.mark.filterwarnings("ignore:.*there is no event")


def activity(*rows, entities=(), facts=None):
    """Events: days before now, account, person, event, weight of the way there (None: sure)."""
    table = pl.DataFrame(
        [(*row, None)[:5] for row in rows],
        schema=["days", "account", "who", "event", "weight"],
        orient="row",
        strict=False,
    )
    table = table.with_columns(at=pl.lit(NOW) - pl.duration(days=pl.col("days")))
    made = Activity.from_frame(table, person="who", account="account", facts=facts).as_of(NOW)
    weight = table["weight"].cast(pl.Float64)
    events = made.events.collect().sort(pl.col("event_id").cast(pl.Int64))
    events = events.with_columns(
        weight=weight, strict=weight.is_null(), rule=pl.when(weight.is_not_null()).then(pl.lit("device"))
    )
    since = [(*entity, None) for entity in entities]
    known = pl.LazyFrame(since, schema=ENTITIES, orient="row") if entities else made.entities
    return Activity(events.select(list(EVENTS)).lazy(), made.told, known, made.now)


def definition(name, when, level="account", **said):
    return Definition(name=name, version="1", level=level, when=when, **said)


MADE = definition("pql", count("made") >= 2)
ASKED = definition("sql", first("asked"))
BOTH = Scorecard(definitions=(MADE, ASKED))


def row(found, entity_id):
    return found.rows.filter(pl.col("entity_id") == entity_id).row(0, named=True)


def test_definitions_stand_side_by_side_and_the_first_one_met_counts():
    found = board(
        activity((9, "a", "ana", "made"), (8, "a", "ana", "made"), (5, "a", "bo", "asked"), (4, "b", "cy", "made")),
        BOTH,
    )
    a, b = row(found, "a"), row(found, "b")
    assert (a["state"], a["by"], a["missing"]) == ("ready", "pql", [])
    assert a["reached_at"] == a["pql_at"] == datetime(2026, 3, 23, tzinfo=UTC)
    assert a["sql_at"] == datetime(2026, 3, 26, tzinfo=UTC)
    assert (b["state"], b["by"], b["reached_at"]) == ("waiting", "pql", None)
    assert b["missing"] == ["made ≥ 2, now 1"]
    earlier = row(board(activity((9, "a", "ana", "asked"), (8, "a", "bo", "made")), BOTH), "a")
    assert (earlier["by"], earlier["pql_at"]) == ("sql", None)


def test_who_hangs_on_weak_evidence_is_for_review():
    weak = board(activity((9, "a", "ana", "made"), (8, "a", "ana", "made", 4.5), (7, "a", "ana", "made", 6.5)), BOTH)
    a = row(weak, "a")
    assert (a["state"], a["reached_at_strict"]) == ("review", None)
    assert (a["weakest_rule"], a["weakest_weight"]) == ("device", 4.5)
    assert a["reasons"][-1] == "? hangs on uncertain identity (device, weight 4.5): without it, not qualified"
    (doubt,) = weak.reasons.filter(pl.col("kind") == "identity").to_dicts()
    assert doubt["evidence"] == ["2"]


@pytest.mark.parametrize(("sure", "state"), [(8.0, "ready"), (8.5, "review")])
def test_how_sure_is_sure_is_said_by_the_card(sure, state):
    rows = [(9, "a", "ana", "made"), (8, "a", "ana", "made", 8.0)]
    a = row(board(activity(*rows), Scorecard(definitions=(MADE,), sure=sure)), "a")
    assert (a["state"], a["weakest_weight"]) == (state, 8.0)


def test_what_is_not_sure_does_not_look_as_if_it_were():
    rows = [(9, "a", "ana", "made"), (8, "a", "ana", "made", 9.99)]
    a = row(board(activity(*rows), BOTH), "a")
    assert a["reasons"][-1].startswith("? hangs on uncertain identity (device, weight 9.9)")


def test_a_board_counts_its_states_where_it_is_shown():
    rows = [(9, "a", "ana", "asked"), (9, "b", "bo", "made"), (9, "c", "cy", "made")]
    assert repr(board(activity(*rows), BOTH)) == "<Board: 1 ready, 2 waiting; by account, as of 2026-03-31 00:00>"
    started = definition("pql", first("asked"), among=first("signed_up"))
    nobody = board(activity(*rows), Scorecard(definitions=(started,)))
    assert repr(nobody) == "<Board: nobody; by account, as of 2026-03-31 00:00>"


def test_who_would_be_ready_without_the_weak_link_is_ready():
    rows = [(9, "a", "ana", "made", 3.0), (8, "a", "ana", "made"), (7, "a", "ana", "made")]
    a = row(board(activity(*rows), BOTH), "a")
    assert (a["state"], a["weakest_rule"]) == ("ready", None)
    assert a["reached_at_strict"] > a["reached_at"]


def test_who_can_qualify_no_more_is_told_from_who_waits():
    week = definition("pql", (count("made") >= 2).within("7d", of=first("signed_up")))
    rows = [(20, "late", "ana", "signed_up"), (3, "soon", "bo", "signed_up"), (20, "asks", "cy", "signed_up")]
    found = board(activity(*rows), Scorecard(definitions=(week,)))
    assert dict(found.rows.select("entity_id", "state").iter_rows()) == {
        "soon": "waiting",
        "late": "missed",
        "asks": "missed",
    }
    assert row(found, "late")["readiness"] == 0.5  # it uses the product, and is not near
    both = board(
        activity(*rows, (1, "asks", "cy", "made")),
        Scorecard(definitions=(week, MADE.model_copy(update={"name": "mql"}))),
    )
    assert row(both, "asks")["state"] == "waiting"
    assert (row(both, "asks")["by"], row(both, "asks")["missing"]) == ("mql", ["made ≥ 2, now 1"])


def test_vetoed_and_won():
    struggling = definition("pql", (count("made") >= 1).unless(count("ticket") >= 2))
    card = Scorecard(definitions=(struggling,), won=first("paid"))
    rows = [(9, "a", "ana", "ticket"), (8, "a", "ana", "ticket"), (7, "a", "ana", "made")]
    found = board(activity(*rows, (9, "b", "bo", "made"), (2, "b", "bo", "paid"), (1, "c", "cy", "made")), card)
    assert found.rows.select("entity_id", "state").rows() == [("c", "ready"), ("a", "vetoed"), ("b", "won")]
    assert row(found, "a")["reasons"] == ["− 2 ticket"]
    assert row(found, "b")["won_at"] == datetime(2026, 3, 29, tzinfo=UTC)


AHA, FIRST_TICKET = count("made") >= 1, first("ticket")
VETOED = {
    "named": AHA.unless(FIRST_TICKET).named("aha"),
    "within": AHA.unless(FIRST_TICKET).within("30d", of=FIRST_TICKET),
    "then": FIRST_TICKET.then(AHA.unless(FIRST_TICKET)),
    "beside another": (AHA.unless(FIRST_TICKET) & FIRST_TICKET).unless(first("left")),
}


@pytest.mark.parametrize("where", VETOED)
def test_a_veto_is_one_wherever_it_stands(where):
    happened = activity((9, "a", "ana", "ticket"), (8, "a", "ana", "ticket"), (7, "a", "ana", "made"))
    found = board(happened, definition("pql", VETOED[where]))
    first_that_counts = 8 if where == "then" else 9
    assert found.rows.select("state", "vetoed_at").rows() == [("vetoed", NOW - timedelta(days=first_that_counts))]


ENTITIES_KNOWN = [
    ("account", "a", None, "Acme", "crm:a"),
    ("account", "b", None, "Beta", "crm:b"),
    ("person", "ana", "a", "Ana Silva", "crm:ana"),
    ("person", "bo", "a", "bo@acme.io", None),
    ("person", "cy", "a", "Cy Lee", "crm:cy@acme.io"),
    ("person", "di", "b", "Di Ray", "crm:di"),
]
ROWS = [(9, "a", "ana", "made"), (8, "a", "ana", "invited"), (3, "a", "bo", "made"), (40, "b", "di", "made")]


def test_a_board_is_explained_in_words():
    card = Scorecard(definitions=(MADE, ASKED), engagement=points({"made": 2, "invited": 1}, window="28d"))
    found = board(activity(*ROWS, entities=ENTITIES_KNOWN), card)
    assert found.explain("a") == dedent("""\
        Acme: ready, since 28 March 2026; score 1.00
          + pql since 28 March 2026: 2 made
          people using it: 2 (2 active, 0 before); tenants: 0
          champion: Ana Silva, 60% of use, invited 1 (crm:ana)
          also: b…@acme.io, 40% of use (not in the CRM)
          not using it yet: Cy Lee (crm:c…@acme.io)""")
    assert found.explain("b").startswith("Beta: waiting, nearest to pql; score ")
    assert "  next: made ≥ 2, now 1" in found.explain("b")
    a = row(found, "a")
    assert (a["crm_id"], a["champion"], a["champion_id"]) == ("crm:a", "Ana Silva", "ana")
    assert (a["reach"], a["not_using"]) == (["crm:ana"], ["crm:cy@acme.io"])
    assert found.reasons.filter(pl.col("kind") == "reached")["evidence"].to_list() == [["1", "3"]]
    with pytest.raises(NotFoundError, match="no account 'x'"):
        found.explain("x")


def test_the_evidence_is_that_of_the_branch_by_which_it_came():
    rows = [(9, "a", "ana", "made"), (8, "a", "ana", "asked", 3.0), (7, "a", "ana", "made"), (6, "a", "ana", "made")]
    either = Scorecard(definitions=(definition("pql", (count("made") >= 2) | (count("asked") >= 2)),))
    found = board(activity(*rows), either)
    assert found.reasons.filter(pl.col("kind") == "reached")["evidence"].to_list() == [["1", "3"]]
    assert row(found, "a")["weakest_weight"] is None


def test_fit_ranks_and_hides_nobody():
    told = pl.DataFrame(
        {"level": ["account"] * 2, "entity_id": ["a", "b"], "name": ["seats"] * 2, "value": ["9", "90"]}
    )
    rows = [(day, firm, f"{firm}{day}", "made") for firm in "abc" for day in (1, 2)]
    card = Scorecard(definitions=(MADE,), fit=fit(attribute("seats") >= 50))
    found = board(activity(*rows, facts=told), card)
    assert found.rows["entity_id"].to_list() == ["b", "c", "a"]  # nothing is known of c, which is no bad fit
    assert found.rows.select("fit", "fit_known").rows() == [(1.0, 1.0), (0.0, 0.0), (0.0, 1.0)]


def test_people_and_tenants_are_boards_too():
    person = Scorecard(definitions=(definition("pql", first("made"), level="person"),))
    found = board(activity(*ROWS, entities=ENTITIES_KNOWN), person)
    assert row(found, "ana")["state"] == "ready"
    assert row(found, "ana")["crm_id"] == "crm:ana"
    assert found.explain("bo").splitlines()[0].startswith("b…@acme.io: ready, since 28 March 2026")


def test_as_of_an_earlier_time():
    found = board(activity(*ROWS, entities=ENTITIES_KNOWN), BOTH, as_of="2026-03-25")
    assert row(found, "a")["state"] == "waiting"


_EVENT = st.tuples(
    st.integers(0, 60),
    st.sampled_from("abc"),
    st.sampled_from(["ana", "bo", None]),
    st.sampled_from(["made", "asked", "invited"]),
    st.sampled_from([None, None, 5.0, 11.0]),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(_EVENT, min_size=1, max_size=25))
def test_scores_are_potential_times_readiness_and_states_follow_from_times(events):
    steps = checklist(*map(first, ("made", "asked", "invited", "x", "y")))
    card = Scorecard(definitions=(MADE, ASKED), activation=steps, engagement=points({"made": 1, "invited": 2}))
    found = board(activity(*events), card)
    assert set(found.rows["entity_id"]) == {account for _, account, *_ in events}
    assert found.rows["entity_id"].is_unique().all()
    for one in found.rows.to_dicts():
        assert one["score"] == one["potential"] * one["readiness"]
        assert 0 <= one["potential"] <= 1
        assert 0 <= one["readiness"] <= 1
        assert one["reached_at"] == min(filter(None, (one["pql_at"], one["sql_at"])), default=None)
        sure = [
            (day, event) for day, account, _, event, weight in events if account == one["entity_id"] and weight != 5.0
        ]
        is_sure = sum(event == "made" for _, event in sure) >= 2 or any(event == "asked" for _, event in sure)
        expected = "waiting" if one["reached_at"] is None else "ready" if is_sure else "review"
        assert one["state"] == expected


# Files


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_board_is_written_for_its_owner_alone(tmp_path, ending):
    rows = [(1, "=acme", "ana", "made"), (2, "=acme", "ana", "made")]
    path = board(activity(*rows), BOTH).write(tmp_path / "new" / f"board.{ending}")
    path = board(activity(*rows), BOTH).write(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    written = pl.read_csv(path) if ending == "csv" else pl.read_parquet(path)
    assert written["entity_id"].to_list() == ["'=acme" if ending == "csv" else "=acme"]
    assert [item.name for item in path.parent.iterdir()] == [path.name]


def test_what_is_no_table_is_not_written(tmp_path):
    found = board(activity((1, "a", "ana", "made")), BOTH)
    with pytest.raises(OutputError, match=r"neither CSV nor Parquet"):
        found.write(tmp_path / "board.xlsx")
    (tmp_path / "board.csv").mkdir()
    with pytest.raises(OutputError, match="left alone"):
        found.write(tmp_path / "board.csv")
    (tmp_path / "deals.csv").write_text("name,amount\nacme,9\n")
    with pytest.raises(OutputError, match="left alone"):
        found.write(tmp_path / "deals.csv")
    assert (tmp_path / "deals.csv").read_text() == "name,amount\nacme,9\n"


CARD = """
definitions:
  - {name: pql, version: 1, level: account, when: busy}
  - {name: sql, version: 1, level: account, when: {first: asked}, among: busy}
moments:
  busy: {count: made, at_least: 2}
engagement: {points: {made: 2}, window: 14d, cap: 0.8}
activation: {checklist: [busy, {first: b}, {first: c}, {first: d}, {first: e}], among: {first: signed_up}}
fit:
  traits:
    - {when: {attribute: industry, is_in: [software]}, points: 2}
    - {when: {first: connected}}
won: {first: paid}
sure: 9
"""


def test_a_scorecard_in_yaml_is_the_same_as_in_python():
    busy = (count("made") >= 2).named("busy")
    assert Scorecard.parse(CARD) == Scorecard(
        definitions=(definition("pql", busy), definition("sql", first("asked"), among=busy)),
        engagement=points({"made": 2}, window="14d", cap=0.8),
        activation=checklist(busy, *map(first, "bcde"), among=first("signed_up")),
        fit=fit((attribute("industry").is_in(["software"]), 2), first("connected")),
        won=first("paid"),
        sure=9,
    )


def test_a_definition_alone_is_a_scorecard(tmp_path):
    (tmp_path / "pql.yaml").write_text(MADE.to_yaml())
    assert Scorecard.from_yaml(tmp_path / "pql.yaml") == Scorecard(definitions=(MADE,))
    assert board(activity(*ROWS), MADE).rows.equals(board(activity(*ROWS), Scorecard(definitions=(MADE,))).rows)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("when: busy", "when: busyy", "line 3: there is no moment 'busyy'; near it: 'busy'"),
        ("level: account, when: {", "level: person, when: {", "of one level, not of account and person"),
        ("name: sql", "name: pql", "'pql' is taken"),
        ("name: sql", "name: won", "'won' is taken"),
        ("at_least: 2", "at_least: null", "line 6: busy: at_least: null is not zero"),
        ("cap: 0.8", "cap: 80", "line 7: cap: "),
        ("{first: b}", "{frist: b}", "line 8: "),
        ("points: 2}", "points: 0}", "line 11: points: "),
        ("sure: 9", "sure: 9\nlooks: nice", "line 15: looks: "),
        ("when: {first: asked}", "where: {first: asked}", "line 4: "),
    ],
)
def test_faults_of_a_scorecard_name_their_line(old, new, problem):
    with pytest.raises(ConfigError) as error:
        Scorecard.parse(CARD.replace(old, new), "card.yaml")
    assert problem in str(error.value)
    assert str(error.value).startswith("card.yaml, line ")


def test_names_that_never_occur_beside_the_definitions_are_warned_of():
    card = Scorecard.parse("""
definitions:
  - {name: pql, version: 1, level: account, when: {count: made, at_least: 2}}
engagement:
  points:
    made: 2
    inivted: 1
won: {first: paid}
""")
    with pytest.warns(UserWarning, match="inivted"):
        said = card.check(activity(*ROWS))
    assert said == [
        "scorecard, line 7: there is no event 'inivted'; near it: 'invited'",
    ]  # nobody may have bought yet
