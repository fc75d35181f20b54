"""The command ``compare`` and the call in Python."""

from __future__ import annotations

from pathlib import Path

from fieldvae.errors import WriteError
from fieldvae.evaluation.alternatives import Comparison, compare_alternatives
from fieldvae.workflow.comparing.checking import NUMBERS, PAGE, check_place, checked_runs
from fieldvae.workflow.comparing.reading import read_alternatives
from fieldvae.workflow.directory import write_json


def compare(
    *runs: Path | str,
    reference: Path | str | None = None,
    out: Path | str | None = None,
    force: bool = False,
) -> Comparison:
    r"""Put finished runs of the same outputs beside each other.

    Everything is read from the runs' files. Where runs were scored on the same held-out samples
    of the same data, the difference of energy score and CRPS is paired by sample, with a 95 %
    bootstrap interval over these samples. The interval does not hold what another seed of
    training would change.

    Parameters
    ----------
    *runs
        Run directories, two or more.
    reference
        The run that all others are compared with; the first where ``None``.
    out
        Directory for ``comparison.html`` and ``comparison.json``; nothing is written where
        ``None``.
    force
        Replace an earlier comparison there.

    Returns
    -------
    Comparison
        The runs side by side; ``sentences`` says it in words, ``metrics()`` in numbers.

    Raises
    ------
    InputError
        If runs are too few, cannot be read, have no scores, or predict different fields.
    WriteError
        If nothing can be written at ``out``.

    Examples
    --------
    ::

        found = fieldvae.compare("runs/quickstart", "runs/generator")
        print(*found.sentences, sep="\n")
        found.metrics()["differences"]["generator"]["residual_stress"]["energy_score"]["relative"]
    """
    asked = None if reference is None else Path(reference)
    paths = checked_runs([Path(run) for run in runs], asked)
    if out is not None:
        check_place(Path(out), force=force)
    alternatives, fields = read_alternatives(paths)
    found = compare_alternatives(alternatives, fields)
    if out is not None:
        from fieldvae.report.alternatives import write_comparison

        folder = Path(out)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            write_comparison(found, folder / PAGE)
            write_json(folder / NUMBERS, found.metrics())
        except OSError as error:
            raise WriteError(f"{folder}: the comparison cannot be written: {error}") from error
    return found


__all__ = ["compare"]
