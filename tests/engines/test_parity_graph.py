"""Invariant 9 on one dense world: constraints, judgements, ids, devices over time, and all that a graph is asked.

A resolve takes Spark most of a minute, so the stories of `tests/test_scenarios.py` and a few of our own share one run:
none of their values meet.
"""

import runpy
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import idgraph as ig
from idgraph.engines import engine_for

pytestmark = pytest.mark.spark

STORIES = runpy.run_path(str(Path(__file__).parents[1] / "test_scenarios.py"))
WHO = ("user", "device", "email", "phone")
CONFIG = ig.Config.model_validate(
    {
        "types": [
            {"name": "app.user_id", "unique": "entity", "unique_days": 30},
            {"name": "billing.customer_id", "unique": "source"},
            {"name": "billing.customer_id", "level": "account", "unique": "entity"},
        ],
        "cardinality": [{"of": "email", "to": "stripe.customer_id", "at_most": 2}],
        "most_parts": 20,
    }
)


def table(columns, *rows):
    """Rows of texts; what they do not reach, and `-`, is null."""
    names = columns.split()
    cells = [[None if cell == "-" else cell for cell in row.split(" ")] for row in rows]
    return [dict(zip(names, row + [None] * (len(names) - len(row)), strict=True)) for row in cells]


USERS = table(
    "id at email device phone stripe tenant name updated",
    # one user id a person, unless they are seen long after each other
    "s1 2026-01-01 swap@long.io",
    "s2 2026-03-05T07:30:00 swap@long.io",
    "s3 2026-01-01T10:00:00.000001 swap@soon.io",
    "s4 2026-01-31T10:00:00 swap@soon.io",
    "s5 - swap@soon.io",
    # names that do not hang together
    "n1 2026-01-02 crew@names.io - - - t1 Ana_Silva",
    "n2 2026-01-03 crew@names.io - - - t1 Bo_Larsen",
    # a company's people, and the domain of most of them
    "a1 2026-01-01 ana@acme.io - - - t1 Ana_Alba",
    "a2 2026-01-01T23:30:00-05:00 bo@acme.io - - - t1 Bo_Berg",
    "a3 soon cy@beta.de - - - t2 Cy_Cole",
    "a4 2026-01-05 di@gamma.com - - - t2",
    "a5 2026-01-06 ed@gamma.com - - - t9",
    # a row that was changed: the older one is a dated identifier
    "v1 2026-01-01 old@version.io - - - - - 2026-01-02",
    "v1 2026-01-01 new@version.io - - - - - 2026-01-09",
    # nobody
    "- 2026-01-01 nobody@long.io",
)
CONTACTS = table(
    "id at email phone customer stripe account name master deleted",
    *(f"w{n} 2026-01-03 - - - st{n}" for n in (1, 2)),
    # one customer id in each source
    "c1 2026-01-01 bill@unique.io - k1",
    "c2 2026-01-02 bill@unique.io - k2",
    # an address meets two customers at most
    "m1 2026-01-01 desk@seats.io - - st11",
    "m2 2026-01-02 desk@seats.io - - st12",
    "m3 2026-01-03 desk@seats.io - - st13",
    "m4 2026-01-04 desk@seats.io - - st14",
    # what the system merged, what it deleted, and the last known address of one who has several
    "a1 2026-01-05T00:00:00.250 ana@acme.io - - - 1 Ana_Alba",
    "a2 2026-01-05T00:00:00.750 ana.alba@acme.io - - - 1 Ana_Alba a1 true",
    "a3 2026-01-07 null - - - 3 Cy_Cole",
    # judged
    *(f"j{n} 2026-01-{n + 1:02} judged@same.io" for n in (1, 2, 3)),
    *(f"j{n} 2026-01-{n + 1:02} j{n}@same.io" for n in range(4, 10)),
)
LEADS = table(
    "id at email phone stripe device status contact",
    # two dense groups, and a weak value between them
    *(f"w{n} 2026-01-04 - +14157770001 st{n % 2 + 1}" for n in range(4)),
    "a1 2026-01-06 bo@acme.io - - - Converted a9",
    "a2 2026-01-08 Cy@Beta.de;ed@gamma.com - - - Open",
    # a chain of weak evidence, longer than anybody is
    *(f"x{n} 2026-01-{1 + n:02} - +1415888{n // 2:04} - chained-{(n + 1) // 2:04}" for n in range(28)),
)
VISITS = table(
    "at user device email phone cookie",
    # Ana and then Bo on one laptop, and who was there in between
    *(f"2026-01-{day:02} {user} laptop-01" for user, days in (("s1", (5, 10)), ("a2", (20, 25))) for day in days),
    *(f"2026-01-{day:02}T12:00:00.5 - laptop-01 - - c00kie-{day}" for day in (2, 7, 15, 22, 25, 28)),
    "2026-01-25T00:10:00 - laptop-01 - - c00kie-0",
    "2026-01-08 - laptop-02 - - c00kie-7",
    "2026-01-08",
)
ACCOUNTS = table(
    "id at domain name parent customer master",
    "1 2026-01-01 acme.io Acme_Inc",
    "2 2026-01-02 https://www.acme.io/x Zenith_Ltd",
    "3 2026-01-03 beta.de Beta - b1",
    "4 2026-01-04 beta.de Beta_GmbH 3 b2",
    "5 - gmail.com Epsilon 8",
    "6 2026-01-05 gamma.com Gamma - g1",
    "7 2026-01-06 gamma.com Gamma - g2",
    "9 2026-01-07 delta.fr Delta - - 6",
)
TENANTS = table("id at name", "t1 2026-01-01 Acme", "t2 - Beta", "t3 2026-01-04 Delta")
JUDGEMENTS = table(
    "left_id right_id verdict by at why revoked_at",
    "crm_contacts:j1 crm_contacts:j2 different ana 2026-01-10 -",
    "crm_contacts:j4 crm_contacts:j5 same ana 2026-01-11 phoned",
    "crm_contacts:j5 crm_contacts:j6 same rule:x 2026-01-12 -",
    "crm_contacts:j4 crm_contacts:j6 different bo 2026-01-13 -",
    "crm_contacts:j6 crm_contacts:j7 unsure ana - -",
    "crm_contacts:j7 crm_contacts:j8 same ana 2026-01-11 - 2026-01-20",
    "crm_contacts:j8 crm_contacts:gone same ana - -",
    "crm_contacts:gone crm_contacts:j9 same source:crm - -",
    "crm_accounts:1 crm_accounts:2 different ana 2026-01-10 -",
    "crm_accounts:3 crm_accounts:4 same ana 2026-01-10 -",
)


def told(story, number, batches):
    """The rows of a story's first batches by table; no other story has their values."""
    for _, row in STORIES["arrived"](story, range(batches)):
        user, device, email, phone = row.values
        cells = {
            "user": user and f"{user}_{number}",
            "device": device and f"{device}-{number}",
            "email": email and email.replace("@acme", f"@story{number}"),
            "phone": phone and phone.replace("+1415555", f"+1415{600 + number}"),
        }
        id = f"{row.native_id}_{number}" if row.table == "app_users" else f"{number}-{row.native_id}"
        yield row.table, {"id": id, "at": row.at, **cells}


def sources(given, *, first=False):
    """The world as tables that `given` makes of frames; or what of it was there at first."""
    rows = {"web_events": [], "app_users": [], "crm_leads": []}
    for number, story in enumerate(STORIES["STORIES"].values()):
        for name, row in told(story, number, len(story.batches) - 1 if first else len(story.batches)):
            rows[name].append(row)
    half = slice(None, None, 2 if first else 1)
    rows["app_users"] += USERS[half]
    rows["crm_leads"] += LEADS[half]
    rows["web_events"] += VISITS
    rows |= {"crm_contacts": CONTACTS[half], "crm_accounts": ACCOUNTS, "app_tenants": TENANTS}

    def data(name, columns, instead=(), **made):
        schema = dict.fromkeys(columns.split(), pl.String)
        frame = pl.DataFrame([{key: row.get(key) for key in schema} for row in rows[name]], schema=schema)
        named = frame.with_columns(pl.col("^name$").str.replace_all("_", " ", literal=True))
        return given(named.with_columns(**made).drop(instead))

    who = {"email": "email", "phone": "phone", "stripe.customer_id": "stripe"}
    named = {"full_name": "name"}
    return [
        ig.Source(
            "web_events",
            kind="visitor",
            data=data("web_events", "at user device email phone cookie"),
            time="at",
            identifiers={
                "app.user_id": "user",
                "device": "device",
                "email": "email",
                "phone": "phone",
                "hubspotutk": "cookie",
            },
        ),
        ig.Source(
            "app_users",
            kind="user",
            data=data(
                "app_users",
                "id at email device phone stripe tenant name updated",
                instead=["email", "device"],
                traits=pl.struct("email"),
                props=pl.struct("device").struct.json_encode(),
            ),
            id="id",
            id_type="app.user_id",
            time="at",
            version="updated",
            identifiers={**who, "email": "traits.email", "device": "props.device"},
            attributes=named,
            belongs_to={"app.tenant_id": "tenant"},
        ),
        ig.Source(
            "crm_leads",
            kind=ig.KindBy("status", {"converted": "contact"}, "lead"),
            data=data("crm_leads", "id at email phone stripe device status contact"),
            id="id",
            time="at",
            identifiers={**who, "device": "device"},
            same_as={"crm_contacts.id": "contact"},
        ),
        ig.Source(
            "crm_contacts",
            kind="contact",
            data=data("crm_contacts", "id at email phone customer stripe account name master deleted"),
            id="id",
            time="at",
            deleted="deleted",
            identifiers={**who, "billing.customer_id": "customer"},
            attributes=named,
            belongs_to={"crm_accounts.id": "account"},
            same_as={"crm_contacts.id": "master"},
        ),
        ig.Source(
            "crm_accounts",
            kind="crm_account",
            data=data(
                "crm_accounts",
                "id at domain name parent customer master",
                id=pl.col("id").cast(pl.Int64),
                at=pl.col("at").str.to_datetime(time_zone="UTC"),
            ),
            id="id",
            time="at",
            identifiers={"domain": "domain", "billing.customer_id": "customer"},
            attributes={"name": "name"},
            owned_by={"crm_accounts.id": "parent"},
            same_as={"crm_accounts.id": "master"},
        ),
        ig.Source(
            "app_tenants",
            kind="tenant",
            data=data("app_tenants", "id at name"),
            id="id",
            id_type="app.tenant_id",
            time="at",
            attributes={"name": "name"},
        ),
    ]


@pytest.fixture(scope="module")
def previous():
    return ig.resolve(*sources(lambda frame: frame, first=True), config=CONFIG)


@pytest.fixture(scope="module")
def expected(previous):
    return ig.resolve(
        *sources(lambda frame: frame), config=CONFIG, judgements=pl.DataFrame(JUDGEMENTS), previous=previous
    )


@pytest.fixture(scope="module")
def engine(spark):
    return engine_for(spark.range(1))


@pytest.fixture(scope="module")
def given(engine):
    """Bring a frame to Spark."""
    return lambda frame: engine.native(engine.lazy(frame))


@pytest.fixture(scope="module")
def graph(given, previous):
    """The same on Spark; the result before it came from Polars."""
    said = given(pl.DataFrame(JUDGEMENTS))
    return ig.resolve(*sources(given), config=CONFIG, judgements=said, previous=previous)


def reasons(frame):
    return set(frame["reason"].drop_nulls().cast(pl.String))


def facts(graph):
    """What a run says of itself and of the one before, without what no two runs have in common."""
    said = {**graph.run, "previous": {**graph.run.get("previous", {}), "run_id": None}}
    return {name: fact for name, fact in said.items() if name not in {"engine", "run_id", "at"}}


def test_resolve_gives_the_same_graph(engine, expected, graph, assert_same_graph):
    constraints = {"unique", "cardinality", "cannot_link", "too_large", "too_loose", "weak_bridge"}
    assert reasons(expected.identifiers.filter(pl.col("state") == "cut")) == constraints
    assert reasons(expected.rejects) == {"no_id", "not_a_time", "no_identifier"}
    assert reasons(expected.suppressed) > {"names_disagree", "several_users", "minority", "ambiguous_domain"}
    assert reasons(expected.links) > {"contradiction", "different", "unsure"}
    assert set(expected.links["rule"].cast(pl.String)) > {"device_at", "source_merge"}
    assert set(expected.changes["change"].cast(pl.String)) == {"created", "grown", "merged", "split", "retired"}
    assert_same_graph(engine, expected, graph)
    assert facts(graph) == facts(expected)


def test_as_of_gives_the_same_graph(engine, expected, graph, assert_same_graph):
    then = "2026-01-05T01:00:00.5+01:00"  # between two times that are one second
    wanted, found = expected.as_of(then), graph.as_of(then)
    assert 0 < wanted.records.height < expected.records.height
    assert facts(found) == facts(wanted)
    assert_same_graph(engine, wanted, found)


def test_without_gives_the_same_graph(engine, expected, graph, assert_same_graph):
    merge = ("crm_contacts:a1", "crm_contacts:a2")
    wanted, found = (one.without(rule="phone", value="ana@acme.io", link=merge) for one in (expected, graph))
    assert reasons(wanted.identifiers) > {"left_out"}
    assert not wanted.changes.is_empty()
    assert facts(found) == facts(wanted)
    assert_same_graph(engine, wanted, found)


def test_with_judgements_gives_the_same_graph(engine, given, expected, graph, assert_same_graph):
    said = table(
        "left_id right_id verdict by at why revoked_at",
        "crm_contacts:j1 crm_contacts:j2 different ana 2026-01-10 - 2026-02-01",  # which was in force
        "app_users:n2 app_users:n1 same ana 2026-02-01",
        "crm_accounts:3 app_tenants:t2 different ana 2026-02-01",
        "app_users:nobody app_users:n1 same ana 2026-02-01",
    )
    wanted, found = (
        one.with_judgements(to(pl.DataFrame(said))) for one, to in ((expected, pl.DataFrame), (graph, given))
    )
    assert not wanted.changes.is_empty()
    assert_same_graph(engine, wanted, found)


def test_questions_have_the_same_answers(engine, given, expected, graph):
    def same(wanted, found):
        found = engine.collect(engine.lazy(found))
        assert_frame_equal(wanted, found, check_dtypes=False, check_row_order=True, categorical_as_str=True)

    assert expected.review().height > 10
    same(expected.review(), graph.review())
    assert set(expected.timeline("laptop-01")["how"]) == {"identified", "attributed", "anonymous"}
    same(expected.timeline("laptop-01"), graph.timeline("laptop-01"))
    same(expected.crosswalk(), graph.crosswalk())
    same(expected.coverage(), graph.coverage())
    assert set(expected.lead_to_account()["state"]) > {"matched"}
    same(expected.lead_to_account(), graph.lead_to_account())
    assert graph.summary() == expected.summary()
    assert len(expected.contradictions()) == 1
    assert graph.contradictions() == expected.contradictions()
    assert graph.example() == expected.example()
    assert graph.profile("app_users:a1") == expected.profile("app_users:a1")
    assert graph.account("crm_accounts:1") == expected.account("crm_accounts:1")
    apart, judged = ("app_users:s3", "app_users:s4"), ("crm_contacts:j1", "crm_contacts:j2")
    for left, right in (expected.example(), apart, judged, ("crm_accounts:1", "app_tenants:t1")):
        assert graph.explain(left, right) == expected.explain(left, right)
    truth = expected.records.select("record_id", entity_id=pl.col("native_id").str.slice(0, 3))
    assert 0 < expected.evaluate(truth).f1 < 1
    for level, kind in (("person", None), ("person", "lead"), ("account", None)):
        found, wanted = graph.evaluate(given(truth), level, kind), expected.evaluate(truth, level, kind)
        assert found == wanted
        assert_frame_equal(found.rules, wanted.rules)
        assert wanted.errors.height
        assert_frame_equal(found.errors, wanted.errors)


def test_ids_are_carried_alike(engine, given, previous, expected):
    columns = ["record_id", "level", "entity_id"]
    old = previous.assignments.select(columns)
    new = expected.assignments.select("record_id", "level", entity_id="strict_id")
    carried = ig.carry_ids(old, new)
    assert 0 < carried.join(new, on=columns, how="anti").height < new.height
    found = engine.collect(engine.lazy(ig.carry_ids(given(old), given(new))))
    assert_frame_equal(carried, found, check_row_order=False, categorical_as_str=True, check_dtypes=False)
    assert 0 < ig.churn(old, new).changed < new.height
    assert ig.churn(given(old), given(new)) == ig.churn(old, new)
