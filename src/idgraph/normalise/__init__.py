"""Values brought into one spelling, so that what is the same looks the same, and what names nobody is told apart.

Every normaliser is a kernel: a String column in; `value`, `note` and `reason` out, row for row. `value` is null where
there was none or it was refused, and then `reason` says why; `note` is the class of a value that was accepted. Texts
that mean "no value" are refused as `null_like` by all of them. Nothing is looked up on the network.

A vectorised path answers for the well-formed; the libraries are asked about the distinct rest.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import polars as pl

from idgraph.errors import ConfigError
from idgraph.normalise.company_name import normalise_company_name
from idgraph.normalise.countries import country_code
from idgraph.normalise.domain import email_domain, normalise_domain
from idgraph.normalise.email import email_base, normalise_email
from idgraph.normalise.ids import normalise_device, normalise_id, salesforce_id
from idgraph.normalise.person_name import normalise_person_name, surname
from idgraph.normalise.phone import normalise_phone

__all__ = [
    "NORMALISERS",
    "Normaliser",
    "country_code",
    "email_base",
    "email_domain",
    "normalise",
    "normalise_company_name",
    "normalise_device",
    "normalise_domain",
    "normalise_email",
    "normalise_id",
    "normalise_person_name",
    "normalise_phone",
    "salesforce_id",
    "surname",
]

Normaliser = Callable[[pl.Series], pl.DataFrame]

NORMALISERS: Final[dict[str, Normaliser]] = {
    "email": normalise_email,
    "domain": normalise_domain,
    "phone": normalise_phone,
    "person_name": normalise_person_name,
    "company_name": normalise_company_name,
    "id": normalise_id,
    "device": normalise_device,
    "salesforce_id": salesforce_id,
}


def normalise(name: str, raw: pl.Series, *, region: str | None = None) -> pl.DataFrame:
    """Clean a column with the normaliser of that name.

    Args:
        name: A key of `NORMALISERS`.
        raw: String.
        region: ISO 3166 code of the country whose national phone numbers these are; other normalisers need none.

    Returns:
        value, note, reason: String, as long as `raw` and in its order.

    Raises:
        ConfigError: There is no such normaliser, or no such region.

    >>> normalise("email", pl.Series(["Ana@Acme.io"])).rows()
    [('ana@acme.io', None, None)]
    """
    if name not in NORMALISERS:
        raise ConfigError(f"there is no normaliser {name!r}. Use one of: {', '.join(NORMALISERS)}")
    texts = raw.cast(pl.String)  # a column without any value has no type of its own
    return normalise_phone(texts, region) if name == "phone" else NORMALISERS[name](texts)
