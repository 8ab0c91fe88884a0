"""Recognise the files of a folder by their columns, and say what each was taken for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, overload

from idgraph.engines.files import scan
from idgraph.errors import FileError, SourceError
from idgraph.sources.preset import Preset
from idgraph.sources.project import PROJECT_FILE, load_project
from idgraph.sources.systems import PRESETS
from idgraph.sources.table import Source

__all__ = ["Discovery", "Recognised", "Unknown", "discover"]

_ENDINGS: Final = (".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson", ".parquet")
_PACKED: Final = (".gz", ".zst", ".zip")


@dataclass(frozen=True)
class Recognised:
    """A file that was taken for a part of a source.

    Attributes:
        path: the file.
        source: the source's name.
        by: the columns that told it.
    """

    path: Path
    source: str
    by: tuple[str, ...]


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
        sources: one for each table, its files together.
        recognised: what each file was taken for.
        unknown: files that were left out, and how to map them.
    """

    sources: tuple[Source, ...]
    recognised: tuple[Recognised, ...]
    unknown: tuple[Unknown, ...]

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
        taken = [f"{found.path.name}: {found.source}, by {', '.join(found.by)}" for found in self.recognised]
        left = [f"{found.path.name}: left out, {found.why}" for found in self.unknown]
        return "\n".join([*taken, *left])


def discover(folder: str | Path) -> Discovery:
    """Recognise the exports in a folder and the folders in it.

    Files of one table (`amplitude_2026-01-05.json`, `amplitude_2026-01-06.json`) are parts of one source. Where the
    folder has an `idgraph.toml`, its sources come first, and their files are not guessed at.

    Args:
        folder: where the exports are.

    Returns:
        The sources; and what every file was taken for, or why it was left out.

    Raises:
        SourceError: there is no such folder, or nothing in it is known.
        ConfigError: `idgraph.toml` cannot be used.
    """
    root = Path(folder)
    if not root.is_dir():
        raise SourceError("discover", f"{folder} is no folder", "Name the folder that holds the exports.")
    told = list(load_project(root / PROJECT_FILE).sources) if (root / PROJECT_FILE).is_file() else []
    mapped = {path.resolve() for source in told for path in _files_of(source)}
    parts: dict[str, list[tuple[Path, list[str], Preset]]] = {}
    recognised, unknown = [], []
    for path in sorted(path for path in root.rglob("*") if _is_export(path, root)):
        if path.resolve() in mapped:
            continue
        try:
            columns = scan(path.stem, [path]).columns
        except FileError as error:
            unknown.append(Unknown(path, f"{error.problem}. {error.mend}"))
            continue
        fits = [(by, preset) for preset in PRESETS if (by := preset.fits(columns))]
        if len(fits) == 1:
            by, preset = fits[0]
            recognised.append(Recognised(path, preset.source, tuple(by)))
            parts.setdefault(preset.source, []).append((path, columns, preset))
        else:
            why = f"it could be {' or '.join(p.source for _, p in fits)}" if fits else "no known table has its columns"
            unknown.append(Unknown(path, why, stanza(path.relative_to(root), columns)))
    found = [*told, *(_joined(files) for files in parts.values())]
    if not found:
        seen = ", ".join(item.path.name for item in unknown[:5]) or "no file of a known format"
        mend = f"Map its files in {PROJECT_FILE}; `idgraph discover` prints the lines to start from."
        raise SourceError("discover", f"nothing known is in {folder}: {seen}", mend)
    return Discovery(tuple(sorted(found, key=lambda s: s.name)), tuple(recognised), tuple(unknown))


def _is_export(path: Path, root: Path) -> bool:
    hidden = any(part.startswith(".") for part in path.relative_to(root).parts)
    endings = [ending for ending in path.suffixes if ending not in _PACKED]
    return (
        path.is_file() and not hidden and (path.suffix == ".zip" or (bool(endings) and endings[-1].lower() in _ENDINGS))
    )


def _files_of(source: Source) -> list[Path]:
    data = source.data if isinstance(source.data, list | tuple) else [source.data]
    return [found for item in data for found in Path(item).parent.glob(Path(item).name)]


def _joined(files: Sequence[tuple[Path, list[str], Preset]]) -> Source:
    """One source of all parts: a column that some lack is null there."""
    columns = list(dict.fromkeys(column for _, names, _ in files for column in names))
    return files[0][2].make(columns, [str(path) for path, _, _ in files])


def stanza(path: Path, columns: Sequence[str]) -> str:
    """Write the lines of `idgraph.toml` that would map a file, by the names of its columns.

    >>> print(stanza(Path("crm.csv"), ["id", "Email", "created_at"]))
    [[source]]
    name = "crm"
    kind = "contact"  # or visitor, user, clickstream, lead, tenant, crm_account, company
    data = "crm.csv"
    id = "id"
    time = "created_at"
    identifiers = { email = "Email" }
    """
    lower = {column.lower(): column for column in columns}
    own = next((lower[name] for name in lower if name in {"id", "uuid", "record_id"} or name.endswith("_id")), None)
    time = next((lower[name] for name in lower if name.endswith(("_at", "timestamp", "date", "tstamp", "time"))), None)
    words = {"email": "email", "phone": "phone", "domain": "domain", "website": "domain"}
    found = {kind: lower[name] for word, kind in words.items() for name in lower if name.endswith(word)}
    name = "".join(c if c.isascii() and c.isalnum() else "_" for c in path.name.split(".")[0].lower()).strip("_")
    pairs = ", ".join(f'{kind} = "{column}"' for kind, column in found.items())
    lines = [
        "[[source]]",
        f'name = "{name if name[:1].isalpha() else "source_" + name}"',
        'kind = "contact"  # or visitor, user, clickstream, lead, tenant, crm_account, company',
        f'data = "{path.as_posix()}"',
        *([f'id = "{own}"'] if own else []),
        *([f'time = "{time}"'] if time else []),
        f"identifiers = {{ {pairs} }}",
    ]
    return "\n".join(lines)
