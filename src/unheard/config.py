"""Settings: one frozen dataclass a stage, one section of `unheard.toml` each.

A room owns its dataclass, so that a default is written once, beside the code that it steers. The spine
names which sections there are. This module reads, checks and prints them, whatever they hold.
"""

from __future__ import annotations

import dataclasses
import difflib
import tomllib
from typing import TYPE_CHECKING, Any

import tomlkit
from pydantic import TypeAdapter, ValidationError

from unheard.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

Sections = dict[str, Any]
"""Section name -> an instance of that section's frozen dataclass."""


def read(path: Path, sections: Mapping[str, type], top: Iterable[str] = ()) -> Sections:
    """Every section, the file's values over the defaults.

    `top` names the keys that may stand above all sections.
    `ConfigError` names the file, the key and the rule when a key is unknown or a value is out of its range.
    """
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not TOML: {error}; mend the line it names") from None
    unknown = set(document) - set(sections) - set(top)
    if unknown:
        raise ConfigError(f"{path}: {_did_you_mean(min(unknown), sections)}")
    return {name: section(kind, document.get(name, {}), f"{path} [{name}]") for name, kind in sections.items()}


def section(kind: type, values: Mapping[str, Any], where: str) -> Any:
    """One section's dataclass from plain values; `where` is what an error message calls it."""
    if not isinstance(values, dict):
        raise ConfigError(f"{where} is {values!r}; it must be a section with keys")
    known = {field.name for field in dataclasses.fields(kind)}
    for key in values:
        if key not in known:
            raise ConfigError(f"{where}: {_did_you_mean(key, known)}")
    try:
        return TypeAdapter(kind).validate_python(dict(values))
    except ConfigError as error:  # a rule of the dataclass itself, which does not know where it stands
        raise ConfigError(f"{where} {error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise ConfigError(f"{where} {key} = {first['input']!r}: {first['msg']}") from None


def plain(settings: Any) -> dict[str, Any]:
    """A settings dataclass as plain values, for manifests and TOML; None means 'left open' and is kept."""
    return dataclasses.asdict(settings)


def render(sections: Sections, top: Mapping[str, Any]) -> str:
    """The whole configuration as TOML, every value written out; settings left open stand as comments."""
    document = tomlkit.document()
    for key, value in top.items():
        document.add(key, value)
    for name, settings in sections.items():
        document.add(name, _table(plain(settings)))
    return tomlkit.dumps(document)


def _table(values: Mapping[str, Any]) -> Any:
    table = tomlkit.table()
    for key, value in values.items():
        if value is None:
            table.add(tomlkit.comment(f"{key} is chosen by unheard; set it to fix it"))
        elif isinstance(value, dict):
            table.add(key, _table(value))
        else:
            table.add(key, list(value) if isinstance(value, tuple) else value)
    return table


def _did_you_mean(key: str, known: Iterable[str]) -> str:
    names = sorted(known)
    close = difflib.get_close_matches(key, names, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else "."
    return f"unknown key {key!r}{hint} Known: {', '.join(names)}"


def top_value(path: Path, key: str, default: int) -> int:
    """A whole number, 0 or more, that stands above all sections."""
    value = tomllib.loads(path.read_text("utf-8")).get(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ConfigError(f"{path}: {key} = {value!r}; it must be a whole number, 0 or more")
    return value
