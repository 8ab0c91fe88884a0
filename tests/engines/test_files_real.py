"""Every real export is read as Python's own csv and json modules read it."""

import csv
import json

import pytest

from idgraph.engines.files import scan
from idgraph.errors import FileError


def test_every_real_csv_is_read_cell_by_cell(data_dir):
    paths = sorted(data_dir.glob("exports/*/*.csv"))
    assert len(paths) > 70
    for path in paths:
        with path.open(encoding="utf-8-sig", newline="") as file:
            header, *rows = [row for row in csv.reader(file) if row]
        opened = scan("real", path)
        assert opened.rejects.is_empty(), path
        assert [name.partition("_duplicated_")[0] for name in opened.columns] == header, path
        assert opened.frame.drop("__file", "__row").collect().rows() == [
            tuple(cell or None for cell in row) for row in rows
        ], path
        assert opened.frame.collect()["__row"].to_list() == list(range(1, len(rows) + 1)), path


def test_every_real_json_of_records_is_read(data_dir):
    paths = sorted(data_dir.glob("exports/hubspot_dlt/*.json"))
    assert len(paths) == 5
    for path in paths:
        records = json.loads(path.read_text())["results"]
        opened = scan("real", path)
        assert [json.loads(line) for line in opened.frame.collect()["__json"]] == records, path
        assert opened.rejects.is_empty(), path


def test_a_list_of_words_is_refused(data_dir):
    with pytest.raises(FileError, match="holds few records"):
        scan("real", data_dir / "exports/lookup_email_domains/kikobeats_free_domains.json")


def test_json_in_a_real_column_is_addressed(data_dir):
    stripe = scan("stripe", data_dir / "exports/stripe_fivetran/customer_data.csv")
    assert stripe.frame.select(stripe.column("metadata.external_id")).collect().n_unique() == 1
    mixpanel = scan("mixpanel", data_dir / "exports/mixpanel_fivetran/event.csv")
    assert mixpanel.frame.select(mixpanel.column("properties.user_id")).collect().n_unique() == 3


def test_known_traps_are_where_they_were_seen(data_dir):
    exports = data_dir / "exports"
    assert "param_session_engaged_duplicated_0" in scan("ga4", exports / "ga4_fivetran/event_data.csv").columns
    marked = [path for path in exports.glob("*/*.csv") if path.read_bytes().startswith(b"\xef\xbb\xbf")]
    assert len(marked) == 4
    assert not any(name.startswith("\ufeff") for path in marked for name in scan("marketo", path).columns)
    events = scan("snowplow", str(exports / "snowplow_dbtlabs/sp_event*.csv"))
    assert events.frame.select("__file").collect()["__file"].value_counts(sort=True)["count"].to_list() == [6, 3]
    assert (events.frame.collect()["user_id"] == "NULL").any()
