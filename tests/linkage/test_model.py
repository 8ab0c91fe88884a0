"""A model is data: read, compared with another, edited by hand; what does not fit is refused by name."""

import json

import polars as pl
import pytest

import idgraph as ig
from idgraph.errors import ConfigError

TIE = {"one": 0, "other": 1, "bits": [[0, 0], [0, 0]]}


@pytest.fixture(scope="module")
def model():
    names, towns = ["Ana Ruiz", "Bo Lind", "Cy Berg", "Di Moss"], ["Rome", "Bonn", "Oslo"]
    people = pl.DataFrame(
        {
            "name": [f"{names[n % 4]}{chr(97 + n % 26)}{chr(97 + n // 26)}" for n in range(200)] * 2,
            "born": [f"19{n % 100:02}-{1 + n % 12:02}-{1 + n % 28:02}" for n in range(200)] * 2,
            "town": [towns[n % 3] for n in range(400)],
        }
    )
    return ig.dedupe(people, columns={"name": "name", "born": "date", "town": "category"}).model


def edited(model, tmp_path, *path, value):
    """Read a model of which one thing was changed by hand."""
    file = tmp_path / "model.json"
    model.save(file)
    told = json.loads(file.read_text())
    place = told
    for step in path[:-1]:
        place = place[step]
    if value is None:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    file.write_text(json.dumps(told))
    return ig.Model.load(file)


def test_it_is_read_as_it_was_written(model, tmp_path):
    model.save(tmp_path / "model.json")
    assert ig.Model.load(tmp_path / "model.json") == model


def test_an_edited_weight_is_the_one_used(model, tmp_path):
    town = next(place for place, field in enumerate(model.fields) if field.name == "town")
    changed = edited(model, tmp_path, "m", town, 1, value=0.5)
    told = model.diff(changed).filter(pl.col("change") != 0)
    assert told.select("field", "level").rows() == [("town", "different")]
    assert told["after"].item() == pytest.approx(told["before"].item() + told["change"].item())


def test_a_model_differs_in_nothing_from_itself(model):
    told = model.diff(model)
    assert told.columns == ["field", "level", "before", "after", "change"]
    assert told["change"].to_list() == [0.0] * told.height
    assert {"name", "born", "town", "prior"} <= set(told["field"])


def test_what_only_one_model_has_is_null_in_the_other(model):
    people = pl.DataFrame({"name": [f"Ana {chr(97 + n % 26)}{chr(97 + n // 26)}ss" for n in range(90)]})
    people = people.with_columns(born=pl.Series([f"19{n:02}-01-02" for n in range(90)]))
    other = ig.dedupe(people, columns={"name": "name", "born": "date"}).model
    told = model.diff(other)
    assert told.filter(pl.col("field") == "town")["after"].null_count() == 2
    assert other.diff(model).filter(pl.col("field") == "town")["before"].null_count() == 2
    names = told.filter(pl.col("field") == "name")
    assert names["change"].null_count() == 0
    assert (names["after"] - names["before"]).to_list() == pytest.approx(names["change"].to_list())


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("m", 0), [0.5, 0.5], r"m of field '\w+' has 2 entries, and not \d, one for each level: same, "),
        (("u", 1, 0), "0.1", r"u of field '\w+', level 'same', is a number, not \"0.1\""),
        (("m", 0, 0), 1.5, r"m of field '\w+', level 'same', is 1.5; it has to be more than 0, 1 at most"),
        (("m", 0, 0), 0, "it has to be more than 0"),
        (("u", 0, 0), float("nan"), "is a number, not NaN"),
        (("m",), {"name": 1}, "m is a list, not {"),
        (("m", 2), None, "m has 2 entries, and not 3, one for each field"),
        (("fields", 0, "holds"), "names", r"field '\w+' cannot hold \"names\"; it is one of name, email"),
        (("fields", 0, "name"), None, "a field lacks 'name'"),
        (("fields", 0, "alone"), 1, r"alone of field '\w+' is true or false, not 1"),
        (("fields", 0, "alone"), True, "alone is true of a title that is the only field"),
        (
            ("ties",),
            [{"one": 0, "other": 9, "bits": [[0, 0], [0, 0]]}],
            r"two fields by their places, 0 to 2; not of \[0, 9\]",
        ),
        (
            ("ties",),
            [{"one": 0, "other": 1, "bits": [[0], [0, 0]]}],
            r"bits of the tie of '\w+' and '\w+' has 1 entries",
        ),
        (("matches_per_row",), -1, "matches_per_row is -1"),
        (("rarity", 0), [], r"rarity of field '\w+' has 0 entries, and not \d, one for each of same"),
        (("rarity",), None, "a model lacks 'rarity'"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(model, tmp_path, path, value, said):
    with pytest.raises(ConfigError, match=said) as told:
        edited(model, tmp_path, *path, value=value)
    assert "model.json is no model" in str(told.value)


def test_models_of_a_run_say_which_of_them_is_wrong(model, tmp_path):
    file = tmp_path / "models.json"
    ig.Models(people=model).save(file)
    assert ig.Models.load(file) == ig.Models(people=model)
    told = json.loads(file.read_text())
    told["people"]["m"][0] = [1]
    file.write_text(json.dumps(told))
    with pytest.raises(ConfigError, match=r"of people, m of field '\w+' has 1 entries"):
        ig.Models.load(file)
    file.write_text("[]")
    with pytest.raises(ConfigError, match="it lacks 'people'"):
        ig.Models.load(file)
