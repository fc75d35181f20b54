"""A YAML file whose every value knows its line and column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fieldvae.document.slips import Complaint, closed_up, slip_of
from fieldvae.errors import Problem, SpecError, nearest

if TYPE_CHECKING:
    from ruamel.yaml.error import MarkedYAMLError
    from ruamel.yaml.reader import ReaderError

Loc = tuple[str | int, ...]


@dataclass(frozen=True)
class Document:
    """Plain data read from YAML, and where each key and item stands.

    Parameters
    ----------
    name
        The file as the user named it; stands before every place.
    data
        Dictionaries, lists and scalars.
    places
        ``line:column`` (or ``--set #n``) of every key path.
    text
        The file's text as it was read; empty for data that came from no file.
    """

    name: str
    data: dict[str, Any]
    places: Mapping[Loc, str] = field(default_factory=dict)
    text: str = ""

    def place(self, loc: Sequence[str | int]) -> str:
        """Say where a key path stands; for an absent one, where its nearest parent does."""
        for end in range(len(loc), -1, -1):
            if tuple(loc[:end]) in self.places:
                return self.places[tuple(loc[:end])]
        return f"{self.name}:1:1"

    def problem(self, loc: Sequence[str | int], message: str) -> Problem:
        """Return a problem at a key path."""
        return Problem(self.place(loc), message)


def read_document(path: Path) -> Document:
    """Read a YAML 1.2 file.

    Raises
    ------
    SpecError
        If the file is missing, no YAML, no mapping, or holds a key twice.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        hint = nearest(path.name, _neighbors(path)) or "; check the path"
        raise SpecError([Problem(str(path), f"there is no such file{hint}")]) from None
    except IsADirectoryError:
        words = "this is a folder; expected a file in YAML"
        raise SpecError([Problem(str(path), words)]) from None
    except UnicodeDecodeError as error:
        words = f"byte {error.start} is no UTF-8; save the file in that encoding"
        raise SpecError([Problem(str(path), words)]) from None
    except OSError as error:
        words = f"cannot be read: {error.strerror}; mend its rights or its disk"
        raise SpecError([Problem(str(path), words)]) from None
    return parse_document(text, name=str(path))


def parse_document(text: str, *, name: str) -> Document:
    """Parse YAML 1.2 text; see :func:`read_document`."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError
    from ruamel.yaml.reader import ReaderError

    try:
        tree = YAML(typ="rt").load(text)
    except (MarkedYAMLError, ReaderError) as error:
        slip = slip_of(_complaint(error, text), text)
        place = f"{name}:{slip.line}:{slip.column}" if slip.line else name
        raise SpecError([Problem(place, f"this is no valid YAML: {slip.words}")]) from None
    except YAMLError as error:
        raise SpecError([Problem(name, f"this is no valid YAML: {error}")]) from None
    if tree is None:
        tree = {}
    if not isinstance(tree, Mapping):
        told = closed_up(tree) if isinstance(tree, str) else None
        hint = f"; write {told}, with a blank after the colon" if told else ""
        words = f"expected keys with values, as in {{key: value}}; found {_kind(tree)}{hint}"
        raise SpecError([Problem(f"{name}:1:1", words)])
    places: dict[Loc, str] = {}
    data = plain(tree, (), places, name)
    return Document(name, data, places, text)


def _neighbors(path: Path) -> list[str]:
    """Names of the files beside a path."""
    folder = path.parent
    return [file.name for file in folder.iterdir() if file.is_file()] if folder.is_dir() else []


def _kind(value: Any) -> str:
    return "a list" if isinstance(value, list) else repr(value)


def _complaint(error: MarkedYAMLError | ReaderError, text: str) -> Complaint:
    """What ruamel.yaml says, in our terms."""
    from ruamel.yaml.reader import ReaderError

    if isinstance(error, ReaderError):
        before = text[: error.position]
        at = (before.count("\n"), len(before) - before.rfind("\n") - 1)
        return Complaint(f"found the character U+{error.character:04X}; remove it", at)
    problem = (error.problem or str(error)).strip().splitlines()[0]
    return Complaint(
        problem, _mark(error.problem_mark), error.context or "", _mark(error.context_mark)
    )


def _mark(mark: Any) -> tuple[int, int] | None:
    return None if mark is None else (mark.line, mark.column)


def plain(node: Any, loc: Loc, places: dict[Loc, str], name: str) -> Any:
    """Return dictionaries, lists and scalars of Python; note in ``places`` where each stands.

    Raises
    ------
    SpecError
        If a key is missing, or a value has a tag.
    """
    if isinstance(node, Mapping):
        mapping: dict[Any, Any] = {}
        for written, value in node.items():
            key = int(written) if isinstance(written, int) else str(written)
            place = f"{name}:1:1"
            if hasattr(node, "lc"):
                line, column = node.lc.key(written)
                place = places[(*loc, key)] = f"{name}:{line + 1}:{column + 1}"
            if written is None:
                raise SpecError([Problem(place, "there is no key before the colon; write one")])
            mapping[key] = plain(value, (*loc, key), places, name)
        return mapping
    if isinstance(node, list):
        items = []
        for index, value in enumerate(node):
            if hasattr(node, "lc"):
                line, column = node.lc.item(index)
                places[(*loc, index)] = f"{name}:{line + 1}:{column + 1}"
            items.append(plain(value, (*loc, index), places, name))
        return items
    for kind in (bool, int, float, str):  # ruamel's scalars remember how they were written
        if isinstance(node, kind):
            return kind(node)
    if hasattr(node, "tag"):
        words = f"found the tag {node.tag.value}, which nobody reads; put the value in quotes"
        raise SpecError([Problem(places.get(loc, f"{name}:1:1"), words)])
    return node
