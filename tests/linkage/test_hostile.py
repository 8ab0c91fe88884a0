"""Tables and exports that mean harm, or nothing: nothing is fused, nothing is lost, and what is wrong is said."""

import polars as pl
import pytest

import idgraph as ig
from idgraph.errors import ConfigError

FIRST = ["Ana", "Bruno", "Carla", "Dario", "Elena", "Fabio", "Gisela", "Hannes", "Irene", "Jonas"]
LAST = ["Ruiz", "Lindqvist", "Moretti", "Okafor", "Petrov", "Quint", "Bassani", "Schmidt"]
LAST += ["Tanaka", "Vukovic", "Youssef", "Zapata", "Haugen", "Ibarra", "Kowalczyk", "Nguyen"]
ENDLESS = "Ana Lindqvist " * 750_000  # ten megabytes


def people(rows: int = 160) -> pl.DataFrame:
    """People who are all different."""
    return pl.DataFrame(
        {
            "id": [f"p{n}" for n in range(rows)],
            "first_name": [FIRST[n % 10] for n in range(rows)],
            "last_name": [LAST[n // 10] for n in range(rows)],
            "born": [f"{1930 + n * 37 % 73}-{1 + n * 5 % 12:02}-{1 + n * 11 % 28:02}" for n in range(rows)],
        }
    )


def twice(**names: str) -> pl.DataFrame:
    """People, the first of whom is called otherwise, and everybody once more with the names given."""
    rows = people()
    first = pl.col("id") == "p0"
    last, other = names["last"], names["other"]
    one = rows.with_columns(pl.when(first).then(pl.lit(last)).otherwise("last_name").alias("last_name"))
    two = rows.with_columns(
        pl.when(first).then(pl.lit(other)).otherwise("last_name").alias("last_name"), id=pl.col("id") + "'"
    )
    return pl.concat([one, two])


def together(found: ig.Matches, one: str, other: str) -> bool:
    placed = dict(found.entities.select("id", "entity_id").iter_rows())
    return placed[one] == placed[other]


# Columns that say nothing


def test_a_constant_column_asked_for_changes_nothing_that_others_tell():
    rows = twice(last="Ruiza", other="Ruiza").with_columns(country=pl.lit("Spain"), none=pl.lit(None, pl.String))
    asked = ["first_name", "last_name", "born"]
    plain = ig.dedupe(rows, id="id", columns=asked).entities
    with_constants = ig.dedupe(rows, id="id", columns=[*asked, "country", "none"])
    assert with_constants.entities.equals(plain)
    assert with_constants.left_out == {"country": "all its values are the same", "none": "it has no values"}


@pytest.mark.parametrize("holds", ["name", "text", "category", "email", "phone", "date", "code", "number", "list"])
def test_a_constant_column_said_to_hold_something_fuses_nobody(holds):
    rows = people().with_columns(same=pl.lit("1999-01-01"), none=pl.lit(None, pl.String))
    found = ig.dedupe(rows, id="id", columns={"same": holds, "none": holds})
    assert found.entities["entity_id"].is_unique().all()


def test_columns_that_say_nothing_alone_are_refused_by_name():
    rows = people().select("id", same=pl.lit("x"), none=pl.lit(None, pl.String))
    with pytest.raises(ConfigError, match=r"do not tell 160 rows apart.*same: all its values.*none: it has no values"):
        ig.dedupe(rows, id="id")
    with pytest.raises(ConfigError, match=r"columns to compare \(same\) do not tell 160 rows apart"):
        ig.dedupe(rows, id="id", columns={"same": "text"})
    with pytest.raises(ConfigError, match=r"do not tell 160 rows apart"):
        ig.dedupe(rows, id="id", columns={"none": "text", "same": "ignore"})


def test_a_column_that_is_all_different_finds_nobody():
    rows = people().select("id", note=pl.col("id").hash(seed=1).cast(pl.String))
    assert ig.dedupe(rows, id="id", columns={"note": "code"}).entities["entity_id"].is_unique().all()


# Tables that are hardly tables


def test_one_row_is_refused():
    with pytest.raises(ConfigError, match="do not tell 1 rows apart"):
        ig.dedupe(people(1), id="id")


def test_one_row_is_found_among_many():
    rows = people()
    found = ig.link_tables(rows.tail(1).with_columns(id=pl.lit("x")), rows, id="id")
    assert found.links.filter(pl.col("state") == "used").select("left_id", "right_id").rows() in ([], [("x", "p159")])


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_table_without_rows_is_refused(side):
    given = {"left": people(), "right": people()} | {side: people().clear()}
    with pytest.raises(ConfigError, match=f"the {side} table has no rows to link"):
        ig.link_tables(**given, id="id")


def test_two_identical_tables_are_linked_row_by_row():
    rows = people()
    links = ig.link_tables(rows, rows.with_columns(id=pl.col("id") + "'"), id="id").links
    used = links.filter(pl.col("state") == "used")
    assert set(used.select("left_id", "right_id").iter_rows()) == {(name, f"{name}'") for name in rows["id"]}


def test_ids_that_both_tables_have_are_refused():
    with pytest.raises(ConfigError, match="160 ids are on several rows"):
        ig.link_tables(people(), people(), id="id")


def test_a_model_of_other_columns_names_them():
    model = ig.dedupe(people(), id="id").model
    renamed = people().rename({"born": "birthday"})
    with pytest.raises(ConfigError, match=r"learnt on other columns: first_name \(name\), last_name \(name\), born"):
        ig.dedupe(renamed, id="id", model=model)
    with pytest.raises(ConfigError, match="learnt on other columns"):
        ig.link_tables(renamed, renamed.with_columns(id=pl.col("id") + "'"), id="id", model=model)


# Values of any script and length


@pytest.mark.parametrize(
    ("last", "other"),
    [
        ("Щербаков", "Shcherbakov"),
        ("Йорданова", "ЙОРДАНОВА"),
        ("محمود", "مَحْمُود"),
        ("سليمان", "سليمان "),
        ("王", "Wang"),
        ("欧阳", "欧阳"),
        ("Παπαδόπουλος", "Papadopoulos"),
        ("Nuñez-Ólafsdóttir", "NUNEZ OLAFSDOTTIR"),
        ("O’Brien", "O'brien"),
    ],
)
def test_one_name_in_two_spellings_is_one(last, other):
    found = ig.dedupe(twice(last=last, other=other), id="id")
    assert together(found, "p0", "p0'")
    level = next(part.level for part in found.explain("p0", "p0'") if part.field == "last_name")
    assert level != "different"


@pytest.mark.parametrize(("last", "other"), [("王", "李"), ("محمود", "سليمان"), ("Щербаков", "Кузнецова")])
def test_two_names_of_one_script_differ(last, other):
    found = ig.dedupe(twice(last=last, other=other), id="id")
    linked = found.links.filter((pl.col("left_id") == "p0") & (pl.col("right_id") == "p0'"))
    levels = {part.level for part in found.explain("p0", "p0'")} if linked.height else {"different"}
    assert levels & {"different", "distant"}


def test_ten_megabytes_in_every_kind_of_column():
    rows = people()
    first = pl.col("id") == "p0"
    wide = rows.with_columns(
        *(pl.when(first).then(pl.lit(ENDLESS)).otherwise(name).alias(name) for name in ("first_name", "born")),
        mail=pl.when(first).then(pl.lit(ENDLESS + "@acme.io")).otherwise(pl.col("id") + "@acme.io"),
        note=pl.when(first).then(pl.lit(ENDLESS)).otherwise(pl.col("last_name") + " " + pl.col("born")),
    )
    found = ig.dedupe(wide, id="id", columns={"mail": "email", "note": "text", "born": "date", "first_name": "name"})
    assert found.entities["entity_id"].is_unique().all()


# A run over exports


def resolved(names: pl.Series, **more: pl.Series | list[str | None]) -> ig.Graph:
    rows = pl.DataFrame({"id": [f"u{n}" for n in range(len(names))], "name": names, **more})
    held = {name: name for name in more if name in {"email", "phone"}}
    return ig.resolve(
        ig.Source("users", kind="user", id="id", data=rows, identifiers=held, attributes={"full_name": "name"})
    )


@pytest.mark.parametrize("name", ["Ana Ruiz", "", None, "N/A", "Unknown User", "王 小明"])
def test_one_name_for_everybody_makes_nobody_one(name):
    graph = resolved(pl.Series([name] * 200, dtype=pl.String))
    assert graph.profiles.height == 200


def test_a_name_without_end_is_a_name():
    names = people().select(pl.col("first_name") + " " + pl.col("last_name")).to_series()
    graph = resolved(pl.Series([ENDLESS, *names[1:]]), email=[f"{n}@acme.io" for n in range(160)])
    assert graph.profiles.height == 160
    assert graph.records.filter(pl.col("record_id") == "users:u0")["full_name"].str.len_bytes().item() > 10**6


def test_two_identical_exports_are_linked_row_by_row():
    names = people().select(pl.col("first_name") + " " + pl.col("last_name")).to_series()
    rows = pl.DataFrame({"id": people()["id"], "name": names, "email": people()["id"] + "@acme.io"})
    told = {"id": "id", "data": rows, "identifiers": {"email": "email"}, "attributes": {"full_name": "name"}}
    graph = ig.resolve(ig.Source("one", kind="lead", **told), ig.Source("two", kind="contact", **told))
    assert graph.profiles["records"].to_list() == [2] * 160
