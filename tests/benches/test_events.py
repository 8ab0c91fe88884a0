"""Made-up product events are what the benchmark of product-qualified accounts needs."""

from pathlib import Path

import polars as pl
import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def benches():
    """The modules, which are not shipped and so not installed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT))
        from benches import events, pql

        yield {"events": events, "pql": pql}


def test_events_are_the_same_each_time_and_in_order_in_however_many_files(benches, tmp_path, monkeypatch):
    one, other = tmp_path / "one", tmp_path / "other"
    one.mkdir()
    other.mkdir()
    facts = benches["events"].make(2_000, str(one))
    monkeypatch.setattr(benches["events"], "_PART", 700)
    assert benches["events"].make(2_000, str(other)) == facts
    assert (len(list(one.iterdir())), len(list(other.iterdir()))) == (1, 3)
    events = pl.read_parquet(one)
    assert events.equals(pl.read_parquet(other))
    assert events["at"].is_sorted()
    first = events.sort("at").unique("person", keep="first", maintain_order=True)
    assert (events["event"] == "signed_up").sum() == facts["people"] == first.height


def test_both_candidates_find_the_same(benches, tmp_path, monkeypatch):
    monkeypatch.setattr(benches["events"], "_HOME", tmp_path)
    (tmp_path / "events-40000").mkdir()
    benches["events"].make(40_000, str(tmp_path / "events-40000"))
    found = benches["pql"].by_idgraph(40_000)["found"]
    assert found == benches["pql"].by_duckdb(40_000)["found"]
    assert found[0] > 0
