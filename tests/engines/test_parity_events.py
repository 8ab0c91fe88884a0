"""Invariant 9 on what happened: the same events, facts and rejects, also where a shared device tells whose they are."""

import polars as pl
import pytest

import idgraph as ig
from idgraph.engines import engine_for
from idgraph.errors import EngineError

pytestmark = pytest.mark.spark

EXACT = ig.Config(without=("similar",))
KIOSK = "0a1b2c3d-kiosk-4e5f"


def day(number, hour=10):
    return f"2026-03-{number:02} {hour:02}:00:00"


def sources(given):
    def source(name, rows, **mapping):
        return ig.Source(name, data=given(pl.DataFrame(rows)), **mapping)

    users = [f"u_{number}" for number in range(1, 4)]
    clicks = {
        "id": ["c1", "c2", "c3", "c4", "c5", "c6", "c6"],
        "user": ["u_1", None, "u_1", "u_2", "u_3", "u_2", "u_2"],
        "cookie": [KIOSK] * 6 + [KIOSK],
        "what": ["opened", "read", "closed", "opened", "opened", None, None],
        "tenant": ["t_1", None, "t_1", "t_2", "t_2", "t_2", "t_2"],
        "at": [day(1), day(1, 11), day(1, 12), day(2), day(3), day(4), day(4)],
        "json": ['{"a": 1}', None, "[]", None, None, None, None],
    }
    return [
        source(
            "app_users",
            {
                "id": users,
                "mail": [f"{user}@acme.io" for user in users],
                "tenant": ["t_1", "t_2", "t_2"],
                "at": [day(1, 8)] * 3,
            },
            kind="user",
            id="id",
            id_type="app.user_id",
            time="at",
            identifiers={"email": "mail"},
            belongs_to={"tenant": "tenant"},
        ),
        source(
            "web_clicks",
            clicks,
            kind="visitor",
            time="at",
            event="what",
            event_id="id",
            properties="json",
            identifiers={"app.user_id": "user", "device": "cookie"},
            belongs_to={"tenant": "tenant"},
        ),
        source(
            "site_pages",
            {"cookie": [KIOSK, KIOSK], "at": [day(1, 11), day(2, 12)], "path": ["/a", None]},
            event={"page_viewed": "at"},
            identifiers={"device": "cookie"},
            properties={"path": "path"},
        ),
        source(
            "help_tickets",
            {
                "id": ["1", "2", "2"],
                "mail": ["U_3@acme.io", "who@else.io", "who@else.io"],
                "at": [day(5), day(6), day(7)],
            },
            event={"ticket_opened": "at"},
            event_id="id",
            version="at",
            identifiers={"email": "mail"},
        ),
        source(
            "billing_plans",
            {"tenant": ["t_1", "t_1", "t_9"], "seats": ["5", "20", "1"], "since": [day(1), day(8), "soon"]},
            time="since",
            belongs_to={"tenant": "tenant"},
            attributes={"seats": "seats"},
        ),
        source("crm_deals", {"id": ["d1", "d2"], "at": [day(9)] * 2}, event={"deal_created": "at"}, event_id="id"),
        source(
            "crm_roles",
            {
                "id": ["r1", "r2", "r3"],
                "deal": ["d1", "d1", "d2"],
                "user": ["u_3", "u_1", "u_2"],
                "tenant": ["t_1", "t_2", None],
                "main": ["no", "yes", "no"],
                "at": [day(9), day(10), day(9)],
            },
            about={"crm_deals": "deal"},
            primary={"main": "yes"},
            time="at",
            event={"joined": "at"},
            event_id="id",
            identifiers={"app.user_id": "user"},
            belongs_to={"tenant": "tenant"},
        ),
        source(
            "app_seats",
            {"user": ["u_1", "u_9"], "tenant": ["t_2", "t_2"]},
            about={"app_users": "user"},
            belongs_to={"tenant": "tenant"},
        ),
        source(
            "crm_leads",
            {"id": ["1", "2", "3"], "stage": ["Won", None, "Test"], "user": ["u_3", "u_1", "u_2"], "at": [day(1)] * 3},
            kind=ig.KindBy("stage", {"won": "contact", "test": "none"}, "lead"),
            id="id",
            time="at",
            identifiers={"app.user_id": ig.ValueIf("user", {"stage": "won"})},
        ),
        source(
            "crm_merges",
            {"kept": ["1", "7", "8"], "gone": ["[7, 5]", "2", "9"], "at": [day(2)] * 3},
            about={"crm_leads": "kept"},
            time="at",
            merged={"crm_leads.id": "gone"},
        ),
        source("crm_firms", {"id": ["a1"], "name": ["Acme"]}, kind="crm_account", id="id", attributes={"name": "name"}),
        source(
            "crm_domains",
            {"firm": ["a1", "a1", "a9"], "site": ["www.acme.com", "?!", "gone.io"]},
            about={"crm_firms": "firm"},
            identifiers={"domain": "site"},
        ),
    ]


@pytest.fixture(scope="module")
def expected():
    return ig.resolve(*sources(lambda frame: frame), config=EXACT)


def test_what_happened_is_the_same(spark, expected, assert_same_graph):
    engine = engine_for(spark.range(1))
    graph = ig.resolve(*sources(lambda frame: engine.native(engine.lazy(frame))), config=EXACT)
    assert_same_graph(engine, expected, graph)
    with pytest.raises(EngineError, match="computed by Polars"):
        graph.activity()


def test_a_page_on_a_shared_device_is_of_whoever_was_there(expected):
    pages = expected.events.filter(pl.col("source") == "site_pages").sort("at")
    assert pages["record_id"].to_list() == [f"web_clicks:u_1|{KIOSK}", None]  # between two of one user; of two


def test_rows_about_others_say_whom_these_are_about(expected):
    deals = expected.events.filter(pl.col("source") == "crm_deals").sort("event_id")
    assert deals["company_record_id"].to_list() == ["app_tenants:t_2", None]
    assert deals["record_id"].is_not_null().all()
    stated = expected.memberships.filter(
        pl.col("person_record_id") == "app_users:u_1", pl.col("via").cast(pl.String) == "tenant"
    )
    assert sorted(stated["company_record_id"]) == ["app_tenants:t_1", "app_tenants:t_2"]
    unknown = expected.rejects.filter(pl.col("reason").cast(pl.String) == "no_such_row")
    assert sorted(unknown.select("source", "column", "value").rows()) == [
        ("app_seats", "user", "u_9"),
        ("crm_domains", "firm", "a9"),
        ("crm_merges", "kept", "8"),
    ]


def test_rows_about_records_say_what_these_hold_and_absorbed(expected):
    person = set(expected.profile("crm_leads:1")["record_ids"])
    assert person == {"app_users:u_3", f"web_clicks:u_3|{KIOSK}", *(f"crm_leads:{number}" for number in (1, 2, 5, 7))}
    assert expected.account("crm_firms:a1")["domains"] == ["acme.com"]
    refused = expected.rejects.filter(pl.col("source").is_in(["crm_leads", "crm_domains"])).sort("reason")
    assert refused["reason"].to_list() == ["no_kind", "no_such_row", "not_a_domain"]
