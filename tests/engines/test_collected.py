"""Nothing is brought from Spark to the driver in silence: what is has far fewer rows than there are people."""

import traceback
from collections import Counter
from datetime import UTC, datetime

import polars as pl
import pytest

import idgraph as ig
from idgraph.engines import engine_for

pytestmark = pytest.mark.spark

STORIES = 40
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
# The one step that one machine takes for all, up to a number of edges: see `spark.idgraph.driverEdges`.
ON_THE_DRIVER = {"engine.py:components"}
# How often each pattern of a comparison occurs; there are as many as the levels of what is compared allow.
COUNTED = {"similar.py:_counted"}


@pytest.fixture
def collected(spark, monkeypatch):
    """The most rows that came to the driver at a time, by who asked for them."""
    dataframe = pytest.importorskip("pyspark.sql.classic.dataframe").DataFrame
    rows = Counter()
    for name, count in (("toArrow", lambda found: found.num_rows), ("collect", len), ("toPandas", len), ("take", len)):
        original = getattr(dataframe, name)

        def counted(self, *args, original=original, count=count):
            found = original(self, *args)
            asked = [f for f in traceback.extract_stack() if "/idgraph/" in f.filename and f.name != "collect"]
            place = f"{asked[-1].filename.rpartition('/')[2]}:{asked[-1].name}"
            rows[place] = max(rows[place], count(found))
            return found

        monkeypatch.setattr(dataframe, name, counted)
    return rows


def sources(size, engine):
    """So many times the same story: two people, one of them twice on a shared device, a tenant and its account."""
    tables = {"users": [], "leads": [], "accounts": [], "visits": []}
    for n in range(size):
        tables["users"] += [
            {
                "id": f"a{n}",
                "email": f"ana@acme{n}.io",
                "device": f"dev-{n:08}",
                "tenant": f"t{n}",
                "name": "Ana Silva",
            },
            {"id": f"b{n}", "email": f"bo@acme{n}.io", "device": f"dev-{n:08}", "tenant": f"t{n}", "name": "Bo Larsen"},
            {"id": f"c{n}", "email": f"ana@acme{n}.io", "device": None, "tenant": f"t{n}", "name": "Cy Young"},
        ]
        tables["leads"] += [
            {"id": f"l{n}", "email": f"ana@acme{n}.io", "name": "Anna Silva", "contact": f"m{n}"},
            {"id": f"k{n}", "email": "info@acme.io", "name": None, "contact": None},
        ]
        tables["accounts"] += [{"id": f"x{n}", "domain": f"acme{n}.io", "parent": f"x{n - 1}" if n % 5 else None}]
        tables["visits"] += [{"user": who, "device": f"dev-{n:08}", "at": NEW_YEAR} for who in (f"a{n}", f"b{n}", None)]
    users, leads, accounts, visits = (engine.native(engine.lazy(pl.DataFrame(rows))) for rows in tables.values())
    device = {"device": "device"}
    return [
        ig.Source(
            "app_users",
            kind="user",
            data=users,
            id="id",
            id_type="app.user_id",
            identifiers={"email": "email", **device},
            attributes={"full_name": "name"},
            belongs_to={"tenant": "tenant"},
        ),
        ig.Source(
            "crm_leads",
            kind="lead",
            data=leads,
            id="id",
            identifiers={"email": "email"},
            attributes={"full_name": "name"},
            same_as={"crm_contacts.id": "contact"},
        ),
        ig.Source(
            "crm_accounts",
            kind="crm_account",
            data=accounts,
            id="id",
            identifiers={"domain": "domain"},
            owned_by={"crm_accounts.id": "parent"},
        ),
        ig.Source("web_visits", kind="visitor", data=visits, time="at", identifiers={"app.user_id": "user", **device}),
    ]


def test_what_comes_to_the_driver_is_not_the_records(spark, collected):
    engine = engine_for(spark.range(1))
    # A type that allows one value: so components break, and are rebuilt.
    one_user = ig.IdentifierType(name="app.user_id", level="person", kind="user", unique="entity")
    said = pl.DataFrame({"left_id": ["app_users:a0"], "right_id": ["app_users:b0"], "verdict": ["different"]})
    # Stories enough to learn who is alike; each is a person at least, so that what came for each of them would be seen.
    graph = ig.resolve(*sources(STORIES, engine), config=ig.Config(types=[one_user]), judgements=said)
    found = graph.counts()
    assert found["records"] > 6 * STORIES
    assert found["suppressed"]
    assert graph.summary()
    assert any(place.startswith("similar.py") for place in collected)
    many = {place for place, rows in collected.items() if rows >= STORIES}
    assert ON_THE_DRIVER <= many <= ON_THE_DRIVER | COUNTED
