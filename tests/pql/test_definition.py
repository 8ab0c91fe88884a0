"""What a definition says of its leads, and what it refuses to mean."""

import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from jsonschema import Draft202012Validator

import idgraph
from idgraph.datasets import CARD
from idgraph.errors import ConfigError, NotFoundError
from idgraph.pql import (
    Activity,
    Definition,
    Scorecard,
    at_least,
    attribute,
    count,
    first,
    json_schema,
    share_of,
    since,
    time_to,
    total,
)
from idgraph.pql.activity import ENTITIES
from idgraph.pql.reading import read

HEAD = "name: ready\nversion: 2026-11\nlevel: account\n"


def activity(strict=True):
    rows = [
        ("2026-03-01", "ana", "acme", "signed_up"),
        ("2026-03-02", "ana", "acme", "project"),
        ("2026-03-03", "bo", "acme", "project"),
        ("2026-03-04", "ana", "acme", "project"),
        ("2026-03-05", "ana", "acme", "ticket"),
        ("2026-03-01", "cy", "beta", "signed_up"),
        ("2026-03-20", "cy", "beta", "project"),
        ("2026-03-21", "di", "core", "project"),
        ("2026-04-01", "di", "core", "login"),
    ]
    frame = pl.DataFrame(rows, schema=["at", "who", "org", "event"], orient="row")
    made = Activity.from_frame(frame, person="who", account="org")
    if strict:
        return made
    doubtful = (pl.col("person_id") == "bo").not_()
    return Activity(made.history.with_columns(strict=doubtful), made.told, made.entities, made.now)


def definition(when, **more):
    return Definition(name="ready", version="1", level="account", when=when, **more)


def day(number, month=3):
    return datetime(2026, month, number, tzinfo=UTC)


PROJECTS = (count("project") >= 3).within("7d", of=first("signed_up")).named("projects")


def test_the_board_says_who_when_through_what_and_what_is_missing():
    ready = definition((PROJECTS | (count("login") >= 2)).unless(count("ticket") >= 1))
    board = ready.run(activity())
    assert board.to_dicts() == [
        {
            "entity_id": "acme", "reached_at": day(4), "via": "projects", "missing": [], "missed": False,
            "vetoed_at": day(5), "reached_at_strict": day(4), "people": ["ana", "bo"],
        },
        {
            "entity_id": "beta", "reached_at": None, "via": None,
            "missing": ["login ≥ 2, now 0"], "missed": False, "vetoed_at": None,
            "reached_at_strict": None, "people": ["cy"],
        },
        {
            "entity_id": "core", "reached_at": None, "via": None, "missing": ["first signed_up"], "missed": False,
            "vetoed_at": None, "reached_at_strict": None, "people": ["di"],
        },
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("when", "missed"),
    [
        (PROJECTS, {"beta"}),
        (PROJECTS.named("a") & first("login"), {"beta"}),
        (PROJECTS | first("logout"), set()),
        (at_least(2, PROJECTS, first("logout"), first("login")), set()),
        (at_least(3, PROJECTS, first("logout"), first("login")), {"beta"}),
        (first("login").then(PROJECTS), set()),  # whoever signs up again
        (PROJECTS.then(first("login")), {"beta"}),
        (first("logout").unless(first("ticket")), {"acme"}),
        (first("logout").within(until=first("ticket")), {"acme"}),
        (first("logout").within("1d", of=PROJECTS), {"acme", "beta"}),
        ((count("project") >= 9).in_any("1d"), set()),
    ],
)
@pytest.mark.filterwarnings("ignore:.*there is no event 'logout'")
def test_what_can_come_no_more_is_missed(when, missed):
    board = definition(when).run(activity())
    assert set(board.filter("missed")["entity_id"]) == missed


def test_as_of_nothing_later_is_known():
    board = definition(count("project") >= 3).run(activity(), as_of="2026-03-03T12:00")
    assert board.select("entity_id", "missing").rows()[0] == ("acme", ["project ≥ 3, now 2"])


def test_what_came_stays_reached_and_may_no_longer_stand():
    busy = definition((count("project") >= 2).in_any("7d"))
    assert busy.reached(activity()).rows() == [("acme", day(3))]
    assert busy.standing_at(activity(), "2026-03-08")["entity_id"].to_list() == ["acme"]
    assert busy.standing_at(activity(), "2026-03-20")["entity_id"].to_list() == []
    paused = definition((count("project") >= 1).unless(since("project") >= "14d"))
    assert paused.standing_at(activity(), "2026-03-22")["entity_id"].to_list() == ["beta", "core"]


def test_without_doubtful_events_it_may_come_later_or_never():
    board = definition(count("project") >= 2).run(activity(strict=False))
    assert board.select("entity_id", "reached_at", "reached_at_strict").rows()[0] == ("acme", day(3), day(4))


def test_what_always_held_is_reached_with_the_first_event():
    facts = pl.DataFrame(
        {"level": ["account"] * 2, "entity_id": ["acme", "new"], "name": ["city"] * 2, "value": ["Rome"] * 2}
    )
    frame = pl.DataFrame({"at": ["2026-03-02", "2026-03-09"], "event": ["login"] * 2, "org": ["acme", "beta"]})
    romans = definition(attribute("city").is_in(["Rome"]))
    found = romans.reached(Activity.from_frame(frame, account="org", facts=facts))
    assert dict(found.iter_rows()) == {"acme": day(2), "new": day(9)}


def test_an_explanation_goes_down_to_the_events():
    why = definition(at_least(1, PROJECTS, first("project").by(users=2))).explain(activity(), "acme")
    assert str(why).splitlines() == [
        "2026-03-03 00:00  1 of (projects; 2 people each: first project)",
        "  2026-03-04 00:00  projects: project ≥ 3 within 7d of first signed_up",
        "    2026-03-04 00:00  project ≥ 3, now 3 [2, 3, 4]",
        "    2026-03-01 00:00  first signed_up [1]",
        "  2026-03-03 00:00  2 people each: first project",
        "    2026-03-02 00:00  ana: first project [2]",
        "    2026-03-03 00:00  bo: first project [3]",
    ]
    with pytest.raises(NotFoundError, match="there is no account 'acne'"):
        definition(first("login")).explain(activity(), "acne")


def test_a_difference_names_the_condition_that_made_it():
    older, newer = definition(PROJECTS), definition((count("project") >= 1) & (count("login") >= 1))
    changed = newer.diff(older, activity()).select("entity_id", "change", "because").rows()
    assert changed == [("core", "gained", ["first signed_up"]), ("acme", "lost", ["login ≥ 1, now 0"])]
    with pytest.raises(ConfigError, match="of level account, the other of person"):
        newer.diff(Definition(name="p", version="1", level="person", when=PROJECTS), activity())


def test_an_event_that_never_occurs_is_warned_of():
    with pytest.warns(UserWarning, match="there is no event 'projects'; near it: 'project'"):
        definition(count("projects") >= 1).run(activity())


FACTS = pl.DataFrame(
    {"level": ["account", "tenant"], "entity_id": ["acme", "t1"], "name": ["seats", "plan"], "value": ["5", "free"]}
)
WRONG = """
name: wrong
version: 1
level: account
when:
  all:
    - name: projects
      what: {first: projects}
    - {distinct: invite, property: invited, at_least: 1}
    - count: invite
      where:
        adress: x
      at_least: 1
    - {share_of: {count: invite}, limit: seat, at_least: .5}
    - {attribute: plan, is_in: [free]}
"""


def test_names_that_never_occur_are_warned_of_with_their_lines():
    read = Definition.parse(WRONG, "wrong.yaml")
    events = pl.DataFrame({"at": ["2026-01-05"], "event": ["invite"], "who": ["acme"], "invitee": ["bo"]})
    known = Activity.from_frame(events, account="who", properties=["invitee"], facts=FACTS)
    with pytest.warns(UserWarning, match="wrong.yaml, line"):
        said = read.check(known)
    assert said == [
        "wrong.yaml, line 8: there is no event 'projects'",
        "wrong.yaml, line 12: no invite has a property 'adress'",
        "wrong.yaml, line 9: no invite has a property 'invited'; near it: 'invitee'",
        "wrong.yaml, line 15: nothing is known of any account as 'plan'; it is known of the level tenant",
        "wrong.yaml, line 14: nothing is known of any account as 'seat'; near it: 'seats'",
    ]
    assert Definition.parse(read.to_yaml()) == read  # where it was read is no part of it


def test_the_hash_is_of_what_it_means():
    one = definition(PROJECTS)
    assert one.hash == one.model_copy(update={"name": "other", "version": "2"}).hash
    assert one.hash != definition(PROJECTS, among=first("login")).hash


def test_moments_of_a_file_are_named_once():
    ready = Definition.parse(
        HEAD
        + "among: signup\nwhen: {any: [projects, {first: demo}]}\nmoments:\n  signup: {first: signed_up}\n"
        + "  projects: {what: {count: project, at_least: 3}, within: 7d, of: signup}\n"
    )
    signup = first("signed_up").named("signup")
    projects = (count("project") >= 3).within("7d", of=signup).named("projects")
    assert ready == Definition(
        name="ready", version="2026-11", level="account", when=projects | first("demo"), among=signup
    )


def test_texts_stay_texts(tmp_path):
    path = tmp_path / "pql.yaml"
    path.write_text(
        HEAD.replace("ready", "NO") + "when: {first: login, where: {a: NO, b: '1', c: true, d: 2026-11-01}}"
    )
    read = Definition.from_yaml(path)
    assert (read.name, read.version) == ("NO", "2026-11")
    assert read.when == first("login", a="NO", b="1", c=True, d="2026-11-01")
    assert Definition.parse(read.to_yaml()) == read


REPEATED = "\n".join(f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]" for before, name in ("ab", "bc", "cd", "de"))


@pytest.mark.parametrize(
    ("rest", "said"),
    [
        ("when:\n  what: {first: a}\n  within: 7d", "line 6: within: a window needs an anchor: 7d of what"),
        ("moments:\n  a:\n    all: [b]\n  b:\n    any:\n      - a\nwhen: a", "line 9: .*'a' needs itself: a → b → a"),
        ("when:\n  any: [projcts]\nmoments: {projects: {first: x}}", "line 5: .*'projcts'; near it: 'projects'"),
        ("when:\n  cuont: a\n  at_least: 3", "line 4: when: there must be one of the keys .*near it: 'count'"),
        ("when:\n  share_of: {count: a}\n  at_least: .8\n  limit:", "line 7: limit: null is no limit"),
        ("when:\n  count: a\n  at_least:", "at_least: null is not zero"),
        ("when: {count: a, at_least: 80%}", "^definition, line 4: when: '80%' is no number [^;]*$"),
        ("when: {time_to: {count: a}, limit: 0, at_most: 3d}", "^definition, line 4: limit: 0 is no limit: [^;]*$"),
        ("when: {share_of: {count: a}, at_least: .8}", "line 4: limit: it is missing"),
        ("when: {what: {first: a}, in_any: 7 days}", "line 4: in_any: a length of time is a whole number with s, m"),
        ("when:\n  first: a\n  first: b", "line 6: the key 'first' is there twice"),
        ("when:\n  - count: a", "line 4: when: there must be one of the keys"),
        ("when: {count: a, at_least: 3, at_most: 5}", "line 4: when: a measure is compared by exactly one of"),
        ("when: {count: a, at_most: 5}", "line 4: when: count is compared by at_least or more_than, not at_most"),
        ("when: {count: a, at_least: 0}", "line 4: when: count is never less than 0"),
        ("when: {since: a, at_least: 5}", "line 4: when: since is compared with a duration such as 14d, not 5"),
        ("when: {what: {since: a, at_least: 5d}, in_any: 9d}", "since has its own time and cannot stand inside in_any"),
        ("when: !!python/object/apply:os.system [ls]", "line 4: the tag .*os.system is not read"),
        ("when: &a\n  all: [*a]", "do aliases repeat each other"),
        (f"a: &a [x, x]\n{REPEATED}\nwhen: {{first: x}}", "line .: more than 10,000 parts"),
        ("when: [", "line 4: it is no YAML"),
        ("when: {first: x}\nleft_over: 1", "line 5: left_over: there is no such key here"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_line(rest, said):
    with pytest.raises(ConfigError, match=said):
        Definition.parse(HEAD + rest)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEAD.replace("account", "acount") + "when: {first: x}", "line 3: level: Input should be 'person'"),
        (HEAD.replace("account", "person") + "when: {what: {first: x}, users: 2}", "by lifts people"),
        ("- a", "line 1: a definition is a mapping"),
        ("name: " + "x" * 2_000_000, "larger than 1,048,576 bytes"),
    ],
)
def test_what_is_no_definition_is_refused(text, said):
    with pytest.raises(ConfigError, match=said):
        Definition.parse(text)


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (lambda: first("a").within("7d"), "a window needs an anchor"),
        (lambda: first("a").by(), "say either users or share"),
        (lambda: share_of(count("a"), None), "null is no limit"),
        (lambda: at_least(3, first("a"), first("b")), "3 of 2 can never be"),
        (lambda: time_to(total("a", "b"), "cap") >= "3d", "time_to is compared by at_most"),
        (lambda: Definition(name="a", version="1", level="acct", when=first("a")), "definition: level: Input should"),
        (lambda: Definition(name="a", version="1", level="account"), "definition: when: Field required"),
        (lambda: Scorecard(definitions=()), "a scorecard without definitions asks nothing"),
    ],
)
def test_python_refuses_the_same(made, said):
    with pytest.raises(ConfigError, match=said):
        made()


@pytest.mark.parametrize("kind", [Definition, Scorecard])
def test_the_schema_that_is_shipped_is_the_one_of_the_code(kind):
    shipped = Path(idgraph.__file__).parent / "pql" / f"{kind.kind}.schema.json"
    assert shipped.read_text("utf-8") == json_schema(kind)


def test_the_schema_knows_what_may_stand_where():
    schema = Draft202012Validator(json.loads(json_schema(Scorecard)))
    text = CARD.read_text("utf-8")
    schema.validate(read(text, "card").said)
    for old, new in (("at_least: 3", "at_leats: 3"), ("any: [aha, quota]", "any: 3"), ("points: {", "worth: {")):
        assert not schema.is_valid(read(text.replace(old, new), "card").said), new


def test_a_person_did_what_they_qualified_by():
    board = Definition(name="busy", version="1", level="person", when=count("project") >= 2).run(activity())
    assert board.select("entity_id", "people").rows()[0] == ("ana", ["ana"])


@pytest.mark.parametrize("level", ["account", "parent"])
def test_a_share_is_of_all_who_are_known_to_be_there(level):
    rows = [("2026-03-01", who, firm, "top", "login") for who, firm in (("ana", "acme"), ("bo", "beta"))]
    frame = pl.DataFrame(rows, schema=["at", "who", "firm", "owner", "event"], orient="row")
    made = Activity.from_frame(frame, person="who", account="firm", parent="owner")
    cy = pl.LazyFrame([("person", "cy", "acme", None, None, None)], schema=ENTITIES, orient="row")
    known = replace(made, entities=pl.concat([made.entities, cy]))
    half, most = ((count("login") >= 1).by(share=share) for share in (0.5, 0.7))
    asked = [Definition(name="x", version="1", level=level, when=when).reached(known) for when in (half, most)]
    everyone = {"account": ["acme", "beta"], "parent": ["top"]}
    assert sorted(asked[0]["entity_id"]) == everyone[level]
    assert asked[1]["entity_id"].to_list() == (["beta"] if level == "account" else [])


def test_words_that_modules_are_called_too_are_words():
    lines = "import idgraph.pql.forecast, idgraph.pql.board\nfrom idgraph.pql import archetypes, board, forecast\n"
    called = f"{lines}print(*(callable(word) for word in (archetypes, board, forecast)))"
    said = subprocess.run([sys.executable, "-c", called], capture_output=True, check=True, text=True)
    assert said.stdout.split() == ["True"] * 3
