"""Everything public is documented: what it is, what it takes, what it gives, what it raises.

A method that takes one argument at most may say all that in its first sentence.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from typing import Any

import pytest
from pydantic import BaseModel

import fieldvae
from fieldvae import errors, mechanics, testing

MODULES = (fieldvae, testing, mechanics)


def public() -> Iterator[tuple[str, Any]]:
    """Every public name, and every method of its own that a public class has."""
    for module in MODULES:
        for name in module.__all__:
            value = getattr(module, name)
            yield f"{module.__name__}.{name}", value
            if inspect.isclass(value):
                for method, found in vars(value).items():
                    if not method.startswith("_") and _is_written(found):
                        yield f"{module.__name__}.{name}.{method}", found


def _is_written(member: object) -> bool:
    inner = getattr(member, "__func__", member)
    return isinstance(inner, property) or (
        inspect.isfunction(inner) and not inner.__qualname__.startswith("BaseModel.")
    )


NAMES = dict(public())
SUMMARIZED = [
    name
    for name, value in NAMES.items()
    if isinstance(value, property | classmethod | staticmethod)
    or inspect.isclass(value)
    or inspect.isfunction(value)
]
CALLS: dict[str, Callable[..., Any]] = {
    name: getattr(value, "__func__", value)
    for name, value in NAMES.items()
    if inspect.isfunction(getattr(value, "__func__", value))
}
FULL = {
    name: call
    for name, call in CALLS.items()
    if call.__qualname__ == call.__name__
    or len(set(inspect.signature(call).parameters) - {"self", "cls"}) > 1
}
RECORDS = {
    name: value
    for name, value in NAMES.items()
    if inspect.isclass(value) and (is_dataclass(value) or issubclass(value, BaseModel))
}


def sections(value: object) -> dict[str, str]:
    """Sections of a docstring by title, the summary under ``""``."""
    parts = re.split(r"^(\w+)\n-+$", inspect.getdoc(value) or "", flags=re.M)
    return {"": parts[0].strip(), **dict(zip(parts[1::2], parts[2::2], strict=True))}


def entries(section: str) -> set[str]:
    """Names that a section describes."""
    heads = re.findall(r"^(\S.*)$", section, flags=re.M)
    return {name.strip(" *`") for head in heads for name in head.split(":")[0].split(",")}


@pytest.mark.parametrize("name", SUMMARIZED)
def test_has_a_summary(name):
    assert sections(NAMES[name])[""].partition("\n\n")[0].endswith((".", ".``", "]_"))


@pytest.mark.parametrize("name", [n for n, v in NAMES.items() if isinstance(v, property)])
def test_the_summary_of_a_property_has_no_colon(name):
    """What stands before one is taken for a type by the site."""
    assert ": " not in sections(NAMES[name])[""].partition("\n")[0]


@pytest.mark.parametrize("name", FULL)
def test_describes_every_parameter(name):
    taken = set(inspect.signature(FULL[name]).parameters) - {"self", "cls"}
    assert entries(sections(FULL[name]).get("Parameters", "")) == taken


@pytest.mark.parametrize("name", FULL)
def test_says_what_it_returns(name):
    annotation = inspect.signature(FULL[name]).return_annotation
    found = sections(FULL[name])
    assert annotation in ("None", None) or found.keys() & {"Returns", "Yields"}


@pytest.mark.parametrize("name", CALLS)
def test_says_what_it_raises(name):
    told = [_class(each) for each in entries(sections(CALLS[name]).get("Raises", ""))]
    for raised in _raised(CALLS[name]):
        assert issubclass(_class(raised), tuple(told)), raised


def _raised(function: Callable[..., Any]) -> Iterator[str]:
    """Names of the exceptions that a function itself raises."""
    for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(function)))):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            name = ast.unparse(node.exc.func)
            if name[0].isupper() and name != "AssertionError":  # functions make exceptions too
                yield name


def _class(name: str) -> type[BaseException]:
    found = getattr(errors, name, None) or getattr(builtins, name)
    assert isinstance(found, type), name
    return found


@pytest.mark.parametrize("name", RECORDS)
def test_a_record_describes_every_field(name):
    record = RECORDS[name]
    held = (
        record.model_fields if issubclass(record, BaseModel) else {f.name for f in fields(record)}
    )
    assert entries(sections(record).get("Parameters", "")) >= {n for n in held if n[0] != "_"}
