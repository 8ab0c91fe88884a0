"""Settings of a run: what each identifier type is trusted for, which guards hold, and how ids are made.

The defaults are meant to be right for most B2B data; `idgraph.toml` and `Config(...)` say the same things.
"""

from __future__ import annotations

import difflib
from typing import Any, Final, Literal, Self
from zoneinfo import available_timezones

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from idgraph.errors import ConfigError, faults
from idgraph.schema import Kind, Level

__all__ = ["DEFAULT_TYPES", "IN_A_FILE", "Cardinality", "Config", "IdentifierType", "Trust"]

Trust = Literal["id", "contact", "device", "none"]

# Validation context of a whole settings file, which names the faults of all its parts together.
IN_A_FILE: Final = {"in_a_file": True}


class _Settings(BaseModel):
    """Settings whose faults are errors of ours."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_validator(mode="wrap")
    @classmethod
    def _say_faults(cls, value: Any, handler: ModelWrapValidatorHandler[Self], info: ValidationInfo) -> Self:  # noqa: ANN401
        try:
            return handler(value)
        except ValidationError as error:
            if info.context == IN_A_FILE:
                raise
            msg = f"{cls.__name__}: {faults(error)}"
            raise ConfigError(msg) from None


class IdentifierType(_Settings):
    """What one type of identifier means on one level.

    Attributes:
        name: e.g. `email`, `app.user_id`, `salesforce_contacts.id`.
        level: whose records it identifies.
        trust: `id` names one; `contact` usually one; `device` may be shared; `none` never links.
        normaliser: how its values are cleaned, a name of `idgraph.normalise.NORMALISERS`.
        weight: log2 odds that two records sharing a value are the same, until a model is trained.
        limit: most distinct own ids within one source that may hold a value; above it the value is suppressed.
        agreement: the share of a value's named holders whose names must hang together, or None: see
            `idgraph.linkage.guards.disagreeing`.
        kind: what a record is that is known only by a reference of this type.
        unique: `entity` if one person or company has at most one value of it, `source` if at most one in each source;
            values of records that a source system merged count as one. None: any number.
        unique_days: values seen further apart than this do not break `unique`; None: always.
    """

    name: str
    level: Level = "person"
    trust: Trust = "id"
    normaliser: str = "id"
    weight: float = Field(default=20.0, ge=0)
    limit: int = Field(default=5, ge=1)
    agreement: float | None = Field(default=None, gt=0, le=1)
    kind: Kind | None = None
    unique: Literal["entity", "source"] | None = None
    unique_days: float | None = Field(default=None, gt=0)

    @property
    def is_contact_point(self) -> bool:
        """Whether entities show all values of it: by its nature, even where it is not trusted to link."""
        return self.normaliser in {"email", "phone", "domain"} and self.name != "email_base"


def _type(name: str, level: Level, trust: Trust, normaliser: str, weight: float, **more: object) -> IdentifierType:
    return IdentifierType.model_validate(
        {"name": name, "level": level, "trust": trust, "normaliser": normaliser, "weight": weight, **more}
    )


DEFAULT_TYPES: Final[tuple[IdentifierType, ...]] = (
    _type("app.user_id", "person", "id", "id", 20, kind="user"),
    _type("salesforce_contacts.id", "person", "id", "salesforce_id", 20, kind="contact"),
    _type("salesforce_leads.id", "person", "id", "salesforce_id", 20, kind="lead"),
    _type("hubspot_contacts.id", "person", "id", "id", 20, kind="contact"),
    _type("email", "person", "contact", "email", 14, agreement=1),
    _type("email_base", "person", "contact", "email", 10, agreement=1),
    _type("phone", "person", "contact", "phone", 8, agreement=1),
    _type("device", "person", "device", "device", 9, agreement=1),
    _type("hubspotutk", "person", "device", "device", 9, agreement=1),
    _type("amplitude_id", "person", "device", "device", 9, agreement=1),
    _type("domain", "person", "none", "domain", 0),
    _type("ip", "person", "none", "id", 0),
    _type("app.tenant_id", "account", "id", "id", 20, kind="tenant"),
    _type("salesforce_accounts.id", "account", "id", "salesforce_id", 20, kind="crm_account"),
    _type("hubspot_companies.id", "account", "id", "id", 20, kind="crm_account"),
    _type("crunchbase_organizations.id", "account", "id", "id", 20, kind="company"),
    _type("domain", "account", "contact", "domain", 10, agreement=1),
    _type("phone", "account", "none", "phone", 0),
    _type("email", "account", "none", "email", 0),
    _type("ip", "account", "none", "id", 0),
)


class Cardinality(_Settings):
    """How many values of one type a value of another may meet: `Cardinality(of="email", to="app.user_id")`.

    Attributes:
        of: the type whose values are limited.
        to: the type that is counted, by the records that hold both; values that a source system merged count as one.
        at_most: how many.
        level: whose identifiers both are.
    """

    of: str
    to: str
    at_most: int = Field(default=1, ge=1)
    level: Level = "person"


class Config(_Settings):
    """Settings of a run.

    Attributes:
        types: identifier types that differ from, or add to, the defaults; (level, name) is the key.
        without: rules switched off: a type (`phone`), a pair of kinds (`visitor-lead`), both (`email:lead-contact`), or
            `similar`, which links people who are alike though they share no value.
        region: ISO 3166 code that national phone numbers are read in, e.g. `US`; without it they are refused.
        timezone: IANA name that timestamps without a zone are in.
        domain_majority: share of a tenant's users with a company mail domain that must hold one for the tenant to.
        cardinality: limits between types; what goes beyond is cut.
        strict_weight: from here on evidence needs no doubt; weak evidence between two dense groups of records has to
            add up to it.
        most_records: records of an entity, those of visitors and clickstreams not counted, above which evidence is
            taken strongest first until they are reached. None: found from the data.
        most_parts: likewise how many groups held by strict evidence an entity may have.
        id_key: secret that makes entity ids a keyed hash, so that guessable record ids cannot be found from them.

    >>> Config().type_of("person", "email").trust
    'contact'
    """

    types: tuple[IdentifierType, ...] = ()
    without: tuple[str, ...] = ()
    region: str | None = None
    timezone: str = "UTC"
    domain_majority: float = Field(default=0.5, ge=0, lt=1)
    cardinality: tuple[Cardinality, ...] = ()
    strict_weight: float = Field(default=12.0, gt=0)
    most_records: int | None = Field(default=None, ge=1)
    most_parts: int | None = Field(default=None, ge=1)
    id_key: SecretStr | None = None

    @field_validator("types")
    @classmethod
    def _the_rest_is_default(cls, types: tuple[IdentifierType, ...]) -> tuple[IdentifierType, ...]:
        """What is not said of a type that has defaults stays as it is by default."""
        defaults = {(described.level, described.name): described for described in DEFAULT_TYPES}
        return tuple(
            default.model_copy(update=said.model_dump(exclude_unset=True))
            if (default := defaults.get((said.level, said.name)))
            else said
            for said in types
        )

    @field_validator("region")
    @classmethod
    def _region_is_known(cls, region: str | None) -> str | None:
        if region is not None:
            from phonenumbers import SUPPORTED_REGIONS

            if region not in SUPPORTED_REGIONS:
                msg = f"{region!r} is no ISO 3166 code of a country with telephones; write one such as US, GB or DE"
                raise ValueError(msg)
        return region

    @field_validator("timezone")
    @classmethod
    def _zone_is_known(cls, name: str) -> str:
        known = {"UTC"} if name == "UTC" else available_timezones()  # empty where a machine has no zone data
        if known and name not in known:
            close = difflib.get_close_matches(name, known) or ["Europe/Rome", "America/New_York"]
            msg = f"{name!r} is no IANA time zone; write one such as {', '.join(close)}"
            raise ValueError(msg)
        return name

    def type_of(self, level: str, name: str) -> IdentifierType:
        """Return what a type means on a level; one that nobody described is an id of some system, and names one."""
        level = "account" if level == "tenant" else level
        for described in (*self.types, *DEFAULT_TYPES):
            if (described.level, described.name) == (level, name):
                return described
        return IdentifierType.model_validate({"name": name, "level": level})

    def knows(self, level: str, name: str) -> bool:
        """Whether a type is described on a level, or is named as an id of a system: `stripe.customer_id`."""
        described = (*self.types, *DEFAULT_TYPES)
        return "." in name or any((level, name) == (known.level, known.name) for known in described)
