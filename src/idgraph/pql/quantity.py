"""The numbers that a definition speaks of, as they are written down: `{count: ticket, where: {topic: basics}}`.

How each goes through time is in `idgraph.pql.measure`; what is said of them in `idgraph.pql.tree`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, Literal, Self, TypeAlias

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    ModelWrapValidatorHandler,
    StringConstraints,
    Tag,
    ValidationError,
    ValidationInfo,
    model_validator,
)

from idgraph.config import IN_A_FILE
from idgraph.errors import ConfigError, faults

__all__ = [
    "MEASURES",
    "SIGNS",
    "ActiveDays",
    "Adoption",
    "AnyMeasure",
    "Attribute",
    "Consistency",
    "Count",
    "Distinct",
    "Fixed",
    "Growth",
    "Measure",
    "Names",
    "Node",
    "OfEvents",
    "SessionLength",
    "Sessions",
    "ShareOf",
    "Sign",
    "Since",
    "Spike",
    "Streak",
    "TimeTo",
    "Total",
    "Where",
    "Window",
    "by_key",
    "filtered",
    "tagged",
    "walk",
]

Sign = Literal["at_least", "more_than", "at_most", "less_than", "is_in"]
Window = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]*(s|m|h|d|w|mo|q|y)$")]
Fixed = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]*(s|m|h|d|w)$")]
SIGNS: Final = {"at_least": "≥", "more_than": ">", "at_most": "≤", "less_than": "<", "is_in": "in"}


def _listed(value: object) -> object:
    return (value,) if isinstance(value, str) else value


_Name = Annotated[str, StringConstraints(min_length=1)]
Names = Annotated[tuple[_Name, ...], BeforeValidator(_listed, json_schema_input_type=_Name | tuple[_Name, ...])]
Where = dict[str, str | bool | int | float]


class Node(BaseModel):
    """A part of a definition; it never changes, and its faults are errors of ours."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)
    kind: ClassVar[str] = ""

    @model_validator(mode="wrap")
    @classmethod
    def _say_faults(cls, value: Any, handler: ModelWrapValidatorHandler[Self], info: ValidationInfo) -> Self:  # noqa: ANN401
        try:
            node = handler(value)
            node._cross_check()  # noqa: SLF001 - of this very class
        except ValueError as error:
            if info.context == IN_A_FILE:  # its reader gathers them, and knows the lines
                raise
            said = faults(error) if isinstance(error, ValidationError) else error
            msg = f"{cls.kind}: {said}"
            raise ConfigError(msg) from None
        return node

    def _cross_check(self) -> None:
        """Refuse what each field by itself may say, and all together cannot mean.

        Raises:
            ValueError: it cannot be meant.
        """

    @classmethod
    def of_words(cls, **said: Any) -> Self:  # noqa: ANN401 - whatever YAML could say
        """Make a node as YAML would.

        Raises:
            ConfigError: it says something that cannot be meant.
        """
        return cls.model_validate(said)


def walk(node: Node, *, vetoes: bool = True) -> Iterator[Node]:
    """Give a node and all inside it, vetoes too unless they are left out."""
    yield node
    for name, value in node:
        if vetoes or name != "veto":
            for inner in value if isinstance(value, tuple) else (value,):
                if isinstance(inner, Node):
                    yield from walk(inner, vetoes=vetoes)


def filtered(where: Where) -> str:
    """Say which properties are asked for, in brackets."""
    return f" ({', '.join(f'{name} = {value}' for name, value in where.items())})" if where else ""


class Measure(Node):
    """A number that each entity has at a time."""

    signs: ClassVar[tuple[Sign, ...]] = ("at_least", "more_than")
    text: ClassVar[str] = ""
    timed: ClassVar[bool] = False  # it is a duration
    counts: ClassVar[bool] = False  # it is never less than 0, and only grows while nothing is left out

    def __str__(self) -> str:
        """Say what is measured."""
        said = dict(self)
        them = f"{' or '.join(said.get('events', ())) or 'any event'}{filtered(said.get('where', {}))}"
        shown = {name: f"{value:g}" if isinstance(value, float) else value for name, value in said.items()}
        return self.text.format(them=them, **shown)


class OfEvents(Measure):
    """A measure of the events of some names, or of all events, whose properties are as said."""

    text = "{them}"
    events: Names
    where: Where = {}


_ANY_SIGN: Final[tuple[Sign, ...]] = ("at_least", "more_than", "at_most", "less_than")


class Count(OfEvents):
    """How many events."""

    kind = "count"
    counts = True
    events: Names = Field(alias="count")


class Distinct(OfEvents):
    """How many different values of a property."""

    kind = "distinct"
    text = "different {property} of {them}"
    counts = True
    events: Names = Field(alias="distinct")
    property: str


class Total(OfEvents):
    """The sum of a property; each event counts as often as it stands for."""

    kind = "total"
    text = "total {property} of {them}"
    signs = _ANY_SIGN
    events: Names = Field(alias="total")
    property: str


class ActiveDays(OfEvents):
    """On how many days (UTC) there was such an event."""

    kind = "active_days"
    text = "days with {them}"
    counts = True
    events: Names = Field(alias="active_days")


class Sessions(OfEvents):
    """How many sessions: a person's events, of one session id where there are ids, with no pause as long as the gap."""

    kind = "sessions"
    text = "sessions of {them}"
    counts = True
    events: Names = Field(alias="sessions")
    gap: Fixed = "30m"


class SessionLength(OfEvents):
    """How long sessions were on average, from first to last event; one counts once its gap is over."""

    kind = "session_length"
    timed = True
    text = "mean session length of {them}"
    signs = _ANY_SIGN
    events: Names = Field(alias="session_length")
    gap: Fixed = "30m"


class Streak(OfEvents):
    """How many periods of the calendar in a row have such an event, up to now."""

    kind = "streak"
    text = "steps of {period} in a row with {them}"
    counts = True
    events: Names = Field(alias="streak")
    period: Literal["1d", "1w"] = Field(default="1d", alias="by")


class Since(OfEvents):
    """How long ago the latest such event was; nothing where there was none."""

    kind = "since"
    timed = True
    text = "time since {them}"
    signs = ("at_least",)
    events: Names = Field(alias="since")


class Growth(OfEvents):
    """By what factor events grew over a window: Theil–Sen's slope of the logarithms of one more than the counts."""

    kind = "growth"
    text = "growth of {them} over {over}"
    signs = _ANY_SIGN
    events: Names = Field(alias="growth")
    over: Fixed = "90d"
    step: Fixed = Field(default="1w", alias="by")


class Consistency(OfEvents):
    """The share of steps of a window that have such an event."""

    kind = "consistency"
    text = "share of steps of {step} with {them} over {over}"
    signs = _ANY_SIGN
    events: Names = Field(alias="consistency")
    over: Fixed = "28d"
    step: Fixed = Field(default="1d", alias="by")


class Spike(OfEvents):
    """How far the events of a window lie above those of the windows before, in robust standard deviations."""

    kind = "spike"
    text = "spike of {them} in {step}"
    signs = _ANY_SIGN
    events: Names = Field(alias="spike")
    step: Fixed = Field(default="7d", alias="window")
    baseline: Fixed = "56d"


class Adoption(OfEvents):
    """Which share of the named events there was at least one of."""

    kind = "adoption"
    text = "share used of {them}"
    counts = True
    events: Names = Field(alias="adoption", min_length=1)


def _a_limit(limit: object) -> object:
    if limit is None or limit == "":
        msg = "null is no limit, and not zero either: name a fact, or say a number above 0"
        raise ValueError(msg)
    if not isinstance(limit, str) and not (isinstance(limit, int | float) and limit > 0):
        msg = f"{limit!r} is no limit: name a fact, or say a number above 0"
        raise ValueError(msg)
    return limit


Limit = Annotated[str | Annotated[float, Field(gt=0)], BeforeValidator(_a_limit)]


def _found(keys: Callable[[dict[str, Any]], str | None]) -> Callable[[Any], str | None]:
    """Find which node is meant: by what it is, or by the keys of what YAML says."""

    def found(value: Any) -> str | None:  # noqa: ANN401 - what YAML or Python says
        if isinstance(value, Node):
            return value.kind
        return keys(value) if isinstance(value, dict) else None

    return found


def _measure_in(said: dict[str, Any]) -> str | None:
    return next((kind for kind in MEASURES if kind in said), None)


def tagged(*kinds: type[Node]) -> Any:  # noqa: ANN401 - a union for pydantic
    """A union whose member is found by its key."""
    union: Any = Annotated[kinds[0], Tag(kinds[0].kind)]
    for one in kinds[1:]:
        union |= Annotated[one, Tag(one.kind)]
    return union


def by_key(meant: Callable[[dict[str, Any]], str | None], keys: tuple[str, ...]) -> Discriminator:
    """Tell the members of a union apart by their keys, and say these where there is none of them."""
    return Discriminator(
        _found(meant),
        custom_error_type="no_word",
        custom_error_message=f"there must be one of the keys {', '.join(keys)}",
    )


_BASES: Final = ("count", "distinct", "total", "active_days")
if TYPE_CHECKING:
    BaseMeasure: TypeAlias = Measure
else:
    BaseMeasure = Annotated[tagged(Count, Distinct, Total, ActiveDays), by_key(_measure_in, _BASES)]


class ShareOf(Measure):
    """What share of a limit is used; nothing where the limit is not known."""

    kind = "share_of"
    text = "share of {limit} used by {measure}"
    signs = _ANY_SIGN
    measure: BaseMeasure = Field(alias="share_of")
    limit: Limit


class TimeTo(Measure):
    """How long until a limit is full at the rate of `rate_over` or longer; nothing where there is no limit or rate."""

    kind = "time_to"
    timed = True
    text = "time until {measure} reaches {limit}"
    signs = ("at_most",)
    measure: BaseMeasure = Field(alias="time_to")
    limit: Limit
    rate_over: Fixed = "28d"


class Attribute(Measure):
    """What is known of the entity itself: a title, a plan, a number of seats."""

    kind = "attribute"
    text = "{name}"
    signs = (*_ANY_SIGN, "is_in")
    name: str = Field(alias="attribute")


_ALL: Final = (
    ShareOf, TimeTo, Attribute, Count, Distinct, Total, ActiveDays, Sessions, SessionLength, Streak, Since, Growth,
    Consistency, Spike, Adoption,
)  # fmt: skip
MEASURES: Final = tuple(measure.kind for measure in _ALL)
if TYPE_CHECKING:
    AnyMeasure: TypeAlias = Measure
else:
    AnyMeasure = Annotated[tagged(*_ALL), by_key(_measure_in, MEASURES)]
