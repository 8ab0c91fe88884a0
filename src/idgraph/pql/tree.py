"""The words of a definition: conditions on numbers, and moments made of moments.

One tree for Python and YAML. Each node is named by its own key: `{first: signed_up}`, `{count: ticket, at_least: 3}`,
`{all: […]}`, `{in_any: 30d, what: …}`. In Python the same is `first("signed_up")`, `count("ticket") >= 3`, `a & b`,
`a.in_any("30d")`. What they mean over events is in `idgraph.pql.moment`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, TypeAlias

from pydantic import (
    Field,
    SerializerFunctionWrapHandler,
    StringConstraints,
    field_validator,
    model_serializer,
    model_validator,
)

from idgraph.pql.quantity import (
    MEASURES,
    SIGNS,
    ActiveDays,
    AnyMeasure,
    Count,
    Distinct,
    Fixed,
    Measure,
    Names,
    Node,
    Sessions,
    Sign,
    Total,
    Where,
    Window,
    by_key,
    filtered,
    tagged,
)

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
    "Then",
    "Unless",
    "Within",
]


_DURATION: Final = re.compile(r"[1-9][0-9]*[smhdw]")


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


def _parts(kind: type[All | AnyOf | Then], moment: Moment) -> tuple[Moment, ...]:
    """`a & b & c` is one node of three."""
    return moment.of if isinstance(moment, kind) else (moment,)


class First(Moment):
    """The first of such events."""

    kind = "first"
    events: Names = Field(alias="first", min_length=1)
    where: Where = Field(default={})

    def __str__(self) -> str:
        """Say what is awaited."""
        return f"first {' or '.join(self.events)}{filtered(self.where)}"


class Condition(Moment):
    """A measure compared with a number, a duration or some texts."""

    kind = "condition"
    measure: AnyMeasure
    sign: Sign
    than: Fixed | float | tuple[str, ...]

    @field_validator("than", mode="before")
    @classmethod
    def _can_be_compared_with(cls, than: object) -> object:
        if not _compares(than):
            msg = f"{than!r} is no number (80 % is 0.8), no duration such as 14d, and no list of texts"
            raise ValueError(msg)
        return than

    @model_validator(mode="before")
    @classmethod
    def _apart(cls, said: Any) -> Any:  # noqa: ANN401 - what YAML or Python says
        """In YAML a condition is its measure and one sign more."""
        if not isinstance(said, dict) or "sign" in said:
            return said
        signs = [sign for sign in SIGNS if sign in said]
        if len(signs) != 1:
            msg = f"a measure is compared by exactly one of {', '.join(SIGNS)}"
            raise ValueError(msg)
        if said[signs[0]] is None:
            msg = f"{signs[0]}: null is not zero: say a number, a duration or texts"
            raise ValueError(msg)
        measure = {key: value for key, value in said.items() if key not in SIGNS}
        return {"measure": measure, "sign": signs[0], "than": said[signs[0]]}

    def _cross_check(self) -> None:
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
        return f"{self.measure} {SIGNS[self.sign]} {shown}"


def _compares(than: object) -> bool:
    """Whether it is what a measure may be compared with at all."""
    if isinstance(than, str):
        return _DURATION.fullmatch(than) is not None
    if isinstance(than, list | tuple):
        return all(isinstance(text, str) for text in than)
    return isinstance(than, int | float) and not isinstance(than, bool)


def _too_little(sign: Sign, than: float) -> bool:
    return than < 0 or (than == 0 and sign == "at_least")


def _wanted(measure: Measure, sign: Sign) -> tuple[type, str]:
    if sign == "is_in":
        return tuple, "a list of texts"
    return (str, "a duration such as 14d") if measure.timed else (float, "a number")


def _moment_in(said: dict[str, Any]) -> str | None:
    """Which moment is meant: a measure's key says a condition, though others have `at_least` or `by` too."""
    if "what" not in said and any(kind in said for kind in MEASURES):
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

    def _cross_check(self) -> None:
        if self.k > len(self.of):
            msg = f"{self.k} of {len(self.of)} can never be"
            raise ValueError(msg)

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

    def _cross_check(self) -> None:
        if self.window and self.of is None:
            msg = f"a window needs an anchor: {self.window} of what? Say of, or in_any for a window that rolls"
            raise ValueError(msg)
        if self.of is None and self.until is None:
            msg = "say of, until, or a window and of"
            raise ValueError(msg)

    def __str__(self) -> str:
        """Say what is awaited."""
        parts = [f"within {self.window} of" if self.window else "from", str(self.of)] if self.of else []
        return " ".join([_bracketed(self.what), *parts, *([f"until {self.until}"] if self.until else [])])


class InAny(Moment):
    """All of it in one same window that rolls; see `Moment.in_any`."""

    kind = "in_any"
    what: AnyMoment
    window: Window = Field(alias="in_any")

    def _cross_check(self) -> None:
        _refuse_in_window(self.what, _ROLLING, "in_any")

    def __str__(self) -> str:
        """Say what is awaited."""
        return f"{_bracketed(self.what)} in any {self.window}"


class InEach(Moment):
    """All of it in one period of the calendar; see `Moment.in_each`."""

    kind = "in_each"
    what: AnyMoment
    period: Literal["1d", "1w", "1mo", "1q", "1y"] = Field(alias="in_each")

    def _cross_check(self) -> None:
        _refuse_in_window(self.what, _ROLLING, "in_each")

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

    def _cross_check(self) -> None:
        if (self.users is None) == (self.share is None):
            msg = "say either users or share"
            raise ValueError(msg)

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
KEYS: Final = (*_WORDS, *MEASURES)
if TYPE_CHECKING:
    AnyMoment: TypeAlias = Moment
else:
    AnyMoment = Annotated[tagged(*_MOMENTS), by_key(_moment_in, KEYS)]
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
