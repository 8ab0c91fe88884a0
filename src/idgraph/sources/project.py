"""`idgraph.toml`: the sources and settings of a project, as one would say them in Python."""

from __future__ import annotations

import dataclasses
import json
import tomllib
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from idgraph.config import IN_A_FILE, Config
from idgraph.errors import ConfigError, faults
from idgraph.sources.table import Source

__all__ = ["PROJECT_FILE", "Project", "load_project", "project_schema"]

PROJECT_FILE: Final = "idgraph.toml"
_LARGEST: Final = 1 << 20


class Project(BaseModel):
    """A project's settings and sources.

    Attributes:
        config: see `Config`.
        sources: `[[source]]` tables; paths are relative to the file.
        ignore: files that are no exports: names or patterns, relative to the file.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    config: Config = Config()
    sources: tuple[Source, ...] = Field(default=(), alias="source")
    ignore: tuple[str, ...] = ()


def load_project(path: Path) -> Project:
    """Read `idgraph.toml`.

    Raises:
        ConfigError: it is no TOML, or says something unknown; every fault is named with where it stands.
    """
    if path.stat().st_size > _LARGEST:
        msg = f"{path.name} is larger than {_LARGEST:,} bytes; it is not a settings file"
        raise ConfigError(msg)
    try:
        project = Project.model_validate(tomllib.loads(path.read_text("utf-8-sig")), context=IN_A_FILE)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        msg = f"{path.name} is no TOML: {error}"
        raise ConfigError(msg) from error
    except ValidationError as error:
        msg = f"{path.name}: {faults(error)}"
        raise ConfigError(msg) from None
    sources = tuple(dataclasses.replace(source, data=_beside(path, source)) for source in project.sources)
    return project.model_copy(update={"sources": sources})


def _beside(path: Path, source: Source) -> list[str]:
    """The files of a source; their paths are relative to the project's file."""
    data = source.data if isinstance(source.data, list) else [source.data]
    if not all(isinstance(item, str) for item in data):
        msg = f"{path.name}: data of source {source.name!r} is no path; write the file's name as text"
        raise ConfigError(msg)
    return [str(path.parent / item) for item in data]


def project_schema() -> str:
    """Give the JSON Schema of `idgraph.toml`, for editors; it is shipped as `idgraph/sources/idgraph.schema.json`."""
    return json.dumps(Project.model_json_schema(), indent=2, sort_keys=True) + "\n"
