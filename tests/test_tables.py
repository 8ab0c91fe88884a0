"""Matching any table: without labels or settings, in any order, and refusing what cannot be told apart."""

from datetime import date

import numpy as np
import polars as pl
import pytest

import idgraph as ig
from idgraph.audit.metrics import quality
from idgraph.errors import ConfigError

GIVEN = [
    "ana",
    "bo",
    "carla",
    "dmitri",
    "elena",
    "fritz",
    "grace",
    "hugo",
    "ines",
    "jonas",
    "karin",
    "luca",
    "mira",
    "nils",
    "olga",
    "pavel",
    "rosa",
    "sven",
    "tara",
    "ugo",
]
FAMILY = [
    "abel",
    "brandt",
    "costa",
    "duarte",
    "eriksen",
    "fischer",
    "garcia",
    "hansen",
    "ivanov",
    "jansen",
    "klein",
    "lopez",
    "moretti",
    "novak",
    "olsen",
]


def people(size=300, seed=0):
    """People, and a dirty copy of every third."""
    rng = np.random.default_rng(seed)
    rows = [
        {
            "id": f"p{number}",
            "first_name": str(rng.choice(GIVEN)),
            "last_name": str(rng.choice(FAMILY)) + str(rng.choice(["", "son", "er", "ini", "ov"])),
            "born": f"19{rng.integers(40, 99)}-{rng.integers(1, 13):02}-{rng.integers(1, 29):02}",
            "town": str(rng.choice(["lyon", "graz", "turin", "porto", "gent", "bern", "oslo"])),
        }
        for number in range(size)
    ]
    copies = []
    for row in rows[::3]:
        name = row["last_name"]
        place = int(rng.integers(1, len(name)))
        typo = name[:place] + name[place + 1 :]
        copies.append(
            {**row, "id": f"{row['id']}-copy", **({"last_name": typo} if rng.random() < 0.6 else {"town": None})}
        )
    return pl.DataFrame(rows + copies)


def truth(frame):
    return frame.select(record_id="id", entity_id=pl.col("id").str.split("-").list.get(0))


def score(matches, frame):
    import narwhals.stable.v2 as nw

    found = matches.entities.select(record_id="id", entity_id="entity_id")
    return quality(nw.from_native(found, eager_only=True), nw.from_native(truth(frame), eager_only=True))


def test_dirty_copies_are_found():
    frame = people(1200)
    found = score(ig.dedupe(frame, id="id"), frame)
    assert found.precision > 0.97
    assert found.recall > 0.99


def test_neither_the_order_of_rows_nor_of_columns_matters():
    frame = people()
    one = ig.dedupe(frame, id="id")
    mixed = frame.sample(fraction=1, shuffle=True, seed=5).select("id", "town", "born", "last_name", "first_name")
    other = ig.dedupe(mixed, id="id")
    assert other.entities.equals(one.entities)
    assert other.links.drop("weight", "probability").equals(one.links.drop("weight", "probability"))


def test_the_parts_of_an_explanation_add_up():
    found = ig.dedupe(people(), id="id")
    for left, right, weight in found.links.select("left_id", "right_id", "weight").head(40).rows():
        assert sum(part.weight for part in found.explain(left, right)) == pytest.approx(weight, abs=1e-9)


def test_a_pair_that_is_no_link_is_not_explained():
    with pytest.raises(ConfigError, match="not among the links"):
        ig.dedupe(people(), id="id").explain("p0", "p1")


def test_a_model_is_used_again(tmp_path):
    frame = people()
    first = ig.dedupe(frame, id="id")
    first.model.save(tmp_path / "model.json")
    again = ig.dedupe(frame, id="id", model=ig.Model.load(tmp_path / "model.json"))
    assert again.links.equals(first.links)
    with pytest.raises(ConfigError, match="learnt on other columns"):
        ig.dedupe(frame.drop("town"), id="id", model=first.model)


@pytest.mark.parametrize(
    "text", ["", "{}", '{"idgraph_model": 1, "fields": [{"name": "a", "holds": "name"}], "ties": []}']
)
def test_a_broken_model_is_refused(tmp_path, text):
    (tmp_path / "model.json").write_text(text)
    with pytest.raises(ConfigError, match="is no model"):
        ig.Model.load(tmp_path / "model.json")


def test_rows_of_one_table_are_not_linked_with_each_other():
    frame = people()
    left, right = frame.filter(~pl.col("id").str.contains("copy")), frame.filter(pl.col("id").str.contains("copy"))
    found = ig.link_tables(left, pl.concat([right, right.with_columns(id=pl.col("id") + "2")]), id="id")
    links = found.links
    assert links.height >= 2 * 0.9 * right.height
    assert not links["left_id"].str.contains("copy").any()
    assert links["right_id"].str.contains("copy").all()
    assert found.entities["side"].value_counts().sort("side").rows() == [("left", 300), ("right", 200)]


def test_one_to_one_leaves_each_row_its_likeliest():
    frame = people()
    left, right = frame.filter(~pl.col("id").str.contains("copy")), frame.filter(pl.col("id").str.contains("copy"))
    twice = pl.concat([right, right.with_columns(id=pl.col("id") + "2")])
    links = ig.link_tables(left, twice, id="id", one_to_one=True).links.filter(pl.col("state") == "used")
    assert links.height >= 0.9 * right.height
    assert links["left_id"].is_unique().all()
    assert links["right_id"].is_unique().all()


def test_columns_are_recognised_by_name_and_values():
    frame = people().with_columns(
        mail=pl.col("first_name") + "@acme.io", same=pl.lit("x"), none=pl.lit(None, pl.String), row_id=pl.col("id")
    )
    found = ig.dedupe(frame, id="id")
    assert {field.name: field.holds for field in found.fields} == {
        "first_name": "name",
        "last_name": "name",
        "born": "date",
        "town": "category",
        "mail": "email",
    }
    assert found.left_out == {
        "same": "all its values are the same",
        "none": "it has no values",
        "row_id": "its values are all different, as ids of rows are",
    }


@pytest.mark.parametrize(
    ("frame", "more", "message"),
    [
        (people().select("id", "town"), {}, "do not tell 400 rows apart"),
        (people().select("id", x=pl.lit("a")), {}, "all its values are the same"),
        (people().clear(), {}, "do not tell 0 rows apart"),
        (people().head(1), {}, "do not tell 1 rows apart"),
        (people(), {"columns": ["town", "street"]}, "no column 'street' to compare"),
        (people(), {"columns": {"town": "place"}}, "cannot hold 'place'"),
        (people(), {"precision": 2}, "between 0 and 1"),
        (people().with_columns(tags=pl.concat_list("town")), {}, "column 'tags' holds List"),
        (people().rename({"town": "side"}), {}, "called 'side' cannot be compared"),
        (pl.concat([people(), people()]), {}, "400 ids are on several rows"),
        (people().with_columns(id=pl.lit(None, pl.String)), {}, "400 rows without 'id'"),
    ],
)
def test_what_cannot_be_matched_is_refused(frame, more, message):
    with pytest.raises(ConfigError, match=message):
        ig.dedupe(frame, **{"id": "id", **more})


def test_columns_that_nothing_can_be_made_of_are_left_out_and_named():
    frame = people().with_columns(
        blank=pl.lit("  "), tags=pl.concat_list("town"), again=pl.col("town").str.to_uppercase(), whole=pl.lit("x")
    )
    found = ig.dedupe(frame.drop("tags"), id="id")
    assert found.left_out["blank"] == "it has no values"
    assert found.left_out["whole"] == "all its values are the same"
    assert found.left_out["town"] == "says what again says"
    asked = ["first_name", "last_name", "born", "town"]
    assert ig.dedupe(frame, id="id", columns=asked).links.equals(ig.dedupe(people(), id="id").links)
    ignored = ig.dedupe(frame, id="id", columns={"tags": "ignore", "blank": "ignore"})
    assert ignored.left_out["tags"] == "left out on request"


LISTED = ["Acme Robotics Inc.", "ACME ROBOTICS", "Acme Robtics GmbH", "Beta Foods", "Gamma Telecom", "Beta Food"]


def test_a_list_of_names_is_believed():
    found = ig.dedupe(pl.DataFrame({"company": LISTED}))
    assert found.entities["entity_id"].to_list() == ["1", "1", "1", "4", "5", "4"]
    assert {round(part.weight, 2) for part in found.explain("1", "2")} == {round(found.links["weight"].max(), 2)}
    many = pl.DataFrame({"company": ["Acme Inc"] * 40 + ["Beta Ltd"] * 2})
    assert ig.dedupe(many).entities["entity_id"].n_unique() == 2


def test_a_common_word_does_not_hide_a_name_from_its_copy():
    rng = np.random.default_rng(3)
    signs = np.array(list("abcdefghijklmnoprstuvwz"))
    names = ["".join(word) + " solutions" for word in rng.choice(signs, (3000, 8))]
    copies = [name[:3] + name[4] + name[3] + name[5:] for name in names[:300]]
    found = ig.link_tables(pl.DataFrame({"company": names}), pl.DataFrame({"company": copies}))
    used = found.links.filter(pl.col("state") == "used")
    right = used["left_id"].str.strip_prefix("left:") == used["right_id"].str.strip_prefix("right:")
    assert right.mean() > 0.99
    assert right.sum() > 290
    assert max(key["rows_in_large_blocks"] for key in found.keys) > 3000


def sites(seed):
    """Firms, some of several sites with one telephone and a word in common; most sites are there twice, mistyped."""
    rng = np.random.default_rng(seed)
    words = ["bright", "little", "sunny", "early", "happy", "green", "north", "river", "maple", "hill", "lake"]

    def word(letters):
        return "".join(rng.choice(list("abcdefghiklmnoprstuvw"), letters))

    streets = [f"{word(7)} {kind}" for kind in ("street", "avenue", "road", "lane") for _ in range(60)]
    rows = []
    for firm in range(150):
        own, phone = word(6), f"312{rng.integers(1_000_000, 9_999_999)}"
        for site in range(int(rng.integers(2, 5)) if rng.random() < 0.15 else 1):
            street = f"{rng.integers(1, 9999)} {rng.choice(streets)}"
            name = f"{' '.join(rng.choice(words, 2, replace=False))} {own}"
            row = {"id": f"{firm}.{site}-one", "name": name, "address": street, "phone": phone}
            rows.append(row)
            if rng.random() < 0.6:
                place = int(rng.integers(1, len(street)))
                rows.append({**row, "id": f"{firm}.{site}-other", "address": street[:place] + street[place + 1 :]})
    return pl.DataFrame(rows)


@pytest.mark.parametrize("seed", [1, 3])
def test_sites_of_one_firm_stay_apart(seed):
    frame = sites(seed)
    found = score(ig.dedupe(frame, id="id"), frame)
    assert found.precision > 0.9
    assert found.recall > 0.99


def test_values_without_end_are_compared_by_their_beginning():
    endless = "x y " * 2_500_000
    frame = people().with_columns(
        pl.when(pl.col("id") == "p3").then(pl.lit(endless)).otherwise("last_name").alias("last_name"),
        note=pl.when(pl.col("id") == "p0").then(pl.lit(endless)).otherwise(pl.col("first_name") + pl.col("born")),
    )
    assert ig.dedupe(frame, id="id").entities.height == 400


def test_rows_that_are_all_different_or_all_there_twice_are_told():
    assert ig.dedupe(pl.DataFrame({"code": [f"{n * 7919 % 100_000:06}" for n in range(500)]})).links.is_empty()
    twins = pl.concat([people(), people().with_columns(id=pl.col("id") + "'")])
    placed = ig.dedupe(twins, id="id").entities.with_columns(one=pl.col("id").str.strip_chars_end("'"))
    assert placed.group_by("one").agg(pl.col("entity_id").n_unique())["entity_id"].eq(1).all()


def test_names_are_compared_across_scripts():
    frame = people()
    spelt = {"hansen": "хансен", "ivanov": "иванов", "novak": "новак", "klein": "клеин"}
    other = frame.with_columns(pl.col("last_name").replace(spelt), id=pl.col("id") + "'")
    links = ig.link_tables(frame, other, id="id").links.filter(pl.col("state") == "used").select("left_id", "right_id")
    for one, two in zip(frame["id"], frame["id"] + "'", strict=True):
        assert (one, two) in set(links.iter_rows())


def test_names_in_each_others_column_are_found():
    frame = people()
    turned = frame.rename({"first_name": "last_name", "last_name": "first_name"}).with_columns(id=pl.col("id") + "'")
    both = pl.concat([frame.head(300), turned.select(frame.columns).head(40)])
    found = ig.dedupe(both, id="id")
    links = set(found.links.filter(pl.col("state") == "used").select("left_id", "right_id").iter_rows())
    assert {(one, f"{one}'") for one in frame["id"].head(40)} <= links
    part = found.explain("p0", "p0'")[0]
    assert (part.field, part.level) == ("first_name", "swapped")


def test_an_unknown_id_column_is_refused():
    with pytest.raises(ConfigError, match="no column 'key' to name rows by"):
        ig.dedupe(people(), id="key")


def test_two_tables_without_a_common_column_are_refused():
    with pytest.raises(ConfigError, match="no column in common"):
        ig.link_tables(pl.DataFrame({"a": ["x"]}), pl.DataFrame({"b": ["x"]}))


def test_names_in_other_scripts_are_compared():
    frame = people().with_columns(
        last_name=pl.when(pl.col("id").str.starts_with("p1")).then(pl.lit("иванова")).otherwise("last_name"),
        first_name=pl.when(pl.col("id").str.starts_with("p2")).then(pl.lit("王小明")).otherwise("first_name"),
    )
    assert score(ig.dedupe(frame, id="id"), frame).precision > 0.95


def test_columns_that_are_no_text_are_taken_as_text():
    frame = people().with_columns(
        born=pl.col("born").str.to_date(), town=pl.col("town").cast(pl.Categorical), age=pl.lit(date(2026, 1, 1))
    )
    assert score(ig.dedupe(frame, id="id"), frame).recall > 0.95


@pytest.mark.spark
def test_spark_finds_the_same(spark):
    frame = people(120)
    here, there = ig.dedupe(frame, id="id"), ig.dedupe(spark.createDataFrame(frame.to_pandas()), id="id")
    assert pl.DataFrame(there.entities.toArrow()).equals(here.entities)
    assert pl.DataFrame(there.links.toArrow()).equals(here.links)


@pytest.mark.parametrize(
    ("name", "left_out", "least"),
    [
        ("fake_1000", [], 0.88),
        ("febrl3", ["source", "soc_sec_id"], 0.99),
        ("dqbench_er_tier2", ["phone"], 0.97),
        ("early_childhood", ["Source"], 0.85),
    ],
)
def test_labelled_sets_are_matched_as_well_as_before(data_dir, name, left_out, least):
    import narwhals.stable.v2 as nw

    frame = pl.read_parquet(data_dir / "benchmarks" / f"{name}.parquet").drop(left_out)
    known = pl.read_parquet(data_dir / "benchmarks" / f"{name}.truth.parquet")
    found = ig.dedupe(frame, id="record_id").entities.select(record_id="id", entity_id="entity_id")
    assert quality(nw.from_native(found, eager_only=True), nw.from_native(known, eager_only=True)).f1 >= least
