"""The definitions that people write about, each in Python and in YAML, over events that meet them or just do not."""

import json
from datetime import UTC, datetime
from textwrap import dedent, indent

import polars as pl
import pytest
from jsonschema import Draft202012Validator

from idgraph.pql import (
    Activity,
    Definition,
    attribute,
    count,
    distinct,
    first,
    json_schema,
    share_of,
    time_to,
    total,
)
from idgraph.pql.reading import read

DAY = [datetime(2026, 3, day, tzinfo=UTC) for day in range(1, 32)]
SCHEMA = Draft202012Validator(json.loads(json_schema(Definition)))
signup, paid = first("signed_up"), first("subscription_started")


def activity(*events, facts=()):
    """Events of accounts: day of March, account, person, event, and properties."""
    rows = [
        {"at": DAY[day - 1], "account": account, "who": who, "event": event, "properties": f"{{{properties}}}"}
        for day, account, who, event, properties in ((*event, "")[:5] for event in events)
    ]
    told = [{"level": level, "entity_id": id, "name": name, "value": value} for level, id, name, value in facts]
    schema = {"level": pl.String, "entity_id": pl.String, "name": pl.String, "value": pl.String}
    return Activity.from_frame(
        pl.DataFrame(rows),
        person="who",
        account="account",
        properties="properties",
        facts=pl.DataFrame(told, schema=schema),
    )


def messages(account, *days):
    return [(day, account, f"u{number % 3}", "message_sent") for day in days for number in range(1_000)]


def three_projects(account, day):
    made = [(day, account, "ana", "project_created")] * 3
    return [*made, *((day, account, "ana", "member_invited", f'"invitee": "{who}"') for who in ("bo", "cy"))]


EXAMPLES = {
    "slack": (
        count("message_sent") >= 2_000,
        "{count: message_sent, at_least: 2_000}",
        activity(*messages("acme", 1, 4), *messages("beta", 1)),
        {"acme": 4},
    ),
    "zendesk": (
        count("help_article_published") >= 1,
        "{count: help_article_published, at_least: 1}",
        activity((3, "acme", "ana", "help_article_published"), (2, "beta", "bo", "help_article_drafted")),
        {"acme": 3},
    ),
    "workos": (
        distinct("connection_added", "provider") >= 2,
        "{distinct: connection_added, property: provider, at_least: 2}",
        activity(
            (1, "acme", "ana", "connection_added", '"provider": "okta"'),
            (2, "acme", "ana", "connection_added", '"provider": "okta"'),
            (5, "acme", "bo", "connection_added", '"provider": "azure"'),
            (5, "beta", "cy", "connection_added", '"provider": null'),
            (6, "beta", "cy", "connection_added", '"provider": "okta"'),
        ),
        {"acme": 5},
    ),
    "dropbox": (
        count("file_uploaded") >= 5,
        "{count: file_uploaded, at_least: 5}",
        activity(
            *((day, "acme", "ana", "file_uploaded") for day in (1, 1, 2, 3, 9)),
            (1, "beta", "bo", "file_uploaded"),
        ),
        {"acme": 9},
    ),
    "expensify": (
        (count("invoice_sent") >= 3).in_any("10d"),
        "{what: {count: invoice_sent, at_least: 3}, in_any: 10d}",
        activity(
            *((day, "acme", "ana", "invoice_sent") for day in (1, 8, 12, 17)),  # 8, 12, 17
            *((day, "beta", "bo", "invoice_sent") for day in (1, 6, 11)),  # ten days, and the window's end is outside
        ),
        {"acme": 17},
    ),
    "expensify by the calendar": (
        (count("invoice_sent") >= 2).in_each("1w"),
        "{what: {count: invoice_sent, at_least: 2}, in_each: 1w}",
        activity(*((day, "acme", "ana", "invoice_sent") for day in (1, 2, 8)), (8, "beta", "bo", "invoice_sent")),
        {"acme": 8},  # 1 March 2026 is a Sunday
    ),
    "meeting, then an invitation within a week": (
        first("meeting_created").then(first("guest_invited")).within("7d", of=signup),
        """
        what: {then: [{first: meeting_created}, {first: guest_invited}]}
        within: 7d
        of: {first: signed_up}
        """,
        activity(
            *((1, account, "ana", "signed_up") for account in ("acme", "beta", "core", "dune")),
            (2, "acme", "ana", "meeting_created"), (7, "acme", "ana", "guest_invited"),
            (2, "beta", "ana", "meeting_created"), (8, "beta", "ana", "guest_invited"),  # too late
            (2, "core", "ana", "guest_invited"), (3, "core", "ana", "meeting_created"),  # the wrong way round
            (2, "dune", "ana", "meeting_created"), (2, "dune", "ana", "guest_invited"),  # at one time: in no order
        ),
        {"acme": 7},
    ),
    "three projects and two invitations within a week": (
        ((count("project_created") >= 3) & (distinct("member_invited", "invitee") >= 2)).within("7d", of=signup),
        """
        what:
          all:
            - {count: project_created, at_least: 3}
            - {distinct: member_invited, property: invitee, at_least: 2}
        within: 7d
        of: {first: signed_up}
        """,
        activity(
            (1, "acme", "ana", "signed_up"), *three_projects("acme", 5),
            (9, "beta", "ana", "signed_up"), *three_projects("beta", 5),  # before sign-up does not count
            (1, "core", "ana", "signed_up"), *three_projects("core", 8),
        ),
        {"acme": 5},
    ),
    "B2B in a big city on top": (
        (count("file_uploaded") >= 2) & attribute("model").is_in(["b2b"]) & (attribute("city_population") > 5_000_000),
        """
        all:
          - {count: file_uploaded, at_least: 2}
          - {attribute: model, is_in: [b2b]}
          - {attribute: city_population, more_than: 5000000}
        """,
        activity(
            *((day, account, "ana", "file_uploaded") for day in (2, 4) for account in ("acme", "beta", "core")),
            facts=[
                ("account", "acme", "model", "b2b"), ("account", "acme", "city_population", "8900000"),
                ("account", "beta", "model", "b2c"), ("account", "beta", "city_population", "8900000"),
                ("account", "core", "model", "b2b"),  # a population that nobody knows is not a small one, nor a big one
            ],
        ),
        {"acme": 4},
    ),
    "a marketing-qualified lead": (
        ((count("ebook_downloaded") >= 1) & attribute("job_level").is_in(["director", "vp", "c"])).by(users=1),
        """
        what:
          all:
            - {count: ebook_downloaded, at_least: 1}
            - {attribute: job_level, is_in: [director, vp, c]}
        users: 1
        """,
        activity(
            (2, "acme", "ana", "ebook_downloaded"), (1, "acme", "bo", "ebook_downloaded"),
            (1, "beta", "cy", "ebook_downloaded"), (1, "beta", "di", "login"),
            facts=[("person", "ana", "job_level", "vp"), ("person", "di", "job_level", "vp")],
        ),
        {"acme": 2},
    ),
    "a sales-qualified lead": (
        first("demo_requested") | first("ticket", topic="pricing"),
        "any: [{first: demo_requested}, {first: ticket, where: {topic: pricing}}]",
        activity(
            (3, "acme", "ana", "ticket", '"topic": "pricing"'), (4, "acme", "ana", "demo_requested"),
            (3, "beta", "bo", "ticket", '"topic": "basics"'),
        ),
        {"acme": 3},
    ),
    "milestones, but many questions on basics": (
        (count("file_uploaded") >= 2).unless((count("ticket", topic="basics") >= 2).in_any("7d")),
        """
        what: {count: file_uploaded, at_least: 2}
        unless: {what: {count: ticket, where: {topic: basics}, at_least: 2}, in_any: 7d}
        """,
        activity(
            *((day, account, "ana", "file_uploaded") for day in (1, 9) for account in ("acme", "beta")),
            *((day, "acme", "ana", "ticket", '"topic": "basics"') for day in (2, 3)),
            *((day, "beta", "ana", "ticket", '"topic": "basics"') for day in (1, 8)),
        ),
        {"beta": 9},
    ),
    "two people": (
        (count("widget_made") >= 2).by(users=2),
        "{what: {count: widget_made, at_least: 2}, users: 2}",
        activity(
            *((day, "acme", who, "widget_made") for day, who in ((1, "ana"), (2, "bo"), (3, "ana"), (5, "bo"))),
            *((day, "beta", "cy", "widget_made") for day in (1, 2, 3, 4)),
        ),
        {"acme": 5},
    ),
    "near the limit": (
        share_of(total("stored", "bytes"), "plan_bytes") >= 0.8,
        "{share_of: {total: stored, property: bytes}, limit: plan_bytes, at_least: 0.8}",
        activity(
            *((day, account, "ana", "stored", '"bytes": 40') for day in (1, 2) for account in ("acme", "beta", "core")),
            facts=[("account", "acme", "plan_bytes", "100"), ("account", "beta", "plan_bytes", "200")],
        ),
        {"acme": 2},
    ),
    "one widget in ten days is no hurry until the last but one day": (
        time_to(count("widget_made"), 3, rate_over="20d") <= "1d",
        "{time_to: {count: widget_made}, limit: 3, rate_over: 20d, at_most: 1d}",
        activity(*((day, "acme", "ana", "widget_made") for day in (1, 11)), (31, "beta", "bo", "login")),
        {"acme": 20},  # two in twenty days: the third would come on the 21st
    ),
    "nor is it where the rate is asked of the last days alone": (
        time_to(count("widget_made"), 3, rate_over="2d") <= "1d",
        "{time_to: {count: widget_made}, limit: 3, rate_over: 2d, at_most: 1d}",
        activity(*((day, "acme", "ana", "widget_made") for day in (1, 11)), (31, "beta", "bo", "login")),
        {"acme": 20},  # the one before was ten days ago
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_a_line(name):
    moment, words, happened, days = EXAMPLES[name]
    body = indent(dedent(words).strip(), "  ")
    text = f"name: example\nversion: 2026-11\nlevel: account\nwhen:\n{body}\n"
    written = Definition.parse(text)
    assert written == Definition(name="example", version="2026-11", level="account", when=moment)
    assert Definition.parse(written.to_yaml()) == written
    for yaml in (text, written.to_yaml()):
        SCHEMA.validate(read(yaml, "example").said)
    found = {id: at.day for id, at in written.reached(happened).iter_rows()}
    assert found == days


def test_expansion_is_asked_of_those_who_pay():
    happened = activity(
        *((day, account, "ana", "seat_added") for day in (1, 2) for account in ("acme", "beta")),
        (5, "acme", "ana", "subscription_started"),
        (5, "core", "ana", "subscription_started"),
    )
    expansion = Definition(name="expansion", version="1", level="account", when=count("seat_added") >= 2, among=paid)
    board = expansion.run(happened)
    assert board.select("entity_id", pl.col("reached_at").dt.day()).rows() == [("acme", 5), ("core", None)]
    assert board["missing"].to_list() == [[], ["seat_added ≥ 2, now 0"]]
    assert Definition.parse(expansion.to_yaml()) == expansion


def test_product_marketing_and_sales_merge_into_one():
    happened = activity(
        (1, "acme", "ana", "signed_up"), *three_projects("acme", 5), (9, "acme", "ana", "demo_requested"),
        (7, "beta", "bo", "demo_requested"), (1, "beta", "bo", "signed_up"),
        (1, "core", "cy", "signed_up"),
    )  # fmt: skip
    projects = EXAMPLES["three projects and two invitations within a week"][0].named("projects")
    sql = first("demo_requested").named("sql")
    ready = Definition(name="ready", version="1", level="account", when=projects | sql, among=signup)
    board = ready.run(happened).select("entity_id", pl.col("reached_at").dt.day(), "via")
    assert board.rows() == [("acme", 5, "projects"), ("beta", 7, "sql"), ("core", None, None)]
