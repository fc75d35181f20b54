"""A trained model made ready for others: one file with license, citation and provenance."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path, PurePath
from typing import Any

from fieldvae.evaluation import sentences
from fieldvae.workflow.directory import RunDirectory, read_json
from fieldvae.workflow.keeping import load
from fieldvae.workflow.packing import write_packed
from fieldvae.workflow.places import MODEL, WEIGHTS, check_file, model_folder

CARD, README = "card.json", "README.md"
"""Members for people."""

SOFTWARE = "The fieldvae developers. fieldvae {version}, 2026. License BSD-3-Clause."
METHOD = (
    "N. Yan, Z. Xie, K. Guo, Y. Gu, H. Gao, Y. Xiang. AlloyVAE: A generative model for complex "
    "probabilistic field-to-field relationships in alloys. arXiv:2604.02281, 2026."
)
"""What a model cites beside its own source, as ``CITATION.cff`` has it."""

UNSTATED = "none stated; ask the author of the model before you use it"


def export_model(
    run: Path | str,
    file: Path | str,
    *,
    license: str | None = None,  # noqa: A002  the word that everybody uses
    cite: Sequence[str] = (),
    force: bool = False,
) -> Path:
    """Write the trained model of a run as one file that another machine loads.

    The file is a zip archive: ``model.json``, ``weights.safetensors``, ``card.json`` (license,
    citations, provenance, versions, scores), a ``README.md`` that says the same in words, and a
    manifest of checksums. Folders of stores and commands are left out, their names are kept.

    Parameters
    ----------
    run
        A run directory, or its ``model`` directory.
    file
        The file to write, ``stress.fieldvae`` say.
    license
        License of the weights, best as SPDX has it: ``CC-BY-4.0``.
    cite
        What to cite for this model and its data, before fieldvae and the method.
    force
        Replace an existing file.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    RunError
        If there is no trained model, or it cannot be loaded.
    OptionError
        If the file exists.
    WriteError
        If it cannot be written.
    """
    run, file = Path(run), Path(file)
    check_file(file, force=force)
    folder = model_folder(run)
    load(folder)  # a model that cannot be loaded here is not handed on
    told = _without_folders(read_json(folder / MODEL))
    card = _card(folder, told, terms=license, cite=cite)
    write_packed(
        file,
        {
            README: _readme(card, file.name).encode(),
            CARD: _json(card),
            MODEL: _json(told),
            WEIGHTS: (folder / WEIGHTS).read_bytes(),
        },
    )
    return file


def _card(
    folder: Path, told: Mapping[str, Any], *, terms: str | None, cite: Sequence[str]
) -> dict[str, Any]:
    made = told["provenance"]
    card = {
        "name": told["task"]["name"],
        "inputs": {name: told["fields"][name]["units"] for name in told["task"]["inputs"]},
        "outputs": {name: told["fields"][name]["units"] for name in told["task"]["outputs"]},
        "grid": told["grid"],
        "license": terms,
        "citations": [*cite, SOFTWARE.format(version=version("fieldvae")), METHOD],
        "made": made,
        "stores": told["task"]["data"]["store"],
    }
    directory = RunDirectory(folder.parent)
    if directory.summary.exists():
        summary = read_json(directory.summary)
        card["samples"] = summary.get("samples")
        card["provenance_of_the_data"] = summary.get("provenance")
        card["symmetry"] = summary.get("symmetry")
    if directory.metrics.exists():
        card["scores"] = sentences(read_json(directory.metrics))
    return card


def _readme(card: Mapping[str, Any], file: str) -> str:
    fields = {
        side: ", ".join(f"{name} ({units})" for name, units in card[side].items())
        for side in ("inputs", "outputs")
    }
    needs = {"fieldvae": _version_of(card), **card["made"].get("plugins", {})}
    shape = " x ".join(map(str, card["grid"]["shape"]))
    lines = [
        f"# {card['name']}",
        "",
        f"A model of {fields['outputs']} given {fields['inputs']}, trained on {shape} cells.",
        "",
        f"    pip install {' '.join(f'{name}=={number}' for name, number in needs.items())}",
        f"    fieldvae predict {file} STORE --out ENSEMBLE",
        "",
        f"In Python: `fieldvae.load({file!r}).predict(dataset)`.",
        "",
        f"License of the weights: {card['license'] or UNSTATED}.",
        "",
        "## Cite",
        "",
        *(f"- {line}" for line in card["citations"]),
    ]
    if card.get("scores"):
        lines += ["", "## On held-out samples", "", *(f"- {line}" for line in card["scores"])]
    return "\n".join(lines) + "\n"


def _version_of(card: Mapping[str, Any]) -> str:
    return str(card["made"].get("packages", {}).get("fieldvae", version("fieldvae")))


def _without_folders(told: dict[str, Any]) -> dict[str, Any]:
    """Keep names of stores, runs and files: their folders mean nothing on another machine."""
    data = dict(told["task"]["data"])
    data["store"] = [PurePath(store).name for store in data["store"]]
    for key in ("test_store", "replicates"):
        if data.get(key) is not None:
            data[key] = PurePath(data[key]).name
    made = _named(told["provenance"])
    return {**told, "task": {**told["task"], "data": data}, "provenance": made}


def _named(made: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(made)
    if "command" in found:
        found["command"] = [_last_part(word) for word in found["command"]]
    if "start" in found:
        start = found["start"]
        earlier = _named(start.get("provenance", {}))
        found["start"] = {**start, "run": PurePath(start["run"]).name, "provenance": earlier}
    return found


def _last_part(word: str) -> str:
    """Shorten a path, or the value of an option or key that is one."""
    before, equals, value = word.rpartition("=")
    return f"{before}{equals}{PurePath(value).name if '/' in value else value}"


def _json(data: Mapping[str, Any]) -> bytes:
    return (json.dumps(data, indent=2, allow_nan=False) + "\n").encode()
