"""The seven kinds of trial leads, by how far they came, how much they do, and how they answer; each with a chance.

The kinds and chances are those of an article of Sherlock's on trial leads. They are where to begin: `chances` lets
outcomes speak against them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

from idgraph.errors import ConfigError

__all__ = ["ARCHETYPES", "Archetype", "archetypes", "chances"]


@dataclass(frozen=True)
class Archetype:
    """A kind of trial leads.

    Attributes:
        name: what it is called.
        activation: how far they came: 0 low, 1 medium, 2 high.
        engagement: how much they do, likewise.
        active: whether they communicate.
        chance: how many of them buy, by the article.
        hint: what is said of them.
    """

    name: str
    activation: int
    engagement: int
    active: bool
    chance: float
    hint: str


ARCHETYPES: Final = (
    Archetype("Golden Leads", 2, 2, True, 0.90, "often bring in teammates"),
    Archetype("Silent Successes", 2, 2, False, 0.75, "found the value by themselves"),
    Archetype("Contrary Converters", 1, 1, True, 0.60, "complain, and set it up all the same"),
    Archetype("Positive Procrastinators", 0, 0, True, 0.30, "agree on a plan, or let go"),
    Archetype("Fizzlers", 2, 0, False, 0.10, "began hot, then tailed off"),
    Archetype("Incompatible Ignoramus", 0, 0, True, 0.05, "take time, and cannot use it"),
    Archetype("Heartbreakers", 0, 0, False, 0.05, "a known name, the wrong person"),
)
_WORDS: Final = ("low", "medium", "high")
_ACTIVATION: Final = (0.4, 0.75)  # from where it is medium, and high
_ENGAGEMENT: Final = (100 / 3, 200 / 3)
_FITTING: Final = 0.5  # a fit from here on is one
_PROCRASTINATES, _IGNORES = ARCHETYPES[3], ARCHETYPES[5]  # the same in all three: fit tells them apart
_HELD: Final = 0.9  # the share that an interval holds


def archetypes(
    activation: pl.DataFrame, engagement: pl.DataFrame, communication: pl.DataFrame, fit: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Say of each lead which kind it is.

    Where no kind has a lead's three levels it is the nearest (a step of activation or engagement, or another way of
    communicating, are one each; of equally near ones that of the lesser chance), and the reason says so. Two kinds are
    the same in all three: those who fit are Positive Procrastinators, those who do not are Incompatible Ignoramus, and
    where fit is not known the chance is the mean of both.

    Args:
        activation: what `Checklist.rate` gives.
        engagement: what `Points.score` gives of the same level.
        communication: what `Communication.score` gives.
        fit: what `Fit.score` gives.

    Returns:
        entity_id (everyone with an activation), archetype, chance, exact, reason.
    """
    wide = activation.select("entity_id", activation="value")
    wide = wide.join(engagement.select("entity_id", engagement="value"), on="entity_id", how="left")
    wide = wide.join(communication.select("entity_id", "active"), on="entity_id", how="left")
    fitting = _fitting(fit) if fit is not None else wide.select("entity_id", fits=pl.lit(None, pl.Boolean))
    leads = wide.join(fitting, on="entity_id", how="left").select(
        "entity_id",
        "fits",
        pl.col("active").fill_null(value=False),
        activation=_level("activation", _ACTIVATION),
        engagement=_level("engagement", _ENGAGEMENT),
    )
    return (
        leads.join(_cells(), on=["activation", "engagement", "active", "fits"], nulls_equal=True)
        .select("entity_id", "archetype", "chance", "exact", "reason")
        .sort("entity_id")
    )


def _fitting(fit: pl.DataFrame) -> pl.DataFrame:
    return fit.select("entity_id", fits=pl.when(pl.col("known") > 0).then(pl.col("value") >= _FITTING))


def _level(score: str, bars: tuple[float, float]) -> pl.Expr:
    return pl.sum_horizontal((pl.col(score).fill_null(0.0) >= bar).cast(pl.Int64) for bar in bars)


def _cells() -> pl.DataFrame:
    """Every combination of levels, and what it is called."""
    rows = [
        _cell(activation, engagement, active, fits)
        for activation in range(3)
        for engagement in range(3)
        for active in (True, False)
        for fits in (True, False, None)
    ]
    return pl.DataFrame(rows, schema_overrides={"fits": pl.Boolean})


def _cell(activation: int, engagement: int, active: bool, fits: bool | None) -> dict[str, object]:  # noqa: FBT001
    def distance(kind: Archetype) -> int:
        return abs(kind.activation - activation) + abs(kind.engagement - engagement) + (kind.active != active)

    nearest = min(ARCHETYPES, key=lambda kind: (distance(kind), kind.chance))
    exact = distance(nearest) == 0
    said = f"activation {_WORDS[activation]}, engagement {_WORDS[engagement]}"
    reason = f"{said}, {'active' if active else 'no'} communication: {nearest.hint}"
    name, chance = nearest.name, nearest.chance
    if nearest in {_PROCRASTINATES, _IGNORES}:
        name, chance, why = _by_fit(fits)
        reason = f"{said}, {'active' if active else 'no'} communication: {why}"
    if not exact:
        reason += "; no kind has these levels, this is the nearest"
    return {
        "activation": activation,
        "engagement": engagement,
        "active": active,
        "fits": fits,
        "archetype": name,
        "chance": chance,
        "exact": exact,
        "reason": reason,
    }


def _by_fit(fits: bool | None) -> tuple[str, float, str]:  # noqa: FBT001
    if fits is None:
        both = f"{_PROCRASTINATES.name} or {_IGNORES.name}"
        return both, (_PROCRASTINATES.chance + _IGNORES.chance) / 2, "whether they fit is not known"
    kind = _PROCRASTINATES if fits else _IGNORES
    return kind.name, kind.chance, kind.hint


def chances(won: pl.DataFrame, weight: float = 20) -> pl.DataFrame:
    """Let outcomes speak: the article's chances are a prior, worth so many leads, to which those seen are added.

    Args:
        won: archetype, won (Boolean): leads whose outcome is known.
        weight: how many leads the article's chance is worth.

    Returns:
        archetype, leads, chance (the mean of the posterior), low and high (90 % of it).

    Raises:
        ConfigError: the weight is not above 0, or there is no such archetype.

    >>> seen = pl.DataFrame({"archetype": ["Silent Successes"] * 60, "won": [True] * 30 + [False] * 30})
    >>> chances(seen).filter(pl.col("leads") > 0).select(pl.col("chance", "low", "high").round(2)).rows()
    [(0.56, 0.47, 0.65)]
    """
    from scipy.special import betaincinv  # slow to import, and no run needs it

    if weight <= 0:
        msg = f"the weight of a prior is above 0, not {weight}"
        raise ConfigError(msg)
    names = [kind.name for kind in ARCHETYPES]
    if strange := sorted(set(won["archetype"].drop_nulls()) - set(names)):
        msg = f"there is no archetype {', '.join(map(repr, strange))}; they are {', '.join(names)}"
        raise ConfigError(msg)
    seen = won.drop_nulls().group_by("archetype").agg(leads=pl.len(), wins=pl.col("won").sum())
    prior = pl.DataFrame({"archetype": names, "prior": [kind.chance for kind in ARCHETYPES]})
    held = prior.join(seen, on="archetype", how="left", maintain_order="left").with_columns(
        pl.col("leads", "wins").fill_null(0)
    )
    wins = held["prior"].to_numpy() * weight + held["wins"].to_numpy()
    losses = weight + held["leads"].to_numpy() - wins
    edge = (1 - _HELD) / 2
    low, high = (betaincinv(wins, losses, share) for share in (edge, 1 - edge))
    return held.select(
        "archetype", "leads", chance=pl.Series(wins / (wins + losses)), low=pl.Series(low), high=pl.Series(high)
    )
