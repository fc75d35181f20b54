"""A command line that cannot be read, told in one line with what was meant."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import typer
from typer.main import get_command

from fieldvae.errors import nearest

USAGE_ERROR: type[Exception] = next(
    c
    for c in typer.BadParameter.__mro__
    if c.__name__ == "ClickException" and issubclass(c, Exception)
)
"""What typer raises where a command line cannot be read; its home differs by typer's version."""


def run_app(app: typer.Typer) -> int:
    """Run the command that the arguments name.

    Returns
    -------
    int
        The exit code.

    Raises
    ------
    ClickException
        If the arguments cannot be read; :func:`told` puts it in words.
    """
    script = Path(sys.argv[0]).name != "__main__.py"
    program = "fieldvae" if script else "python -m fieldvae"
    code = get_command(app)(standalone_mode=False, prog_name=program)
    return code if isinstance(code, int) else 0


def told(error: Any) -> str:
    """Say what is wrong with a command line, and which word is meant.

    Parameters
    ----------
    error
        What typer raised.

    Returns
    -------
    str
        One line; empty where help was printed instead.
    """
    if type(error).__name__ == "NoArgsIsHelpError":
        return ""
    words = " ".join(str(error.format_message()).split()).replace("Value error, ", "")
    context = getattr(error, "ctx", None)
    command = "fieldvae" if context is None else context.command_path
    known = list(getattr(getattr(context, "command", None), "commands", None) or ())
    if choice := re.match(r"Invalid value for '?(.*?)'?: '(.*)' is not one of (.*)\.$", words):
        where, given, choices = choice.groups()
        values = re.findall(r"'([^']*)'", choices)
        words = f"{where}: {given!r} is none of {', '.join(values)}{nearest(given, values)}"
    elif wrong := re.match(r"Invalid value for '?(.*?)'?: (.*)$", words):
        plain = f"{wrong[2][:1].lower()}{wrong[2][1:].removesuffix('.')}"
        words = f"{wrong[1]}: {_expected(error) or plain}"
    elif option := re.match(r"No such option: (\S+)", words):
        options = [o for p in context.command.params for o in p.opts] if context else []
        hint = nearest(option[1], options)
        words = f"there is no option {option[1]}{hint or f'; {command} -h lists them'}"
    elif name := re.match(r"No such command '([^']*)'", words):
        hint = nearest(name[1], known)
        words = f"there is no command {name[1]!r}{hint or f'; {command} -h lists them'}"
    elif missing := re.match(r"Missing (argument|option) '(.*?)'", words):
        words = f"{missing[2]} is missing; {command} -h says what it is"
    return f"{command}: {words}" if context is not None else words


def _expected(error: Any) -> str:
    """Say what value was expected as a task file's errors do; empty where nothing is known."""
    from fieldvae.spec.problems import expected

    items: list[Any] = getattr(error.__cause__, "errors", list)()
    words = expected(items[0]) if items else None
    if words is None:
        return ""
    given = str(items[0]["input"])
    shown = given if re.fullmatch(r"-?[\d.]+", given) else repr(given)
    return f"expected {words}; found {shown}"
