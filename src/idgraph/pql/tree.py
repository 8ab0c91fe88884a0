"""The words of a definition: measures, conditions on them, and moments made of moments.

One tree for Python and YAML. Each node is named by its own key: `{first: signed_up}`, `{count: ticket, at_least: 3}`,
`{all: […]}`, `{in_any: 30d, what: …}`. In Python the same is `first("signed_up")`, `count("ticket") >= 3`, `a & b`,
`a.in_any("30d")`. What they mean over events is in `idgraph.pql.measure` and `idgraph.pql.moment`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, Literal, Self, TypeAlias

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    SerializerFunctionWrapHandler,
    StringConstraints,
    Tag,
    ValidationError,
    model_serializer,
    model_validator,
)

from idgraph.errors import ConfigError, faults

__all__ = [
    "KEYS",
    "All",
    "AnyOf",
    "AtLeast",
    "By",
    "Condition",
    "First",
    "InAny",
    "InEach",
    "Moment",
    "Named",
    "Node",
    "Sign",
    "Then",
    "Unless",
    "Within",
    "walk",
]

Sign = Literal["at_least", "more_than", "at_most", "less_than", "is_in"]
Window = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]*(s|m|h|d|w|mo|q|y)$")]
Fixed = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]*(s|m|h|d|w)$")]
_SIGNS: Final = {"at_least": "≥", "more_than": ">", "at_most": "≤", "less_than": "<", "is_in": "in"}


def _listed(value: object) -> object:
    return (value,) if isinstance(value, str) else value


Names = Annotated[tuple[Annotated[str, StringConstraints(min_length=1)], ...], BeforeValidator(_listed)]
Where = dict[str, str | bool | int | float]


class Node(BaseModel):
    """A part of a definition; it never changes, and its faults are errors of ours."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)
    kind: ClassVar[str] = ""

    @classmethod
    def of_words(cls, **said: Any) -> Self:  # noqa: ANN401 - whatever YAML could say
        """Make a node as YAML would.

        Raises:
            ConfigError: it says something that cannot be meant.
        """
        try:
            return cls.model_validate(said)
        except ValidationError as error:
            msg = f"{cls.kind}: {faults(error)}"
            raise ConfigError(msg) from None


class Moment(Node):
    """The first time something was so, for each person, tenant, account or parent; or never."""

    def __and__(self, other: Moment) -> Moment:
        """Both: the later of the two."""
        return All.of_words(all=(*_parts(All, self), *_parts(All, other)))

    def __or__(self, other: Moment) -> Moment:
        """Either: the earlier of the two."""
        return AnyOf.of_words(any=(*_parts(AnyOf, self), *_parts(AnyOf, other)))

    def then(self, later: Moment) -> Moment:
        """And after that, strictly later, another: only what happens after the first counts for it."""
        return Then.of_words(then=(*_parts(Then, self), later))

    def within(self, window: str | None = None, *, of: Moment | None = None, until: Moment | None = None) -> Moment:
        """Only what happens from an anchor on, for a while or until a moment, counts.

        Args:
            window: how long from the anchor, its end not included; needs `of`.
            of: the anchor, itself included; without it, from the beginning.
            until: where it ends, itself not included: "during the trial" is `within(of=trial, until=paid)`.

        Raises:
            ConfigError: a window without an anchor, or nothing that limits.
        """
        return Within.of_words(what=self, within=window, of=of, until=until)

    def in_any(self, window: str) -> Moment:
        """All of it in one same window of this length, wherever that lies: the window rolls."""
        return InAny.of_words(what=self, in_any=window)

    def in_each(self, period: str) -> Moment:
        """All of it in one period of the calendar in UTC: `1d`, `1w` (from Monday), `1mo`, `1q`, `1y`."""
        return InEach.of_words(what=self, in_each=period)

    def unless(self, veto: Moment) -> Moment:
        """Not where the veto came first, or at the same time."""
        return Unless.of_words(what=self, unless=veto)

    def by(self, *, users: int | None = None, share: float | None = None) -> Moment:
        """Not pooled: so many different people, or such a share of all, each by themselves.

        Args:
            users: how many people.
            share: what share of the people that the tenant, account or parent has, rounded up; 1 is all.
        """
        return By.of_words(what=self, users=users, share=share)

    def named(self, name: str) -> Moment:
        """Give it a name, which `via`, `missing` and explanations then use."""
        return Named.of_words(what=self, name=name)


def walk(node: Node, *, vetoes: bool = True) -> Iterator[Node]:
    """Give a node and all inside it, vetoes too unless they are left out."""
    yield node
    for name, value in node:
        if vetoes or name != "veto":
            for inner in value if isinstance(value, tuple) else (value,):
                if isinstance(inner, Node):
                    yield from walk(inner, vetoes=vetoes)


def _parts(kind: type[All | AnyOf | Then], moment: Moment) -> tuple[Moment, ...]:
    """`a & b & c` is one node of three."""
    return moment.of if isinstance(moment, kind) else (moment,)


def _filtered(where: Where) -> str:
    return f" ({', '.join(f'{name} = {value}' for name, value in where.items())})" if where else ""


class Measure(Node):
    """A number that each entity has at a time; compare it with one, and it is a moment."""

    signs: ClassVar[tuple[Sign, ...]] = ("at_least", "more_than")
    text: ClassVar[str] = ""
    timed: ClassVar[bool] = False  # it is a duration
    counts: ClassVar[bool] = False  # it is never less than 0, and only grows while nothing is left out

    def __ge__(self, than: float | str) -> Moment:
        """It is at least so much."""
        return Condition.of_words(measure=self, sign="at_least", than=than)

    def __gt__(self, than: float | str) -> Moment:
        """It is more."""
        return Condition.of_words(measure=self, sign="more_than", than=than)

    def __le__(self, than: float | str) -> Moment:
        """It is at most so much."""
        return Condition.of_words(measure=self, sign="at_most", than=than)

    def __lt__(self, than: float | str) -> Moment:
        """It is less."""
        return Condition.of_words(measure=self, sign="less_than", than=than)

    def __str__(self) -> str:
        """Say what is measured."""
        said = dict(self)
        them = f"{' or '.join(said.get('events', ())) or 'any event'}{_filtered(said.get('where', {}))}"
        return self.text.format(them=them, **said)


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
    """How many sessions: by session id, or else a person's events with no pause as long as the gap."""

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


def _not_null(limit: object) -> object:
    if limit is None or limit == "":
        msg = "null is no limit, and not zero either: name a fact, or say a number above 0"
        raise ValueError(msg)
    return limit


Limit = Annotated[str | Annotated[float, Field(gt=0)], BeforeValidator(_not_null)]


def _key_of(value: Any) -> str | None:  # noqa: ANN401 - what YAML or Python says
    if isinstance(value, Node):
        return value.kind
    said = value if isinstance(value, dict) else {}
    return next((kind for kind in _MEASURES if kind in said), None)


def _tagged(*kinds: type[Node]) -> Any:  # noqa: ANN401 - a union for pydantic
    """A union whose member is found by its key."""
    union: Any = Annotated[kinds[0], Tag(kinds[0].kind)]
    for one in kinds[1:]:
        union |= Annotated[one, Tag(one.kind)]
    return union


def _by_key(words: Any, keys: tuple[str, ...]) -> Discriminator:  # noqa: ANN401
    return Discriminator(
        words, custom_error_type="no_word", custom_error_message=f"there must be one of the keys {', '.join(keys)}"
    )


_BASES: Final = ("count", "distinct", "total", "active_days")
if TYPE_CHECKING:
    BaseMeasure: TypeAlias = Measure
else:
    BaseMeasure = Annotated[_tagged(Count, Distinct, Total, ActiveDays), _by_key(_key_of, _BASES)]


class ShareOf(Measure):
    """What share of a limit is used; nothing where the limit is not known."""

    kind = "share_of"
    text = "share of {limit} used by {measure}"
    signs = _ANY_SIGN
    measure: BaseMeasure = Field(alias="share_of")
    limit: Limit


class TimeTo(Measure):
    """How long until a limit is full at the current rate; nothing where it is not known, or nothing grows."""

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

    def is_in(self, values: list[str] | tuple[str, ...]) -> Moment:
        """It is one of these texts."""
        return Condition.of_words(measure=self, sign="is_in", than=tuple(values))


_ALL_MEASURES: Final = (
    ShareOf, TimeTo, Attribute, Count, Distinct, Total, ActiveDays, Sessions, SessionLength, Streak, Since, Growth,
    Consistency, Spike, Adoption,
)  # fmt: skip
_MEASURES: Final = tuple(measure.kind for measure in _ALL_MEASURES)
if TYPE_CHECKING:
    AnyMeasure: TypeAlias = Measure
else:
    AnyMeasure = Annotated[_tagged(*_ALL_MEASURES), _by_key(_key_of, _MEASURES)]


class First(Moment):
    """The first of such events."""

    kind = "first"
    events: Names = Field(alias="first", min_length=1)
    where: Where = {}

    def __str__(self) -> str:
        """Say what is awaited."""
        return f"first {' or '.join(self.events)}{_filtered(self.where)}"


class Condition(Moment):
    """A measure compared with a number, a duration or some texts."""

    kind = "condition"
    measure: AnyMeasure
    sign: Sign
    than: Fixed | float | tuple[str, ...]

    @model_validator(mode="before")
    @classmethod
    def _apart(cls, said: Any) -> Any:  # noqa: ANN401 - what YAML or Python says
        """In YAML a condition is its measure and one sign more."""
        if not isinstance(said, dict) or "sign" in said:
            return said
        signs = [sign for sign in _SIGNS if sign in said]
        if len(signs) != 1:
            msg = f"a measure is compared by exactly one of {', '.join(_SIGNS)}"
            raise ValueError(msg)
        if said[signs[0]] is None:
            msg = f"{signs[0]}: null is not zero: say a number, a duration or texts"
            raise ValueError(msg)
        measure = {key: value for key, value in said.items() if key not in _SIGNS}
        return {"measure": measure, "sign": signs[0], "than": said[signs[0]]}

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.sign not in self.measure.signs:
            msg = f"{self.measure.kind} is compared by {' or '.join(self.measure.signs)}, not {self.sign}"
            raise ValueError(msg)
        wanted, shape = _wanted(self.measure, self.sign)
        if not isinstance(self.than, wanted):
            msg = f"{self.measure.kind} is compared with {shape}, not {self.than!r}"
            raise ValueError(msg)  # noqa: TRY004 - what pydantic gathers is a ValueError
        if self.measure.counts and isinstance(self.than, float) and _too_little(self.sign, self.than):
            msg = f"{self.measure.kind} is never less than 0: compare it with more"
            raise ValueError(msg)
        return self

    @model_serializer(mode="wrap")
    def _together(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        said = handler(self)
        than = said["than"]
        whole = isinstance(than, float) and than.is_integer()
        return {**said["measure"], said["sign"]: int(than) if whole else than}

    def __str__(self) -> str:
        """Say what is awaited."""
        than = ", ".join(self.than) if isinstance(self.than, tuple) else self.than
        shown = f"{than:g}" if isinstance(than, float) else than
        return f"{self.measure} {_SIGNS[self.sign]} {shown}"


def _too_little(sign: Sign, than: float) -> bool:
    return than < 0 or (than == 0 and sign == "at_least")


def _wanted(measure: Measure, sign: Sign) -> tuple[type, str]:
    if sign == "is_in":
        return tuple, "a list of texts"
    return (str, "a duration such as 14d") if measure.timed else (float, "a number")


def _kind_of(value: Any) -> str | None:  # noqa: ANN401 - what YAML or Python says
    """Which moment is meant: a measure's key says a condition, though others have `at_least` or `by` too."""
    if isinstance(value, Node):
        return value.kind
    said = value if isinstance(value, dict) else {}
    if "what" not in said and any(kind in said for kind in _MEASURES):
        return "condition"
    if "what" not in said and "at_least" in said and "of" in said:
        return "at_least"
    return next((kind for key, kind in _WORDS.items() if key in said), None)


class All(Moment):
    """All of several: the latest of them."""

    kind = "all"
    of: tuple[AnyMoment, ...] = Field(alias="all", min_length=1)

    def __str__(self) -> str:
        """Say what is awaited."""
        return " and ".join(map(_bracketed, self.of))


class AnyOf(Moment):
    """Any of several: the earliest of them."""

    kind = "any"
    of: tuple[AnyMoment, ...] = Field(alias="any", min_length=1)

    def __str__(self) -> str:
        """Say what is awaited."""
        return " or ".join(map(_bracketed, self.of))


class AtLeast(Moment):
    """So many of several: the k-th of them."""

    kind = "at_least"
    k: int = Field(alias="at_least", ge=1)
    of: tuple[AnyMoment, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _enough(self) -> Self:
        if self.k > len(self.of):
            msg = f"{self.k} of {len(self.of)} can never be"
            raise ValueError(msg)
        return self

    def __str__(self) -> str:
        """Say what is awaited."""
        return f"{self.k} of ({'; '.join(map(str, self.of))})"


class Then(Moment):
    """One after the other, each strictly later than the one before."""

    kind = "then"
    of: tuple[AnyMoment, ...] = Field(alias="then", min_length=2)

    def __str__(self) -> str:
        """Say what is awaited."""
        return " then ".join(map(_bracketed, self.of))


class Within(Moment):
    """What happens from an anchor on, for a while or until a moment; see `Moment.within`."""

    kind = "within"
    what: AnyMoment
    window: Window | None = Field(default=None, alias="within")
    of: AnyMoment | None = None
    until: AnyMoment | None = None

    @model_validator(mode="after")
    def _anchored(self) -> Self:
        if self.window and self.of is None:
            msg = f"a window needs an anchor: {self.window} of what? Say of, or in_any for a window that rolls"
            raise ValueError(msg)
        if self.of is None and self.until is None:
            msg = "say of, until, or a window and of"
            raise ValueError(msg)
        return self

    def __str__(self) -> str:
        """Say what is awaited."""
        parts = [f"within {self.window} of" if self.window else "from", str(self.of)] if self.of else []
        return " ".join([_bracketed(self.what), *parts, *([f"until {self.until}"] if self.until else [])])


class InAny(Moment):
    """All of it in one same window that rolls; see `Moment.in_any`."""

    kind = "in_any"
    what: AnyMoment
    window: Window = Field(alias="in_any")

    @model_validator(mode="after")
    def _rolls(self) -> Self:
        _refuse_in_window(self.what, _ROLLING, "in_any")
        return self

    def __str__(self) -> str:
        """Say what is awaited."""
        return f"{_bracketed(self.what)} in any {self.window}"


class InEach(Moment):
    """All of it in one period of the calendar; see `Moment.in_each`."""

    kind = "in_each"
    what: AnyMoment
    period: Literal["1d", "1w", "1mo", "1q", "1y"] = Field(alias="in_each")

    @model_validator(mode="after")
    def _counts(self) -> Self:
        _refuse_in_window(self.what, _ROLLING, "in_each")
        return self

    def __str__(self) -> str:
        """Say what is awaited."""
        return f"{_bracketed(self.what)} in one calendar {self.period}"


class Unless(Moment):
    """Not where the veto came first; see `Moment.unless`."""

    kind = "unless"
    what: AnyMoment
    veto: AnyMoment = Field(alias="unless")

    def __str__(self) -> str:
        """Say what is awaited."""
        return f"{_bracketed(self.what)} unless {_bracketed(self.veto)}"


class By(Moment):
    """So many people, each by themselves; see `Moment.by`."""

    kind = "by"
    what: AnyMoment
    users: int | None = Field(default=None, ge=1)
    share: float | None = Field(default=None, gt=0, le=1)

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.users is None) == (self.share is None):
            msg = "say either users or share"
            raise ValueError(msg)
        return self

    def __str__(self) -> str:
        """Say what is awaited."""
        people = f"{self.users} people" if self.users else f"{self.share:.0%} of people"
        return f"{people} each: {self.what}"


class Named(Moment):
    """A moment with a name."""

    kind = "name"
    name: Annotated[str, StringConstraints(min_length=1)]
    what: AnyMoment

    def __str__(self) -> str:
        """Say what is awaited."""
        return self.name


_MOMENTS: Final = (First, Condition, All, AnyOf, AtLeast, Then, Within, InAny, InEach, Unless, By, Named)
_WORDS: Final = {
    "first": "first", "all": "all", "any": "any", "then": "then", "in_any": "in_any", "in_each": "in_each",
    "unless": "unless", "users": "by", "share": "by", "within": "within", "until": "within", "name": "name",
    "of": "within",
}  # fmt: skip
KEYS: Final = (*_WORDS, *_MEASURES)
if TYPE_CHECKING:
    AnyMoment: TypeAlias = Moment
else:
    AnyMoment = Annotated[_tagged(*_MOMENTS), _by_key(_kind_of, KEYS)]
for _moment in _MOMENTS:
    _moment.model_rebuild()

_ROLLING: Final = (Count, Distinct, Total, ActiveDays, Sessions)


def _refuse_in_window(moment: Moment, measures: tuple[type[Measure], ...], window: str) -> None:
    """What stands in a window has to be counted in it: no anchors, and nothing that is not made of events."""
    if isinstance(moment, All | AnyOf | AtLeast):
        for part in moment.of:
            _refuse_in_window(part, measures, window)
    elif isinstance(moment, By | Named):
        _refuse_in_window(moment.what, measures, window)
    elif not isinstance(moment, First | Condition):
        msg = f"{moment.kind} cannot stand inside {window}: put {window} inside, around what is counted"
        raise ValueError(msg)  # noqa: TRY004 - what pydantic gathers is a ValueError
    elif isinstance(moment, Condition) and not isinstance(moment.measure, measures):
        msg = f"{moment.measure.kind} has its own time and cannot stand inside {window}: join it from outside, with all"
        raise ValueError(msg)  # noqa: TRY004 - what pydantic gathers is a ValueError


def _bracketed(moment: Moment) -> str:
    return f"({moment})" if isinstance(moment, All | AnyOf | Then | Unless | Within | By) else str(moment)
