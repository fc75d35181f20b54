"""Signs that a terminal cannot show, told by those that it can.

A terminal need not know Unicode: that of Windows often writes cp1252, which has no minus sign and
no arrows, and a pipe of Python's writes what the system's settings say. Nothing shall end for that.
"""

from __future__ import annotations

import codecs
import io
import sys

PLAIN = {
    "\N{MINUS SIGN}": "-",
    "\N{EN DASH}": "-",
    "\N{HORIZONTAL ELLIPSIS}": "...",
    "\N{MULTIPLICATION SIGN}": "x",
    "\N{PLUS-MINUS SIGN}": "+/-",
    "\N{LESS-THAN OR EQUAL TO}": "<=",
    "\N{GREATER-THAN OR EQUAL TO}": ">=",
    "\N{LEFTWARDS ARROW}": "<-",
    "\N{RIGHTWARDS ARROW}": "->",
    "\N{UPWARDS ARROW}": "^",
    "\N{DOWNWARDS ARROW}": "v",
    "\N{SUPERSCRIPT TWO}": "^2",
    "\N{SUPERSCRIPT THREE}": "^3",
    "\N{NO-BREAK SPACE}": " ",
    "\N{SOFT HYPHEN}": "",
}
"""The signs of fieldvae's own sentences; others, as of names that users give, are escaped."""

_ERRORS = "fieldvae.plain"


def spare_terminals() -> None:
    """Let standard output and standard error replace what their encodings lack."""
    codecs.register_error(_ERRORS, _plain)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # it may be anything, and None without a terminal
            stream.reconfigure(errors=_ERRORS)


def _plain(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    signs = error.object[error.start : error.end]
    escaped = (PLAIN.get(s, s.encode("ascii", "backslashreplace").decode("ascii")) for s in signs)
    return "".join(escaped), error.end
