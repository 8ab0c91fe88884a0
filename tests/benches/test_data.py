"""The workload of the exact path must be what the benchmarks say it is, or their figures mean nothing."""

from pathlib import Path

import polars as pl
import pytest

ROOT = Path(__file__).resolve().parents[2]
RECORDS = 4_000


@pytest.fixture(scope="module")
def make():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT))  # benches is not shipped, so it is not installed
        from benches.data import make

        yield make


@pytest.fixture(scope="module")
def made(make, tmp_path_factory):
    folder = tmp_path_factory.mktemp("workload")
    facts = make(RECORDS, str(folder), seed=3)
    frames = {path.stem: pl.read_parquet(path) for path in folder.iterdir()}
    return facts, frames.pop("truth"), frames.pop("edges"), frames


def test_one_seed_gives_one_workload(make, made, tmp_path):
    facts, truth, edges, tables = made
    assert make(RECORDS, str(tmp_path), seed=3) == facts
    again = {path.stem: pl.read_parquet(path) for path in tmp_path.iterdir()}
    assert again.pop("truth").equals(truth)
    assert again.pop("edges").equals(edges)
    assert all(again[name].equals(table) for name, table in tables.items())


def test_the_truth_names_every_record_once_in_the_order_of_the_tables(made):
    facts, truth, _, tables = made
    order = ("app_users", "crm_contacts", "crm_leads", "web_visitors")
    expected = [f"{name}:{own}" for name in order for own in tables[name].to_series()]
    assert truth["record_id"].to_list() == expected
    assert truth["record_id"].is_unique().all()
    assert facts["records"] == RECORDS
    assert facts["people"] == truth["entity_id"].n_unique()
    assert facts["people"] == pytest.approx(0.53 * RECORDS, rel=0.05)


def test_a_fifth_to_two_fifths_of_each_identifier_column_is_empty(made):
    *_, tables = made
    for table in tables.values():
        cells = table.select(
            pl.col("^(email|phone|.*device_id)$"), *(["user_id"] if "device_id" in table.columns else [])
        )
        assert all(0.18 < share < 0.42 for share in (cells.null_count() / table.height).row(0))


def test_rows_come_in_no_order(made):
    *_, tables = made
    assert not any(table.to_series().is_sorted() for table in tables.values())


def test_edges_join_records_of_one_person_and_span_what_is_reachable(made):
    facts, truth, edges, _ = made
    person, reachable = truth["entity_id"], truth["reachable_id"]
    assert facts["edges"] == edges.height
    assert (person.gather(edges["left"]) == person.gather(edges["right"])).all()
    assert (reachable.gather(edges["left"]) == reachable.gather(edges["right"])).all()
    assert truth.group_by("reachable_id").agg(pl.col("entity_id").n_unique())["entity_id"].max() == 1


def test_an_address_is_one_person_s_unless_it_is_junk(made):
    _, truth, _, tables = made
    mailed = pl.concat(
        table.select(pl.format(name + ":{}", pl.first()).alias("record_id"), "email")
        for name, table in tables.items()
        if "email" in table.columns
    )
    address = pl.col("email").str.strip_chars().str.to_lowercase().str.replace("+news@", "@", literal=True)
    shared = (
        mailed.with_columns(address).join(truth, on="record_id").group_by("email").agg(pl.col("entity_id").n_unique())
    )
    several = shared.filter(pl.col("entity_id") > 1)["email"].drop_nulls()
    assert len(several) > 0
    assert several.str.contains(
        r"^$|^null$|^n/a$|^-$|^(info|sales|support|office|contact)@|^(test|none|noemail|no|asdf)@"
    ).all()


def test_phones_are_written_in_several_ways_and_many_records_share_the_junk(made):
    facts, _, _, tables = made
    phones = pl.concat([tables["crm_contacts"]["phone"], tables["crm_leads"]["phone"]])
    assert all(
        phones.str.contains(form).any() for form in (r"^\+1\d{10}$", r"^\+447\d{9}$", r"^\(\d{3}\) \d{3}-\d{4}$")
    )
    assert 0.003 < facts["junk"] / facts["values"] < 0.02
