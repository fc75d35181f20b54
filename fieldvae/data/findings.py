"""Mistakes collected while a store is read, told all at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from fieldvae.errors import StoreError


class Findings:
    """What is wrong with a store, in the order in which it was found.

    Examples
    --------
    >>> findings = Findings()
    >>> with findings.collect():
    ...     raise StoreError("there are no samples")
    >>> findings.refuse()
    Traceback (most recent call last):
    fieldvae.errors.StoreError: there are no samples
    """

    def __init__(self) -> None:
        self.problems: list[StoreError] = []

    def __bool__(self) -> bool:
        return bool(self.problems)

    @contextmanager
    def collect(self) -> Iterator[None]:
        """Keep a :class:`StoreError` raised inside, and go on after the block."""
        try:
            yield
        except StoreError as problem:
            self.problems.append(problem)

    def refuse(self) -> None:
        """Raise every mistake as one error, of their own kind where they are all of one kind.

        Raises
        ------
        StoreError
            One line for each mistake; nothing is raised where there is none.
        """
        if not self.problems:
            return
        kinds = {type(problem) for problem in self.problems}
        kind = kinds.pop() if len(kinds) == 1 else StoreError
        raise kind("\n".join(str(problem) for problem in self.problems))
