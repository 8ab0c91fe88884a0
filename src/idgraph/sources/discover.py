"""Recognise the files of a folder by their columns, and say what each was taken for."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Final, overload

from idgraph.config import Config
from idgraph.engines.files import JSON, find_files, repeated, scan
from idgraph.engines.output import RUN_FILE, is_ours
from idgraph.errors import FileError, SourceError, mask_text
from idgraph.sources.preset import Preset
from idgraph.sources.project import PROJECT_FILE, Project, load_project
from idgraph.sources.stanza import stanza
from idgraph.sources.systems import PRESETS
from idgraph.sources.table import Source

__all__ = ["Discovery", "Recognised", "Unknown", "discover", "survey"]

_ENDINGS: Final = (".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson", ".parquet")
_PACKED: Final = (".gz", ".zst", ".zip")
_FEW: Final = 5


@dataclass(frozen=True)
class Recognised:
    """A file that was taken for a part of a source.

    Attributes:
        path: the file.
        source: the source's name.
        by: the columns that told it, or `idgraph.toml`.
        repeated: the names that its header gives to several columns, of a file that was told by its columns.
    """

    path: Path
    source: str
    by: tuple[str, ...]
    repeated: tuple[str, ...] = ()


@dataclass(frozen=True)
class Unknown:
    """A file that was left out.

    Attributes:
        path: the file.
        why: what kept it out.
        stanza: the lines of `idgraph.toml` that would map it, to be completed; empty where it cannot be read.
    """

    path: Path
    why: str
    stanza: str = ""


@dataclass(frozen=True)
class Discovery(Sequence[Source]):
    """The sources of a folder: give them to `resolve(*discovery)`.

    Attributes:
        folder: where they are.
        sources: one for each table, its files together.
        recognised: what each file was taken for.
        unknown: files that were left out, and how to map them.
        config: the settings of the folder's `idgraph.toml`, or the defaults: `resolve(*found, config=found.config)`.
    """

    folder: Path
    sources: tuple[Source, ...]
    recognised: tuple[Recognised, ...]
    unknown: tuple[Unknown, ...]
    config: Config

    @overload
    def __getitem__(self, place: int) -> Source: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Source]: ...
    def __getitem__(self, place: int | slice) -> Source | Sequence[Source]:
        """Give a source by its place."""
        return self.sources[place]

    def __len__(self) -> int:
        """Count the sources."""
        return len(self.sources)

    def __iter__(self) -> Iterator[Source]:
        """Go through the sources."""
        return iter(self.sources)

    def __str__(self) -> str:
        """Say in lines what was understood."""
        taken = [f"{self.within(found.path)}: {found.source}, by {', '.join(found.by)}" for found in self.recognised]
        left = [f"{self.within(found.path)}: left out, {found.why}" for found in self.unknown]
        return "\n".join([*taken, *left, *self.remarks()])

    def remarks(self) -> list[str]:
        """Say in lines what is odd about files that were recognised."""
        return [
            f"{self.within(found.path)}: several columns are called {mask_text(' and '.join(found.repeated))}; "
            "where the name is mapped all of them are read"
            for found in self.recognised
            if found.repeated
        ]

    def within(self, path: Path) -> str:
        """Name a file by its place in the folder, or by itself where `idgraph.toml` names one elsewhere."""
        return path.relative_to(self.folder).as_posix() if path.is_relative_to(self.folder) else path.name

    def refuse_nothing(self) -> None:
        """Refuse a folder in which nothing is known.

        Raises:
            SourceError: there is no source.
        """
        if not self.sources:
            files = [self.within(item.path) for item in self.unknown]
            more = f" and {len(files) - _FEW} more" if len(files) > _FEW else ""
            seen = (
                f"it holds {', '.join(files[:_FEW])}{more}" if files else "it holds no CSV, TSV, JSON or Parquet file"
            )
            raise SourceError(str(self.folder), f"no known export is in this folder; {seen}", self._mend())

    def _mend(self) -> str:
        """What to do with a folder in which nothing is known."""
        if any(item.stanza for item in self.unknown):
            return f"Map its files in {PROJECT_FILE}: `idgraph discover {self.folder}` prints the lines to start from."
        if self.unknown:
            return f"None can be read as a table of people or companies: {self.unknown[0].why}"
        return "Name the folder that the exports are in."


@dataclass(frozen=True)
class _Part:
    """A file that one preset fits: a part of its table."""

    path: Path
    columns: list[str]
    by: list[str]
    preset: Preset
    form: str

    @cached_property
    def spelling(self) -> int:
        """Which of the system's spellings it is written in."""
        return self.preset.spelling(self.columns)

    @cached_property
    def main(self) -> dict[str, str]:
        """The columns its id and times are in."""
        return self.preset.main(self.columns)


def discover(folder: str | Path) -> Discovery:
    """Recognise the exports in a folder and the folders in it.

    Files of one table (`amplitude_2026-01-05.json`, `amplitude_2026-01-06.json`) are parts of one source. A second file
    of the table that is written otherwise (JSON beside CSV, `property_email` beside `email`) is a source of its own,
    `hubspot_contacts_2`. Where the folder has an `idgraph.toml`, its sources come first, and their files are not
    guessed at.

    Args:
        folder: where the exports are.

    Returns:
        The sources; and what every file was taken for, or why it was left out.

    Raises:
        SourceError: there is no such folder, or nothing in it is known.
        ConfigError: `idgraph.toml` cannot be used.
    """
    found = survey(folder)
    found.refuse_nothing()
    return found


def survey(folder: str | Path) -> Discovery:
    """Do what `discover` does, but let a folder in which nothing is known pass, so that its files can be shown."""
    root = Path(folder)
    if not root.is_dir():
        raise SourceError(str(folder), "there is no such folder", "Name the folder that holds the exports.")
    project = load_project(root / PROJECT_FILE) if (root / PROJECT_FILE).is_file() else Project()
    told = list(project.sources)
    recognised = [Recognised(path, source.name, (PROJECT_FILE,)) for source in told for path in _files_of(source)]
    mapped = {found.path.resolve() for found in recognised}
    parts: list[_Part] = []
    unknown: list[Unknown] = []
    for path in _exports(root):
        ignored = any(fnmatchcase(path.relative_to(root).as_posix(), pattern) for pattern in project.ignore)
        if not ignored and path.resolve() not in mapped:
            taken = _recognise(path, root)
            if isinstance(taken, _Part):
                parts.append(taken)
            else:
                unknown.append(taken)
    named = _named(parts, {source.name for source in told})
    sources = [*told, *(_joined(files, name) for name, files in named.items())]
    recognised += [
        Recognised(part.path, name, tuple(part.by), tuple(repeated(part.columns)))
        for name, files in named.items()
        for part in files
    ]
    return Discovery(
        root,
        tuple(sorted(sources, key=lambda source: source.name)),
        tuple(sorted(recognised, key=lambda found: (found.source, found.path))),
        tuple(unknown),
        project.config,
    )


def _exports(root: Path) -> list[Path]:
    """The files that may be exports: not hidden, and not what an earlier run wrote."""
    ours = {path.parent for path in root.rglob(RUN_FILE) if is_ours(path.parent)} - {root}
    return sorted(
        path
        for path in root.rglob("*")
        if path.is_file() and _may_be_export(path.relative_to(root)) and not ours.intersection(path.parents)
    )


def _may_be_export(path: Path) -> bool:
    endings = [ending.lower() for ending in path.suffixes]
    unpacked = [ending for ending in endings if ending not in _PACKED]
    known = endings[-1:] == [".zip"] or (bool(unpacked) and unpacked[-1] in _ENDINGS)
    return known and path.name != RUN_FILE and not any(part.startswith(".") for part in path.parts)


def _files_of(source: Source) -> list[Path]:
    """The files a mapped source means; that there are none is said when it is read."""
    try:
        return find_files(source.name, source.data)
    except FileError:
        return []


def _recognise(path: Path, root: Path) -> _Part | Unknown:
    try:
        scanned = scan(path.stem, [path])
    except FileError as error:
        return Unknown(path, f"{error.problem}. {error.mend}")
    columns = scanned.columns
    fits = [(by, preset) for preset in PRESETS if (by := preset.fits(columns))]
    if len(fits) == 1:
        by, preset = fits[0]
        form = (
            "json" if JSON in scanned.frame.collect_schema() else "parquet" if ".parquet" in path.suffixes else "text"
        )
        return _Part(path, columns, by, preset, form)
    if len(columns) < 2:
        return Unknown(path, f"it has one column only, {mask_text(columns[0])!r}" if columns else "it has no columns")
    why = f"it could be {' or '.join(p.source for _, p in fits)}" if fits else "no known table has its columns"
    return Unknown(path, why, stanza(path.relative_to(root), columns))


@dataclass
class _Table:
    """Files that can be laid under each other: in one form, one spelling, their main columns named alike."""

    parts: list[_Part]
    main: dict[str, str]

    def takes(self, part: _Part) -> bool:
        """Whether a file is of this table."""
        first = self.parts[0]
        if (part.preset, part.form, part.spelling) != (first.preset, first.form, first.spelling):
            return False
        shared = len(set(part.columns) & set(first.columns))
        if part.form != "json" and 2 * shared <= min(len(part.columns), len(first.columns)):
            return False
        return all(self.main.get(role, column) == column for role, column in part.main.items())


def _named(parts: Sequence[_Part], taken: Collection[str]) -> dict[str, list[_Part]]:
    """Bring the files of one table together, and name the tables."""
    tables: list[_Table] = []
    for part in sorted(parts, key=lambda part: (part.spelling, part.path)):
        table = next((table for table in tables if table.takes(part)), None)
        if table is None:
            tables.append(_Table([part], dict(part.main)))
        else:
            table.parts.append(part)
            table.main |= part.main
    named: dict[str, list[_Part]] = {}
    for table in tables:
        system = table.parts[0].preset.source
        names = (system if number == 1 else f"{system}_{number}" for number in count(1))
        named[next(name for name in names if name not in named and name not in taken)] = table.parts
    return named


def _joined(files: Sequence[_Part], name: str) -> Source:
    """One source of all parts: a column that some lack is null there."""
    columns = list(dict.fromkeys(column for part in files for column in part.columns))
    return replace(files[0].preset.make(columns, [str(part.path) for part in files]), name=name)
