"""Stories of how records arrive: whatever comes first, in the end they are the same people, and ids stay with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, pairwise, permutations
from typing import Any, NamedTuple

import polars as pl
import pytest

import idgraph as ig

ORDERS = 6  # all of three batches, some of more
COLUMNS = ("user", "device", "email", "phone")
ONE_USER = ig.Config.model_validate({"types": [{"name": "app.user_id", "unique": "entity"}]})


class Row(NamedTuple):
    """A row of some table, by its record id; it is dated by its batch, unless it says otherwise."""

    table: str
    native_id: str
    values: tuple[str | None, ...]
    at: str | None = None


def held(d: int | None = None, e: int | str | None = None, p: int | None = None) -> tuple[str | None, ...]:
    """A device, an e-mail address and a phone number, by number."""
    email = f"ana{e}@acme.io" if isinstance(e, int) else e
    return (d and f"device-{d:04}", email, p and f"+1415555{p:04}")


def web(u: int | None = None, **values: Any) -> Row:
    """An event; all of the same values are one record."""
    found = (u and f"u_{u}", *held(**values))
    return Row("web_events", "|".join(value or "" for value in found), found)


def user(u: int, **values: Any) -> Row:
    return Row("app_users", f"u_{u}", (None, *held(**values)))


def lead(number: int, **values: Any) -> Row:
    return Row("crm_leads", str(number), (None, *held(**values)))


class Story(NamedTuple):
    """What arrives, batch by batch, and who it is.

    `people` lists the records of each; `last` what becomes of people in the last batch, all but those who retire.
    """

    meaning: str
    batches: Sequence[Mapping[str, Row]]
    people: str
    last: Sequence[str] = ()
    config: ig.Config = ig.Config()


STORIES = {
    "simple": Story(
        "a cookie visits, and later leaves an address",
        [{"a": web(d=1)}, {"b": web(d=1, e=1)}],
        "a b",
        ["grown"],
    ),
    "chain": Story(
        "each record shares another value with the next",
        [{"a": web(d=1), "b": web(d=1, e=1)}, {"c": lead(1, e=1, p=1), "d": web(u=1, p=1)}],
        "a b c d",
        ["grown"],
    ),
    "fanin": Story(
        "several cookies log in to one user",
        [{"a": web(u=1, d=1), "b": web(u=1, d=2)}, {"c": web(u=1, d=3), "z": user(1)}],
        "a b c z",
        ["grown"],
    ),
    "fanout": Story(
        "one cookie says who it is in several ways",
        [{"a": web(d=1)}, {"b": web(d=1, e=1), "c": web(d=1, p=1), "z": web(u=1, d=1)}],
        "a b c z",
        ["grown"],
    ),
    "diamond": Story(
        "two ways lead from one end to the other",
        [{"a": web(d=1, e=1), "b": web(d=1, p=1)}, {"c": lead(1, e=1), "z": user(1, e=1, p=1)}],
        "a b c z",
        ["grown"],
    ),
    "disjoint": Story(
        "two people arrive side by side and share nothing",
        [{"a": web(d=1), "c": web(d=2)}, {"b": web(d=1, e=1), "z": lead(1, e=2), "y": web(d=2, e=2)}],
        "a b | c y z",
        ["grown", "grown"],
    ),
    "longchain": Story(
        "one value leads to the next ten times",
        [{f"r{n}": web(d=n, e=n) for n in range(1, 6)}, {f"s{n}": web(d=n, e=n + 1) for n in range(1, 6)}],
        "r1 s1 r2 s2 r3 s3 r4 s4 r5 s5",
        ["merged"],
    ),
    "altchain": Story(
        "records of two systems take turns in a chain",
        [{"a": web(d=1, e=1), "b": lead(1, e=1, p=1)}, {"c": web(d=2, p=1), "y": lead(2, d=2, e=2), "z": web(e=2)}],
        "a b c y z",
        ["grown"],
    ),
    "mergeonly": Story(
        "a record that brings no new value joins two people",
        [{"a": web(d=1), "b": web(d=1, p=1), "c": lead(1, e=1)}, {"z": web(d=1, e=1)}],
        "a b c z",
        ["merged"],
    ),
    "remap": Story(
        "a device passes to another user: who was anonymous on it is nobody's again",
        [{"a": web(u=1, d=1), "c": web(d=1)}, {"b": web(u=2, d=1)}],
        "a | b | c",
        ["created", "split", "split"],
    ),
    "multiid": Story(
        "one record holds all there is, and each value comes again alone",
        [{"a": web(u=1, d=1, e=1, p=1)}, {"b": web(d=1), "c": lead(1, e=1), "y": web(p=1), "z": user(1)}],
        "a b c y z",
        ["grown"],
    ),
    "uid_conflict": Story(
        "two user ids share an address and a device; one person may have one user id",
        [{"a": user(1, e=1), "c": web(d=1, e=1)}, {"b": user(2, d=1, e=1)}],
        "a c | b",
        ["created"],
        ONE_USER,
    ),
    "late": Story(
        "the first visit is delivered last, when its person has long been known",
        [{"b": web(u=1, d=1), "c": user(1)}, {"a": web(d=1)._replace(at="2025-12-31")}],
        "a b c",
        ["grown"],
    ),
    "stable": Story(
        "a stranger arrives: those who are known stay as they are",
        [{"a": web(d=1, e=1), "b": lead(1, e=1)}, {"z": lead(2, e=2)}],
        "a b | z",
        ["created"],
    ),
    "reobserve": Story(
        "what was seen is seen again",
        [{"a": web(d=1, e=1), "b": lead(1, e=1)}, {"a": web(d=1, e=1)}],
        "a b",
    ),
    "selfbridge": Story(
        "a record holds two values, both of one person already",
        [{"a": web(d=1, e=1), "b": web(d=1, p=1)}, {"z": lead(1, d=1, e=1, p=1)}],
        "a b z",
        ["grown"],
    ),
    "rapid_remerge": Story(
        "two people become one, and at once one with a third",
        [{"a": web(d=1), "b": lead(1, e=1), "c": lead(2, p=1)}, {"y": web(d=1, e=1)}, {"z": web(e=1, p=1)}],
        "a b c y z",
        ["merged"],
    ),
    "highfanin": Story(
        "thirty cookies log in to one user",
        [{f"r{n}": web(u=1, d=n) for n in range(1, 16)}, {f"r{n}": web(u=1, d=n) for n in range(16, 31)}],
        " ".join(f"r{n}" for n in range(1, 31)),
        ["grown"],
    ),
    "bridge_creates": Story(
        "the record in the middle comes first and makes the person that its ends join",
        [{"b": web(d=1, e=1)}, {"a": web(d=1), "c": lead(1, e=1)}],
        "a b c",
        ["grown"],
    ),
    "three_way_bridge": Story(
        "one record joins three people at once",
        [{"a": web(d=1), "b": lead(1, e=1), "c": lead(2, p=1)}, {"z": web(d=1, e=1, p=1)}],
        "a b c z",
        ["merged"],
    ),
    "cross_batch_triple": Story(
        "of three records each two share a value",
        [{"a": web(d=1, e=1)}, {"b": lead(1, e=1, p=1)}, {"c": web(d=1, p=1)}],
        "a b c",
        ["grown"],
    ),
    "shared_identifier_collision": Story(
        "a common mailbox and a common device bring no two users together",
        [
            {"a": user(1, e="info@acme.io"), "c": web(u=1, d=1)},
            {"b": user(2, e="info@acme.io"), "y": web(u=2, d=1), "z": web(d=1)},
        ],
        "a c | b y | z",
        ["created", "created"],
    ),
    "late_merge": Story(
        "two people of several records turn out to be one",
        [{"a": web(d=1, e=1), "b": lead(1, e=1), "c": web(d=2, e=2)}, {"y": web(u=1, e=1), "z": web(u=1, e=2)}],
        "a b c y z",
        ["merged"],
    ),
    "reverse_chain": Story(
        "a chain arrives from its end",
        [{"z": web(u=1, p=1)}, {"c": lead(1, e=1, p=1)}, {"b": web(d=1, e=1), "a": web(d=1)}],
        "a b c z",
        ["grown"],
    ),
    "merge_then_uid": Story(
        "an address joins two cookies, then a user logs in on each; one person may have one user id",
        [{"a": web(d=1, e=1), "b": web(d=2, e=1)}, {"c": web(u=1, d=1)}, {"z": web(u=2, d=2)}],
        "a b c | z",
        ["created"],
        ONE_USER,
    ),
    "interleaved_merge": Story(
        "the records of two people who grow together take turns",
        [
            {"a": web(d=1), "c": lead(1, e=2)},
            {"b": lead(2, e=1), "y": web(d=2)},
            {"x": web(d=1, e=1), "z": web(d=2, e=2)},
        ],
        "a b x | c y z",
        ["merged", "merged"],
    ),
    "deep_single_batch": Story(
        "a chain of sixty records in one batch",
        [{f"r{n}": web(d=(n + 1) // 2, e=n // 2 + 1) for n in range(1, 61)}],
        " ".join(f"r{n}" for n in range(1, 61)),
    ),
}


def arrived(story: Story, batches: Sequence[int]) -> Iterator[tuple[str, Row]]:
    """The rows of some batches, by their names in the story."""
    for batch in batches:
        for name, row in story.batches[batch].items():
            yield name, row._replace(at=row.at or f"2026-01-{batch + 1:02}")


def resolved(story: Story, batches: Sequence[int], previous: ig.Graph | None = None) -> ig.Graph:
    who = dict(zip(("app.user_id", "device", "email", "phone"), COLUMNS, strict=True))
    own = {name: column for name, column in who.items() if column != "user"}
    mapped: dict[str, Mapping[str, Any]] = {
        "web_events": {"kind": "visitor", "identifiers": who},
        "app_users": {"kind": "user", "identifiers": own, "id": "id", "id_type": "app.user_id"},
        "crm_leads": {"kind": "lead", "identifiers": own, "id": "id"},
    }
    tables: dict[str, list[dict[str, str | None]]] = {}
    for _, row in arrived(story, batches):
        cells = dict(zip(COLUMNS, row.values, strict=True))
        tables.setdefault(row.table, []).append({"id": row.native_id, "at": row.at, **cells})
    schema = dict.fromkeys(("id", "at", *COLUMNS), pl.String)
    sources = [
        ig.Source(name, data=pl.DataFrame(rows, schema=schema), time="at", **mapped[name])
        for name, rows in tables.items()
    ]
    return ig.resolve(*sources, config=story.config, previous=previous)


def people(graph: ig.Graph) -> dict[frozenset[str], str]:
    """The records of each person, and the person's id."""
    placed = graph.assignments.group_by("entity_id").agg("record_id")
    return {frozenset(records): entity_id for entity_id, records in placed.iter_rows()}


def expected_people(story: Story) -> set[frozenset[str]]:
    ids = {name: f"{row.table}:{row.native_id}" for name, row in arrived(story, range(len(story.batches)))}
    return {frozenset(ids[name] for name in person.split()) for person in story.people.split("|")}


def assert_ids_stay(before: ig.Graph, after: ig.Graph) -> None:
    """Whoever is whole in a person gives them the id, the largest first; and nothing is said of those who stay."""
    old = people(before)
    changes = dict(after.changes.select("entity_id", pl.col("change").cast(pl.String)).iter_rows())
    for records, entity_id in people(after).items():
        parts = {part: was for part, was in old.items() if part & records}
        if not all(part <= records for part in parts):
            continue
        if parts:
            assert entity_id == parts[min(parts, key=lambda part: (-len(part), parts[part]))]
        else:
            assert entity_id not in old.values()
        grown = None if records in parts else "grown"
        assert changes.get(entity_id) == ("created" if not parts else "merged" if len(parts) > 1 else grown)


@pytest.mark.parametrize("name", STORIES)
def test_in_one_batch_and_in_every_order_they_are_the_same_people(name: str) -> None:
    story = STORIES[name]
    expected = expected_people(story)
    every = range(len(story.batches))
    at_once = resolved(story, every)
    assert set(people(at_once)) == expected
    runs: dict[tuple[int, ...], ig.Graph] = {}
    for order in islice(permutations(every), ORDERS):
        prefixes = [order[: place + 1] for place in every]
        for prefix in prefixes:
            if prefix not in runs:
                runs[prefix] = resolved(story, prefix, runs.get(prefix[:-1]))
        assert set(people(runs[order])) == expected
        for one, other in pairwise(prefixes):
            assert_ids_stay(runs[one], runs[other])
    if len(every) > 1:
        found = runs[tuple(every)].changes["change"].cast(pl.String).sort().to_list()
        assert [change for change in found if change != "retired"] == sorted(story.last)
