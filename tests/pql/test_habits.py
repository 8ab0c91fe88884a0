"""Features in use, slipping users, who answers; the seven archetypes; forecasts that refuse what is no chance."""

from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idgraph.errors import ConfigError
from idgraph.pql import Activity, archetypes, chances, communication, features, forecast, slipping
from idgraph.pql.archetypes import ARCHETYPES

NOW = datetime(2026, 3, 31, tzinfo=UTC)


def activity(*rows):
    """Events: days before now, person, event."""
    table = pl.DataFrame(rows, schema=["days", "who", "event"], orient="row", strict=False)
    table = table.with_columns(at=pl.lit(NOW) - pl.duration(minutes=pl.col("days") * 1440), firm=pl.lit("acme"))
    return Activity.from_frame(table, person="who", account="firm").as_of(NOW)


def test_who_uses_which_features():
    key = features("login", ["report", "share"], "api")
    use = activity(
        *((day, "ana", event) for day in (1, 2) for event in ("login", "api")),
        *((day, "bo", "login") for day in (1, 2)),
        (1, "bo", "api"),  # tried once
        (3, "cy", "share"),
        (9, "cy", "share"),
        (40, "di", "login"),
        (41, "di", "login"),
    )
    found = key.used(use, "person")
    assert dict(found.select("entity_id", "sophistication").iter_rows()) == {
        "ana": "advanced",
        "bo": "novice",
        "cy": "intermediate",
        "di": None,
    }
    assert found.row(0)[2:] == (["login", "api"], ["report", "share"])
    assert key.used(use, "account")["sophistication"].to_list() == ["advanced"]


def test_slipping_users():
    use = activity(
        *((day, "half", "login") for day in (30, 35, 40, 45, 1, 2)),
        *((day, "gone", "login") for day in (30, 35, 36, 40, 45, 50)),
        *((day, "steady", "login") for day in (30, 35, 40, 45, 1, 2, 3)),
        *((day, "rare", "login") for day in (30, 35, 40)),
        *((day, "other", "login" if day > 28 else "blog_read") for day in (29, 30, 31, 32, 1, 2, 3)),
    )
    found = slipping(use, "person", "login")
    assert found.select("entity_id", "before", "now").rows() == [("gone", 6, 0), ("other", 4, 0), ("half", 4, 2)]
    assert [at.day for at in found["last_at"]] == [1, 2, 30]
    assert "other" not in slipping(use, "person")["entity_id"]


def test_replies_time_to_reply_and_unprompted_contact():
    talk = communication("sent", ["replied", "asked"])
    use = activity(
        (20, "ana", "sent"), (19.5, "ana", "replied"), (19, "ana", "replied"),  # the second came by itself
        (10, "ana", "sent"), (9.75, "ana", "asked"),
        (20, "bo", "sent"), (12, "bo", "replied"),  # too late to be an answer
        (20, "cy", "sent"), (5, "cy", "sent"),
        (3, "di", "asked"), (2, "ed", "login"), (60, "flo", "replied"),
    )  # fmt: skip
    found = {row["entity_id"]: row for row in talk.score(use, "person").to_dicts()}
    ana = found["ana"]
    assert {part["part"]: part["value"] for part in ana["parts"]} == {"replies": 2.0, "unprompted": 1.0}
    assert (ana["value"], ana["sent"], ana["answered"], ana["hours"]) == (3.0, 2, 1.0, 9.0)
    assert {who: row["active"] for who, row in found.items()} == {
        "ana": True, "bo": True, "cy": False, "di": True, "ed": False, "flo": False,
    }  # fmt: skip
    assert found["bo"]["answered"] == 0.0
    assert found["di"]["answered"] is None


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 40), st.sampled_from(["ana", "bo"]), st.sampled_from(["sent", "replied", "asked", "x"])
        ),
        min_size=1,
        max_size=25,
    )
)
def test_parts_of_communication_add_up(rows):
    for row in communication("sent", ["replied", "asked"]).score(activity(*rows), "person").to_dicts():
        assert sum(part["value"] for part in row["parts"]) == row["value"]
        came = [
            days for days, who, event in rows if who == row["entity_id"] and event in {"replied", "asked"} and days < 30
        ]
        assert row["value"] == len(came)


# Archetypes


def lead(activation, engagement, active, fits=None):
    def score(value):
        return pl.DataFrame({"entity_id": ["a"], "value": [value]})

    fit = None if fits is None else score(fits).with_columns(known=pl.lit(1.0))
    (row,) = archetypes(score(activation), score(engagement), score(0.0).with_columns(active=active), fit).to_dicts()
    return row


@pytest.mark.parametrize(
    ("levels", "name", "chance"),
    [
        ((0.9, 90, True), "Golden Leads", 0.90),
        ((0.9, 90, False), "Silent Successes", 0.75),
        ((0.5, 50, True), "Contrary Converters", 0.60),
        ((0.1, 5, True, 0.8), "Positive Procrastinators", 0.30),
        ((0.9, 5, False), "Fizzlers", 0.10),
        ((0.1, 5, True, 0.2), "Incompatible Ignoramus", 0.05),
        ((0.1, 5, False), "Heartbreakers", 0.05),
    ],
)
def test_the_seven_archetypes(levels, name, chance):
    found = lead(*levels)
    assert (found["archetype"], found["chance"], found["exact"]) == (name, chance, True)
    assert "nearest" not in found["reason"]


def test_where_fit_is_not_known_the_chance_is_between():
    found = lead(0.1, 5, True)
    assert found["archetype"] == "Positive Procrastinators or Incompatible Ignoramus"
    assert found["chance"] == pytest.approx(0.175)


def test_levels_that_no_archetype_has_are_said_to_be_the_nearest():
    found = lead(0.9, 50, False)  # one step from Silent Successes, one from Fizzlers: the lesser chance
    assert (found["archetype"], found["exact"]) == ("Fizzlers", False)
    assert found["reason"].endswith("no kind has these levels, this is the nearest")
    assert lead(0.9, 50, True)["archetype"] == "Contrary Converters"


def test_outcomes_speak_against_the_texts_chances():
    none = pl.DataFrame({"archetype": [], "won": []}, schema={"archetype": pl.String, "won": pl.Boolean})
    assert chances(none)["chance"].to_list() == pytest.approx([kind.chance for kind in ARCHETYPES])
    with pytest.raises(ConfigError, match="no archetype 'Silver Leads'"):
        chances(pl.DataFrame({"archetype": ["Silver Leads"], "won": [True]}))


# Forecast


def deals(**changed):
    return pl.DataFrame({"entity_id": ["acme"], "size": [1000], "likelihood": [0.5], "reason": ["budget"], **changed})


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"likelihood": [6.38]}, "deal 'acme': its likelihood is 6.38, and a likelihood is from 0 to 1"),
        ({"likelihood": [-0.1]}, "from 0 to 1"),
        ({"likelihood": [None]}, "from 0 to 1"),
        ({"likelihood": [float("nan")]}, "from 0 to 1"),
        ({"reason": [" "]}, "its likelihood of 0.5 has no reason"),
        ({"reason": [None]}, "has no reason"),
        ({"size": [None]}, "its size is None"),
        ({"size": [-5]}, "its size is -5"),
    ],
)
def test_a_forecast_refuses_what_is_no_chance(changed, problem):
    with pytest.raises(ConfigError, match=problem):
        forecast(deals(**changed))


def test_a_forecast_is_size_times_likelihood():
    found = forecast(pl.concat([deals(), deals(entity_id=["beta"], size=[3000], likelihood=[0.2])]))
    assert found.expected == 1100
    assert found.deals["entity_id"].to_list() == ["beta", "acme"]
    assert found.deviation == pytest.approx((1000**2 * 0.25 + 3000**2 * 0.16) ** 0.5)
    with pytest.raises(ConfigError, match="no column reason"):
        forecast(deals().drop("reason"))
