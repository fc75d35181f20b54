"""Names of a new plugin, and whether they are free."""

from __future__ import annotations

import keyword
import re
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution

from fieldvae import registry
from fieldvae.errors import OptionError, nearest
from fieldvae.workflow.founding.kinds import TEMPLATES, Template

PREFIX = "fieldvae-"

_NAME = re.compile(r"[a-z][a-z0-9]*([_-][a-z0-9]+)*")


@dataclass(frozen=True)
class Names:
    """What everything in a distribution is called.

    Parameters
    ----------
    plugin
        Its name in tasks and on the command line: ``low-pass``.
    distribution
        ``fieldvae-low-pass``, the folder too.
    package
        ``fieldvae_low_pass``.
    object
        What the entry point names: ``LowPassSmoother``.
    identifier
        The plugin's name as Python writes it: ``low_pass``.
    """

    plugin: str
    distribution: str
    package: str
    object: str
    identifier: str


def template_of(kind: str) -> Template:
    """Return the template of a kind.

    Raises
    ------
    OptionError
        If there is none.
    """
    if kind not in TEMPLATES:
        hint = nearest(kind, [*TEMPLATES]) or f"; kinds: {', '.join(TEMPLATES)}"
        raise OptionError(f"--kind: there is no kind {kind!r}{hint}")
    return TEMPLATES[kind]


def names_of(name: str, template: Template) -> Names:
    """Derive all names from a plugin's own.

    Raises
    ------
    OptionError
        If the name will not do, or it is taken.
    """
    _check_spelling(name, template)
    identifier = name.replace("-", "_")
    words = identifier.split("_")
    ending = "" if words[-1] == template.folder else template.folder.capitalize()
    objects = {
        "class": "".join(word.capitalize() for word in words) + ending,
        "function": identifier,
        "constant": identifier.upper(),
    }
    names = Names(
        plugin=name,
        distribution=f"{PREFIX}{name}",
        package=f"fieldvae_{identifier}",
        object=objects[template.style],
        identifier=identifier,
    )
    _check_free(names, template)
    return names


def _check_spelling(name: str, template: Template) -> None:
    for prefix in (PREFIX, "fieldvae_"):
        if name.startswith(prefix):
            raise OptionError(
                f"{name!r}: the distribution gets the prefix {PREFIX!r} by itself; give the name "
                f"that tasks use: {name.removeprefix(prefix)}"
            )
    expected = "lower-case letters and digits, words joined by _ or -, a letter first"
    if not _NAME.fullmatch(name):
        told = re.sub(r"[^a-z0-9]+", "_", _snake(name)).strip("_0123456789")
        hint = f"; did you mean {told!r}?" if _NAME.fullmatch(told) else ""
        raise OptionError(f"{name!r} is no name for a plugin: expected {expected}{hint}")
    if "-" in name and template.style != "class":
        # of fields, quantities, losses and sources datasets and Python have the name too
        raise OptionError(
            f"{name!r}: a {template.folder} is named as in Python; write {name.replace('-', '_')!r}"
        )
    if keyword.iskeyword(name) or (template.group, name) == ("encoders", registry.NO_ENCODER):
        raise OptionError(f"{name!r} means something else already; choose another name")


def _snake(name: str) -> str:
    """``LowPass`` -> ``low_pass``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _check_free(names: Names, template: Template) -> None:
    singular = registry.SINGULAR[template.group]
    article = "an" if singular[0] in "aeio" else "a"
    for extension in registry.extensions(template.group):
        if extension.name == names.plugin:
            raise OptionError(
                f"there is {article} {singular} {names.plugin!r} already, of "
                f"{extension.distribution} {extension.version}; choose another name"
            )
    try:
        held = distribution(names.distribution)
    except PackageNotFoundError:
        return
    raise OptionError(
        f"a distribution {held.name} {held.version} is installed already, and this one would "
        f"replace it; choose another name, or first: pip uninstall {held.name}"
    )
