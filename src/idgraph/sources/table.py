"""`Source`: one table of one system and what its columns mean in idgraph's words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass as plain_dataclass
from dataclasses import field as plain_field
from pathlib import Path
from typing import Any, Final, Literal, Self

from pydantic import (
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic.dataclasses import dataclass
from pydantic_core import ArgsKwargs

from idgraph.config import IN_A_FILE
from idgraph.errors import ConfigError, MappingError, faults
from idgraph.schema import FRAMES, KINDS, PERSON_KINDS, Kind, Level, level_of

__all__ = ["Cell", "KindBy", "Role", "Source", "TimeIf", "ValueIf"]

Role = Literal["attribute", "identifier", "belongs_to", "same_as", "merged", "owned_by", "about"]

_STRICT: Final = ConfigDict(extra="forbid", arbitrary_types_allowed=True)
_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")
_RESERVED: Final = frozenset(
    column for name in ("records", "profiles", "tenants", "accounts") for column in FRAMES[name].columns
) | {"email", "emails", "phone", "phones", "domain", "domains", "record", "entity"}


@dataclass(frozen=True, config=_STRICT)
class KindBy:
    """Choose a record's kind by the text of one column, compared without case.

    Attributes:
        column: whose text decides.
        cases: text to kind, or to `none`: rows that are no records of this source, and are listed as rejects.
        otherwise: the kind where the text is absent or not among the cases.
    """

    column: str
    cases: Mapping[str, Literal[Kind, "none"]]
    otherwise: Kind

    @model_validator(mode="wrap")
    @classmethod
    def _say_faults(cls, value: Any, handler: ModelWrapValidatorHandler[Self], info: ValidationInfo) -> Self:  # noqa: ANN401
        try:
            return handler(value)
        except ValidationError as error:
            if info.context == IN_A_FILE:
                raise
            msg = f"KindBy: {faults(error)}"
            raise ConfigError(msg) from None

    @property
    def kinds(self) -> frozenset[str]:
        """All kinds a row may get."""
        return frozenset({*self.cases.values(), self.otherwise}) - {"none"}


@dataclass(frozen=True, config=_STRICT)
class TimeIf:
    """When something happened that only some rows tell of: `TimeIf("CloseDate", where={"IsWon": "true"})`.

    Attributes:
        column: the time.
        where: column to the text, or the texts, that it must hold, compared without case.
    """

    column: str
    where: dict[str, str | list[str]]


@dataclass(frozen=True, config=_STRICT)
class ValueIf:
    """An identifier or a reference that only some rows hold: `ValueIf("external_id", where={"role": "user"})`.

    Attributes:
        column: the value.
        where: column to the text, or the texts, that it must hold, compared without case.
    """

    column: str
    where: dict[str, str | list[str]] = Field(min_length=1)


Columns = str | list[str] | ValueIf


@plain_dataclass(frozen=True)
class Cell:
    """One mapped cell of a row: which column it is read from and what it means.

    Attributes:
        role: what the value is for.
        name: the attribute, or the identifier type it is a value of.
        address: the column, or a dotted path into a column of JSON or structs.
        where: as in `ValueIf`: in which rows it means that.
    """

    role: Role
    name: str
    address: str
    where: Mapping[str, str | list[str]] = plain_field(default_factory=dict, hash=False)

    @property
    def column(self) -> str:
        """The column of the mapped frame that holds it."""
        name = f"{self.role}:{self.name}:{self.address}"
        return name.replace("%", "%25").replace(".", "%2E").replace("`", "%60")  # which mean something to Spark


@dataclass(frozen=True, config=_STRICT)
class Source:
    """One table of one system, with its mapping.

    A column may be addressed into JSON text or structs with dots: `metadata.external_id`. Several columns of one
    meaning are a list. References (`belongs_to`, `same_as`, `merged`, `owned_by`) are keyed by the identifier type of
    what they refer to (`salesforce_accounts.id`), or by a kind (`tenant`) where one source alone has records of it.

    A source whose rows tell what happened says it with `event`. Rows that are no people or companies themselves
    (tickets, deals, subscriptions) have no `kind`: whom they are about is looked up by `identifiers` and `belongs_to`
    among the records of other sources, and what `attributes` say is so of that company, or else that person, from
    `time` on. Rows that only say whom the rows of another table are about (the contacts of a deal), or more of its
    records (further domains of a company, what was merged into a lead), name that table in `about`.

    Attributes:
        name: `system_table`, never after the file, e.g. `salesforce_contacts`.
        kind: what its records are, or how to tell by row; None where its rows are no records.
        data: a path, a glob, a list of them, or a frame.
        id: the column of the record's own id; without it, and with `time`, the table is one of events.
        id_type: the type its own ids are values of, where several tables share it; default `<name>.id`.
        time: when the event happened, or the record came to be.
        version: what tells older rows of one id from newer: an update time or a number; default `time`.
        identifiers: identifier type to the columns that hold values of it, or to a `ValueIf`.
        attributes: attribute name to its column.
        belongs_to: the company record that a person's record belongs to. Never a link.
        same_as: the record that this one was merged or converted into.
        merged: ids of records that this one absorbed.
        owned_by: the company that owns this company. Never a link.
        deleted: a yes/no column; a deleted record stays, flagged.
        event: the column that names what happened at `time`; or each thing that a row tells of by name, with the
            column of its time: `{"page_viewed": "received_at"}`.
        event_id: the column, or the columns together, that tell events apart; one that comes twice counts once.
            Default: the record's own id, or for events without one all that is read of them.
        session: the column of the visit that an event is part of.
        count: the column that says how many times it happened, where a row adds up several.
        properties: the column of a JSON object that describes an event, or property name to column.
        about: the source whose rows its rows add to, with the column of their ids: `{"crm_deals": "deal_id"}`. Whom or
            which company such a row names is then that of those that name none. Of a source of records it says what
            these hold (`identifiers`), where its people belong (`belongs_to`) and what they absorbed (`merged`).
        primary: column to the text, or the texts, by which one of several rows about the same is the main one, whose
            person and company count; else it is the first by `time`, then by id.
        day_first: whether dates with slashes begin with the day (`13/04/2026`). Default: what each column as a whole
            tells; where it could be either, they begin with the month.
        optional: whether a mapped column other than the id may be missing; it is then null.
        format, delimiter, encoding: how to read the file, where it cannot be seen from the file itself.

    >>> Source("app_users", kind="user", data="users.csv", id="user_id", identifiers={"email": "email"}).own_type
    'app_users.id'
    """

    name: str
    data: Any
    kind: Kind | KindBy | None = Field(default=None, kw_only=True)
    id: str | None = None
    id_type: str | None = None
    time: str | None = None
    version: str | None = None
    identifiers: dict[str, Columns] = Field(default_factory=dict)
    attributes: dict[str, str] = Field(default_factory=dict)
    belongs_to: dict[str, Columns] = Field(default_factory=dict)
    same_as: dict[str, Columns] = Field(default_factory=dict)
    merged: dict[str, Columns] = Field(default_factory=dict)
    owned_by: dict[str, Columns] = Field(default_factory=dict)
    deleted: str | None = None
    event: str | dict[str, str | TimeIf] | None = None
    event_id: str | list[str] | None = None
    session: str | None = None
    count: str | None = None
    properties: str | dict[str, str] | None = None
    about: dict[str, str] = Field(default_factory=dict, max_length=1)
    primary: dict[str, str | list[str]] = Field(default_factory=dict)
    day_first: bool | None = None
    optional: bool = False
    format: Literal["csv", "tsv", "json", "jsonl", "parquet"] | None = None
    delimiter: str | None = None
    encoding: str | None = None

    @field_validator("name")
    @classmethod
    def _name_is_a_word(cls, name: str) -> str:
        if not _NAME.fullmatch(name):
            msg = f"{name!r} is not a source name; write system_table with letters a-z, digits and _, e.g. 'app_users'"
            raise ValueError(msg)
        return name

    @field_validator("kind", mode="before")
    @classmethod
    def _kind_is_known(cls, kind: object) -> object:
        if isinstance(kind, str) and kind not in KINDS:
            msg = f"{kind!r} is not a kind; it is one of {', '.join(KINDS)}"
            raise ValueError(msg)
        return kind

    @field_validator("data")
    @classmethod
    def _data_can_be_read(cls, data: Any) -> Any:  # noqa: ANN401 - frames of any library
        paths = all(isinstance(item, str | Path) for item in data) if isinstance(data, list | tuple) else True
        if data is None or isinstance(data, bool | int | float | bytes) or not paths:
            msg = f"{type(data).__name__} is nothing to read; give a path, a glob, a list of them, or a frame"
            raise ValueError(msg)
        return data

    @field_validator("attributes")
    @classmethod
    def _attributes_are_free_names(cls, attributes: dict[str, str]) -> dict[str, str]:
        for name in attributes:
            if name in _RESERVED or not _NAME.fullmatch(name):
                msg = f"{name!r} cannot be an attribute's name; write another word with letters a-z, digits and _"
                raise ValueError(msg)
        return attributes

    @model_validator(mode="after")
    def _events_can_be_read(self) -> Self:
        described = [word for word in ("event_id", "session", "count", "properties") if getattr(self, word)]
        if described and not self.event:
            msg = f"it has {described[0]}, which is of events; say what happened: event='…'"
            raise ValueError(msg)
        if isinstance(self.event, str) and not self.time:
            msg = f"its events are named by {self.event!r}, but it has no time; name the column of when they happened"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _rows_can_be_told_apart(self) -> Self:
        if self.kind is None:
            return self._refers_only()
        if self.about:
            msg = "it has about, which is of rows that are no records, but also a kind; write belongs_to or same_as"
            raise ValueError(msg)
        if self.id is None and not (self.identifiers and self.time):
            msg = (
                "it has no id, and is no table of events either; name the column of its own ids, or for events their "
                "time and the identifiers of whoever they are of"
            )
            raise ValueError(msg)
        return self

    def _refers_only(self) -> Self:
        """Refuse what makes records of rows that are none."""
        told = () if self.about else ("merged",)
        records = [word for word in ("id", "id_type", "same_as", *told, "owned_by") if getattr(self, word)]
        if records:
            msg = f"it has {records[0]}, but no kind; say what its records are, or for rows that are none take event_id"
            raise ValueError(msg)
        if self.primary and not self.about:
            msg = "it has primary, which tells the main of several rows about one; say of which table: about={'…': '…'}"
            raise ValueError(msg)
        others_may_say_whom = self.event and self.event_id
        named = self.identifiers or self.belongs_to or self.merged or others_may_say_whom
        if not (named and (self.event or self.attributes or self.about)):
            msg = (
                "it has no kind, and tells nothing of others either; say what its records are (kind=…), or whom its "
                "rows are about (identifiers, belongs_to) and what they say (event, attributes, about)"
            )
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _kinds_are_of_one_level(self) -> Self:
        levels = {level_of(kind) for kind in self.kinds}
        if len(levels) > 1:
            msg = f"its kinds {', '.join(sorted(self.kinds))} are people and companies; make two sources of them"
            raise ValueError(msg)
        if self.owned_by and "person" in levels:
            msg = "owned_by says which company owns a company, but its records are people; write belongs_to"
            raise ValueError(msg)
        for role, named in (("belongs_to", self.belongs_to), ("owned_by", self.owned_by)):
            people = [key for key in named if key in PERSON_KINDS]
            if people:
                msg = f"{role} names {people[0]!r}, a kind of person; name a company's kind or the type of its ids"
                raise ValueError(msg)
        return self

    @model_validator(mode="wrap")
    @classmethod
    def _say_faults(cls, value: Any, handler: ModelWrapValidatorHandler[Self], info: ValidationInfo) -> Self:  # noqa: ANN401
        try:
            return handler(value)
        except ValidationError as error:
            if info.context == IN_A_FILE:
                raise
            said = value if isinstance(value, ArgsKwargs) else ArgsKwargs((), value)
            name = said.args[0] if said.args else (said.kwargs or {}).get("name", "")
            raise MappingError(str(name), faults(error), "Mend the mapping of this source.") from None

    @property
    def is_events(self) -> bool:
        """Whether its records are made of events: no id of their own, but a time."""
        return self.id is None

    @property
    def own_type(self) -> str | None:
        """The identifier type of its records' own ids; None for events."""
        return None if self.is_events else self.id_type or f"{self.name}.id"

    @property
    def kinds(self) -> frozenset[str]:
        """All kinds its records may have; none where its rows are no records."""
        return self.kind.kinds if isinstance(self.kind, KindBy) else frozenset({self.kind} if self.kind else ())

    @property
    def level(self) -> Level:
        """Whether its identifiers are people's or companies'; those of rows that are no records are people's."""
        return level_of(min(self.kinds)) if self.kinds else "person"

    @property
    def moments(self) -> dict[str, TimeIf]:
        """What its rows tell of, by name, with the time and where it holds; "" is named by the column `event`."""
        if not isinstance(self.event, dict):
            return {"": TimeIf(self.time or "", {})} if self.event else {}
        return {name: at if isinstance(at, TimeIf) else TimeIf(at, {}) for name, at in self.event.items()}

    def cells(self, *roles: Role) -> list[Cell]:
        """List the mapped cells of some roles, or of all, in declared order."""
        by_role: dict[Role, Mapping[str, Any]] = {
            "attribute": self.attributes,
            "identifier": self.identifiers,
            "belongs_to": self.belongs_to,
            "same_as": self.same_as,
            "merged": self.merged,
            "owned_by": self.owned_by,
            "about": self.about,
        }
        return [cell for role in (roles or by_role) for cell in _cells(role, by_role[role])]


def _cells(role: Role, mapping: Mapping[str, Columns]) -> Iterator[Cell]:
    for name, columns in mapping.items():
        if isinstance(columns, ValueIf):
            yield Cell(role, name, columns.column, columns.where)
        else:
            yield from (Cell(role, name, address) for address in ([columns] if isinstance(columns, str) else columns))
