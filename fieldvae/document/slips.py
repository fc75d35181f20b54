"""What lies behind a YAML parser's complaint: where the slip is, what stands there, what to do."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

INDENTED = "indent keys of one section alike"


@dataclass(frozen=True)
class Slip:
    """A slip in YAML.

    Parameters
    ----------
    line, column
        Where it stands, counted from 1; 0 where that is unknown.
    words
        What was found there, and how to mend it.
    """

    line: int
    column: int
    words: str


@dataclass(frozen=True)
class Complaint:
    """What a parser says: its words, and two places as line and column, counted from 0.

    Parameters
    ----------
    problem
        What it stumbled over.
    at
        Where.
    context
        What it was reading then.
    since
        Where that begins.
    """

    problem: str
    at: tuple[int, int] | None
    context: str = ""
    since: tuple[int, int] | None = None


def slip_of(complaint: Complaint, text: str) -> Slip:
    """Find the slip behind a complaint.

    Parsers stumble late: over the key below a line whose colon lacks its blank, or at the end of
    a file in which a bracket is open.

    Parameters
    ----------
    complaint
        What the parser said.
    text
        The file.

    Returns
    -------
    Slip
        Where none of the usual slips is seen, the parser's own words and place.
    """
    lines = text.splitlines()
    for seen in _SEEN:
        found = seen(complaint, lines)
        if found is not None:
            return found
    at = complaint.at or complaint.since
    return _slip(at, complaint.problem) if at else Slip(0, 0, complaint.problem)


def closed_up(text: str) -> str | None:
    """Say how ``key:value`` is written, where a text is a key and a value without a blank.

    Examples
    --------
    >>> closed_up("latent:4")
    'latent: 4'
    >>> closed_up("C:/data") is None
    True
    """
    found = re.fullmatch(r"([A-Za-z]\w*):([^\s:/\\].*)", text)
    return f"{found[1]}: {found[2]}" if found else None


def _slip(at: tuple[int, int], words: str) -> Slip:
    return Slip(at[0] + 1, at[1] + 1, words)


def _a_key_twice(complaint: Complaint, _: list[str]) -> Slip | None:
    found = re.match(r'found duplicate key "(.*?)" with', complaint.problem)
    if found is None or complaint.at is None:
        return None
    return _slip(complaint.at, f"the key {found[1]!r} stands twice; remove one of them")


def _a_second_document(complaint: Complaint, _: list[str]) -> Slip | None:
    if "another document" not in complaint.problem or complaint.at is None:
        return None
    return _slip(complaint.at, "'---' begins a second document; write each in a file of its own")


def _a_forbidden_character(complaint: Complaint, _: list[str]) -> Slip | None:
    found = re.match(r"found character '(.*)' that cannot start any token", complaint.problem)
    if found is None or complaint.at is None:
        return None
    if found[1] == "\\t":
        return _slip(complaint.at, "found a tab; replace it by blanks, which alone may indent")
    return _slip(complaint.at, f"found {found[1]!r} where a value begins; put the value in quotes")


def _a_reference(complaint: Complaint, _: list[str]) -> Slip | None:
    """``*`` and ``&`` begin a reference."""
    for sign, word in (("*", "alias"), ("&", "anchor")):
        if f"an {word}" in complaint.context or f"undefined {word}" in complaint.problem:
            at = complaint.since or complaint.at
            words = f"found {sign!r} where a value begins; put the value in quotes"
            return None if at is None else _slip(at, words)
    return None


def _an_open_quote(complaint: Complaint, lines: list[str]) -> Slip | None:
    if "quoted scalar" not in complaint.context or complaint.since is None:
        return None
    row, column = complaint.since
    quote = lines[row][column]
    return _slip(complaint.since, f"the quote {quote} is not closed; write {quote} at its end")


def _an_escape(complaint: Complaint, _: list[str]) -> Slip | None:
    if "escape" not in complaint.problem or complaint.at is None:
        return None
    words = "found a backslash in double quotes, where it is a sign of its own; take single quotes"
    return _slip(complaint.at, words)


def _a_bracket(complaint: Complaint, lines: list[str]) -> Slip | None:
    """A bracket that is open, closed by another, or closes nothing."""
    problem, at, since = complaint.problem, complaint.at, complaint.since
    lone = re.search(r"found '([\]}])'", problem)
    if lone and at is not None:
        return _slip(at, f"found {lone[1]!r}, which closes nothing; remove it, or open one before")
    found = re.match(r"expected ',' or '(.)', but got '(.*)'", problem)
    if found is None or at is None or since is None:
        return None
    closing, got = found[1], found[2]
    opening = lines[since[0]][since[1]]
    if got in "]}":
        return _slip(at, f"found {got!r} where {opening!r} is open; close it with {closing!r}")
    deeper = got != "<stream end>" and _indentation(lines[at[0]]) > _indentation(lines[since[0]])
    if at[0] != since[0] and not deeper:
        words = f"the bracket {opening!r} is not closed; write {closing!r} behind its last item"
        return _slip(since, words)
    return _slip(
        at, f"found {got!r} between {opening!r} and {closing!r}; is a comma missing before it?"
    )


def _a_colon_without_blank(complaint: Complaint, lines: list[str]) -> Slip | None:
    """``key:value``, which is one word: seen where a key follows, or nothing does."""
    if "could not find expected ':'" in complaint.problem and complaint.since is not None:
        row = complaint.since[0]
    elif "mapping values are not allowed" in complaint.problem and complaint.at is not None:
        row = _above(lines, complaint.at[0])
    else:
        return None
    word = lines[row].partition(" #")[0].strip() if row >= 0 else ""
    column = _indentation(lines[row]) if row >= 0 else 0
    if (told := closed_up(word)) is not None:
        return _slip((row, column), f"found {word!r}, with no blank after the colon; write {told}")
    if complaint.since is None:
        return None
    words = f"found {word!r}, a key without a colon; write key: value, with a blank between"
    return _slip((row, column), words)


def _a_colon_too_many(complaint: Complaint, lines: list[str]) -> Slip | None:
    """A value with a colon, or a key that is indented below a value."""
    if "mapping values are not allowed" not in complaint.problem or complaint.at is None:
        return None
    row, column = complaint.at
    line = lines[row]
    if ": " in line[:column]:
        return _slip(complaint.at, "found a second colon in one line; put the value in quotes")
    above = lines[_above(lines, row)].strip()
    words = f"found a key indented below {above!r}, which has its value already; {INDENTED}"
    return _slip((row, _indentation(line)), words)


def _an_indentation(complaint: Complaint, _: list[str]) -> Slip | None:
    if complaint.at is None:
        return None
    if "<document start>" in complaint.problem:
        words = "found a key indented less than the first one; begin all of them in one column"
        return _slip(complaint.at, words)
    found = re.match(r"expected <block end>, but found '(.*)'", complaint.problem)
    if found is None:
        return None
    if found[1] in ("<block mapping start>", "<block sequence start>"):
        words = "found an indentation like that of no line above; " + INDENTED
    elif found[1] == "-":
        words = "found an item of a list among keys; indent it more than the key it belongs to"
    elif found[1] == "?":
        words = "found a key among the items of a list; indent it as the key of the list"
    else:
        words = "found more behind a value; remove it, or put the whole in quotes"
    return _slip(complaint.at, words)


def _indentation(line: str) -> int:
    return len(line) - len(line.lstrip())


def _above(lines: list[str], row: int) -> int:
    """The next line above that says something; -1 where there is none."""
    for before in range(row - 1, -1, -1):
        if lines[before].strip() and not lines[before].lstrip().startswith("#"):
            return before
    return -1


_SEEN: tuple[Callable[[Complaint, list[str]], Slip | None], ...] = (
    _a_key_twice,
    _a_second_document,
    _a_forbidden_character,
    _a_reference,
    _an_escape,
    _an_open_quote,
    _a_bracket,
    _a_colon_without_blank,
    _a_colon_too_many,
    _an_indentation,
)
"""Every usual slip, those that tell more of themselves first."""
