"""What prints tables to standard output."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

WIDEST = 130
"""Characters of a line where standard output is no terminal."""


def printer() -> Console:
    """Return a console on standard output, as wide as the terminal or :data:`WIDEST`."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else WIDEST, highlight=False)
