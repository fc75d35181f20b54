"""Screens of encodings that lack some of the signs."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

PRINTED = "from fieldvae.cli.terminal import spare_terminals; import sys; spare_terminals(); "


def printed(text: str, encoding: str, to: str = "stdout") -> bytes:
    """What a process of its own writes on a stream of an encoding."""
    done = subprocess.run(
        [sys.executable, "-c", f"{PRINTED}print({text!a}, file=sys.{to})"],
        env={**os.environ, "PYTHONIOENCODING": encoding},
        capture_output=True,
        check=True,
    )
    return bytes(getattr(done, to)).rstrip()


@pytest.mark.parametrize("to", ["stdout", "stderr"])
def test_signs_that_are_lacking_are_told_by_others(to):
    text = (
        "\N{MINUS SIGN}25.1 \N{RIGHTWARDS ARROW} R\N{SUPERSCRIPT TWO} recon\N{SOFT HYPHEN}struction"
    )
    assert printed(text, "cp1252", to) == "-25.1 -> R² recon\xadstruction".encode("cp1252")
    assert printed(text, "ascii", to) == b"-25.1 -> R^2 reconstruction"


def test_names_of_users_are_escaped():
    assert printed("\N{GREEK SMALL LETTER SIGMA}.zarr", "cp1252") == rb"\u03c3.zarr"


def test_a_file_name_of_no_encoding_can_be_told():
    assert printed("\udce9.zarr", "utf-8") == rb"\udce9.zarr"


def test_what_a_terminal_can_show_is_left():
    assert printed("\N{MINUS SIGN}1 Å", "utf-8") == "\N{MINUS SIGN}1 Å".encode()
