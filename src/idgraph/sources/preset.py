"""What a preset is: one table of a known system, however its exporter spells the columns."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from idgraph.schema import Kind
from idgraph.sources.table import Columns, KindBy, Source, TimeIf, ValueIf

__all__ = ["Preset", "plain"]

Fields = str | Sequence[str]


def plain(name: str) -> list[str]:
    """The spellings of a field whose exports all write it the same."""
    return [name]


@dataclass(frozen=True)
class Preset:
    """One table of a known system, in the system's own field names.

    Attributes:
        source: the name of the source it makes.
        kind: what its records are.
        needs: fields that tell the table; each entry is a field, or several of which one must be there.
        refuses: fields that tell another table.
        event_id: as in `Source`; each entry is a field, or several of which the first that is there is taken.
        mark: a pattern that some column must match, where the fields alone are what many tables have.
        spell: the columns that a field may be found under, likeliest first.
        id, id_type, time, version, deleted, identifiers, attributes, belongs_to, same_as, merged, owned_by, event,
            session, count, properties, about, primary: as in `Source`, in field names. What an export lacks is read as
            null, so that ids stay when a column appears; and nothing happened at a time that it lacks.
    """

    source: str
    kind: Kind | KindBy | None
    needs: tuple[Fields, ...]
    refuses: tuple[str, ...] = ()
    mark: str = ""
    spell: Callable[[str], list[str]] = plain
    id: Fields | None = None
    id_type: str | None = None
    time: Fields | None = None
    version: Fields | None = None
    deleted: Fields | None = None
    identifiers: Mapping[str, Fields | ValueIf] = field(default_factory=dict)
    attributes: Mapping[str, Fields] = field(default_factory=dict)
    belongs_to: Mapping[str, Fields] = field(default_factory=dict)
    same_as: Mapping[str, Fields] = field(default_factory=dict)
    merged: Mapping[str, Fields] = field(default_factory=dict)
    owned_by: Mapping[str, Fields] = field(default_factory=dict)
    event: Fields | Mapping[str, Fields | TimeIf] | None = None
    event_id: tuple[Fields, ...] = ()
    session: Fields | None = None
    count: Fields | None = None
    properties: str | Mapping[str, Fields] | None = None
    about: Mapping[str, Fields] = field(default_factory=dict)
    primary: Mapping[str, str | list[str]] = field(default_factory=dict)

    def fits(self, columns: Collection[str]) -> list[str] | None:
        """Tell whether a file's columns are this table's.

        Args:
            columns: the columns of a file, dotted for JSON.

        Returns:
            The columns that told it, or None.
        """
        if any(self._present(name, columns) for name in self.refuses):
            return None
        told = [column for names in self.needs if (column := self._first(names, columns))]
        marked = any(re.search(self.mark, column) for column in columns)
        return told if len(told) == len(self.needs) and marked else None

    def spelling(self, columns: Collection[str]) -> int:
        """Tell in which of its spellings a file writes the table; 0 is the system's own."""
        found = [
            place
            for names in self.needs
            for f in _listed(names)
            for place, c in enumerate(self.spell(f))
            if c in columns
        ]
        return max(found, default=0)

    def main(self, columns: Collection[str]) -> dict[str, str]:
        """Choose the columns of the id and the times, by role; those a file lacks are left out."""
        roles = {"id": self.id, "time": self.time, "version": self.version}
        return {role: column for role, names in roles.items() if (column := self._first(names, columns))}

    def make(self, columns: Collection[str], data: Any) -> Source:  # noqa: ANN401 - paths or a frame
        """Map the columns of a file or frame to a source."""
        kind = self.kind
        if isinstance(kind, KindBy):
            column = self._present(kind.column, columns)
            kind = KindBy(column, kind.cases, kind.otherwise) if column else kind.otherwise
        return Source(
            self.source,
            kind=kind,
            data=data,
            id=self._first(self.id, columns),
            id_type=self.id_type,
            time=self._first(self.time, columns),
            version=self._first(self.version, columns),
            deleted=self._first(self.deleted, columns),
            identifiers=self._each(self.identifiers, columns),
            attributes=self._there(self.attributes, columns),
            belongs_to=self._each(self.belongs_to, columns),
            same_as=self._each(self.same_as, columns),
            merged=self._each(self.merged, columns),
            owned_by=self._each(self.owned_by, columns),
            event=self._event(columns),
            event_id=[column for names in self.event_id if (column := self._first(names, columns))] or None,
            session=self._first(self.session, columns),
            count=self._first(self.count, columns),
            properties=self._properties(columns),
            about=self._there(self.about, columns),
            primary={there: texts for name, texts in self.primary.items() if (there := self._present(name, columns))},
            optional=True,
        )

    def _event(self, columns: Collection[str]) -> str | dict[str, str | TimeIf] | None:
        """What happened, of that for which all columns are there."""
        if not isinstance(self.event, Mapping):
            return self._first(self.event, columns)
        found: dict[str, str | TimeIf] = {}
        for name, at in self.event.items():
            time = self._first(at.column if isinstance(at, TimeIf) else at, columns)
            where = (
                {self._present(key, columns): texts for key, texts in at.where.items()}
                if isinstance(at, TimeIf)
                else {}
            )
            if time and None not in where:
                found[name] = TimeIf(time, {key: texts for key, texts in where.items() if key}) if where else time
        return found

    def _properties(self, columns: Collection[str]) -> str | dict[str, str] | None:
        if self.properties is None or isinstance(self.properties, str):
            return self.properties and (self._present(self.properties, columns) or self.properties)
        return self._there(self.properties, columns) or None

    def _there(self, mapping: Mapping[str, Fields], columns: Collection[str]) -> dict[str, str]:
        found = {name: self._first(names, columns) for name, names in mapping.items()}
        return {name: column for name, column in found.items() if column}

    def _present(self, name: str, columns: Collection[str]) -> str | None:
        return next((column for column in self.spell(name) if column in columns), None)

    def _first(self, names: Fields | None, columns: Collection[str]) -> str | None:
        return next((column for name in _listed(names) if (column := self._present(name, columns))), None)

    def _each(self, mapping: Mapping[str, Fields | ValueIf], columns: Collection[str]) -> dict[str, Columns]:
        return {key: self._columns(names, columns) for key, names in mapping.items()}

    def _columns(self, names: Fields | ValueIf, columns: Collection[str]) -> Columns:
        if isinstance(names, ValueIf):
            where = {self._spelled(name, columns): texts for name, texts in names.where.items()}
            return ValueIf(self._spelled(names.column, columns), where)
        return [self._spelled(name, columns) for name in _listed(names)]

    def _spelled(self, name: str, columns: Collection[str]) -> str:
        return self._present(name, columns) or self.spell(name)[0]


def _listed(names: Fields | None) -> Sequence[str]:
    return [] if names is None else [names] if isinstance(names, str) else names
