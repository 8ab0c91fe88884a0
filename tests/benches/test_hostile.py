"""The rules that idgraph is compared with must do what their makers say they do, or the comparison means nothing."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

ROOT = Path(__file__).resolve().parents[2]
WEIGHTS = {"app.user_id": 20.0, "email": 14.0, "device": 9.0, "phone": 8.0}


@pytest.fixture
def hostile(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))  # benches is not shipped, so it is not installed
    from benches import hostile

    return hostile


def evidence(hostile, *rows):
    """Rows of record, type, value, day."""
    count = 1 + max(row[0] for row in rows)
    held = pl.DataFrame(rows, schema=["record", "type", "value", "day"], orient="row")
    seen = datetime(2026, 1, 1, tzinfo=UTC) + pl.col("day") * timedelta(days=1)
    held = held.with_columns(
        pl.col("type").replace_strict(WEIGHTS).alias("weight"), seen.alias("first"), seen.alias("last")
    )
    return hostile.Evidence(
        count, held.with_columns(node=count - 1 + pl.struct("type", "value").rank("dense").cast(pl.Int64))
    )


def groups(entity):
    found = {}
    for record, name in enumerate(entity):
        found.setdefault(name, []).append(record)
    return sorted(found.values())


def shared_device(hostile):
    return evidence(
        hostile,
        (0, "app.user_id", "u_1", 1),
        (0, "device", "d", 1),
        (1, "app.user_id", "u_2", 2),
        (1, "device", "d", 2),
        (2, "device", "d", 3),
    )


def test_a_shared_device_stays_with_the_last_user_where_the_user_id_is_unique(hostile):
    assert groups(hostile.components(shared_device(hostile))) == [[0, 1, 2]]
    assert groups(hostile.adobe(shared_device(hostile), one_user=False)) == [[0, 1, 2]]
    assert groups(hostile.adobe(shared_device(hostile), one_user=True)) == [[0], [1, 2]]


def test_a_graph_has_at_most_fifty_identities_and_keeps_the_newest(hostile):
    rows = [row for r in range(60) for row in ((r, "app.user_id", str(r), r), (r, "email", "a@b.c", r))]
    largest = max(groups(hostile.adobe(evidence(hostile, *rows), one_user=False)), key=len)
    assert largest == list(range(11, 60))  # 49 users and the address


def test_an_event_of_another_user_gives_up_the_address_and_makes_a_profile(hostile):
    known = [(0, "app.user_id", "abc123", 1), (0, "email", "jane@example1.com", 1)]
    fresh = [(1, "app.user_id", "abc456", 2), (1, "email", "jane@example1.com", 2)]
    later = [(2, "email", "jane@example1.com", 3)]
    assert groups(hostile.segment(evidence(hostile, *known, *fresh, *later))) == [[0, 2], [1]]


def test_a_profile_holds_five_devices(hostile):
    rows = [row for r in range(8) for row in ((r, "email", "a@b.c", r), (r, "device", str(r), r))]
    again = (8, "device", "7", 9)  # given up before, so the profile does not know it
    found = groups(hostile.segment(evidence(hostile, *rows, again)))
    assert found == [list(range(8)), [8]]


def test_splink_takes_pairs_whose_weights_add_up_to_the_threshold(hostile):
    pytest.importorskip("splink")
    held = evidence(
        hostile,
        (0, "phone", "1", 1),
        (0, "device", "d", 1),
        (1, "phone", "1", 1),
        (1, "device", "d", 1),
        (2, "device", "d", 1),
    )
    assert groups(hostile.splink(held, 17.0)) == [[0, 1], [2]]
    assert groups(hostile.splink(held, 18.0)) == [[0], [1], [2]]
    assert groups(hostile.splink(held, 8.0)) == groups(hostile.components(held))
