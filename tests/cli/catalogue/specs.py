"""Mistakes in a task file, or in what the command line lays over it."""

from __future__ import annotations

from pathlib import Path

from .case import RUN, TASK, Case, appended, spec


def whole(name: str, text: str) -> Case:
    """A task file with nothing but this text."""
    return Case(name, lambda folder: (folder / "task.yaml").write_text(text) and None)


def with_field_file(name: str, text: str | None) -> Case:
    """A field that is declared in a file of its own, which holds this text."""

    def prepare(folder: Path) -> None:
        flux = "flux: {units: m/s, tensor_kind: vector}"
        (folder / "task.yaml").write_text(TASK.replace(flux, "flux: flux.yaml"))
        if text is not None:
            (folder / "flux.yaml").write_text(text)

    return Case(name, prepare)


INPUTS = "inputs: [permeability, gradient]\n"
LOSSES = "losses: [energy_score]\n"

SPECS = (
    # The file as a whole
    Case("no such task file", lambda folder: (folder / "task.yaml").unlink()),
    Case("a folder instead of a file", lambda _: None, ("run", "store.zarr", "--force")),
    whole("an empty task file", ""),
    whole("a list instead of keys", "- store.zarr\n"),
    spec("a bracket that is not closed", ("[permeability, gradient]", "[permeability, gradient")),
    spec("a bracket of the other kind", ("[permeability, gradient]", "[permeability, gradient}")),
    spec("a bracket too many", ("[permeability, gradient]", "[permeability, gradient]]")),
    spec("a comma left out", ("batch: 4", "batch: 4\n  learning_rate: {0: 1e-3 5: 1e-4}")),
    spec("a tab", ("  store: store.zarr", "\tstore: store.zarr")),
    spec("no blank after a colon", ("  latent: 4", "  latent:4")),
    spec("no blank after a colon, in the first column", ("name: foreign", "name:foreign")),
    spec("no blank after a colon, in brackets", ("channels: 8", "channels:8")),
    spec("a key without a colon", (INPUTS, INPUTS + "losses\n")),
    spec("a key indented too far", ("  latent: 4", "   latent: 4")),
    spec("a key indented below a value", ("  batch: 4", "    batch: 4")),
    spec("an item of a list on its own", ("[flux]", "\n  - flux\n - flux")),
    spec("a quote that is not closed", ("name: foreign", "name: 'foreign")),
    spec("a value of two colons", ("name: foreign", "name: foreign: 2")),
    spec("a value that begins with a sign", ("{units: m^2}", "{units: %}")),
    spec("a colon without a key", ("name: foreign\n", ": foreign\n")),
    spec("a key twice", ("  latent: 4\n", "  latent: 4\n  latent: 8\n")),
    Case(
        "letters that are no UTF-8",
        lambda folder: (
            (folder / "task.yaml").write_bytes("name: größe\n".encode("latin-1")) and None
        ),
    ),
    # Keys and values
    appended("an unknown key", "modle: {latent: 3}\n"),
    spec("an unknown key in a section", ("  latent: 4\n", "  latnt: 4\n")),
    spec("an unknown key like no other", ("  latent: 4\n", "  zebra: 4\n")),
    spec("a word for a number", ("latent: 4", "latent: wide")),
    spec("a number below its least", ("latent: 4", "latent: -1")),
    spec("a fraction for a whole number", ("batch: 4", "batch: 4.5")),
    spec("true for a number", ("batch: 4", "batch: true")),
    spec("a value for a section", ("training:\n  steps: 2\n  batch: 4\n", "training: 100\n")),
    spec("a name with a blank", ("name: foreign", "name: my run")),
    spec("no data", ("data:\n  store: store.zarr\n", "")),
    spec("no store", ("  store: store.zarr\n", "  stratify: temperature\n")),
    spec("no inputs", (INPUTS, "")),
    spec("an empty list of inputs", (INPUTS, "inputs: []\n")),
    spec("no length of training", ("  steps: 2\n", "  steps: null\n")),
    spec("a step size that is no number", ("batch: 4", "batch: 4\n  learning_rate: {0: fast}")),
    spec(
        "several mistakes at once",
        ("latent: 4", "latent: -1"),
        ("steps: 2", "setps: 2"),
        ("use: convolution", "use: convolutional"),
    ),
    # Fields
    spec("a field without units", ("flux: {units: m/s, ", "flux: {")),
    spec(
        "a field of an unknown kind",
        ("flux: {units: m/s, tensor_kind: vector}", "flux: {units: m/s, tensor_kind: tensor}"),
    ),
    spec("a component that a kind has not", ("units: m/s, ", "units: m/s, components: [x, w], ")),
    spec("bounds the wrong way", ("{units: m^2}", "{units: m^2, bounds: [2, 1]}")),
    spec("a closure that does not fit", ("{units: m^2}", "{units: m^2, closure: simplex}")),
    spec("a field's name with a blank", ("  flux: {", "  the flux: {")),
    spec("units that nobody reads", ("{units: m^2}", "{units: mm2square}")),
    with_field_file("no such field file", None),
    with_field_file("a field file with a mistake", "units: m/s\ntensor_knd: vector\n"),
    # Names
    spec("an unknown field", ("outputs: [flux]", "outputs: [flow]")),
    spec("a field both given and asked for", ("outputs: [flux]", "outputs: [flux, gradient]")),
    spec("a field named twice", ("[permeability, gradient]", "[gradient, gradient]")),
    spec(
        "a value of samples as an output",
        ("{units: m/s, tensor_kind: vector}", "{units: m/s, on: sample, tensor_kind: vector}"),
    ),
    appended("an unknown task", "task: strain\n"),
    spec("an unknown preset", ("  latent: 4\n", "  preset: papper\n")),
    spec("an unknown smoother", ("use: convolution", "use: convolutional")),
    spec("a smoother that nothing installed brings", ("use: convolution", "use: spectral")),
    appended("a choice of no plugin", "losses: [{weight: 2}]\n"),
    spec("an unknown option", ("channels: 8", "chanels: 8")),
    spec("an option out of range", ("channels: 8", "channels: 0")),
    spec("a smoother for no input", ("  latent: 4\n", "  smoothers: {pressure: pointwise}\n")),
    spec("a condition for no input", ("  latent: 4\n", "  condition: {pressure: 8}\n")),
    appended("an unknown loss", "losses: [energy_scores]\n"),
    appended(
        "an unknown option of a loss", "losses: [{use: energy_score, members: 3, scale: 2}]\n"
    ),
    appended(
        "a loss of a field that is not there",
        "losses: [energy_score, {use: condition, field: pressure}]\n",
    ),
    appended("losses that train no decoder", "losses: [{use: condition}]\n"),
    spec("a loss that needs an encoder", ("  latent: 4\n", "  latent: 4\n  encoder: none\n")),
    spec("parts that do not fit each other", ("  latent: 4\n", "  encoder: paper\n")),
    # What does not go together
    spec(
        "nothing left to train on",
        ("  store: store.zarr\n", "  store: store.zarr\n  split: {test: 0.6, validation: 0.4}\n"),
    ),
    spec(
        "patience without validation",
        ("batch: 4", "batch: 4\n  patience: 3"),
        ("  store: store.zarr\n", "  store: store.zarr\n  split: {validation: 0}\n"),
    ),
    appended("true for a tolerance", "prediction: {tolerance: true}\n"),
    appended("a tolerance in percent", "prediction: {tolerance: 4 %}\n"),
    appended("a tolerance of nothing", "prediction: {tolerance: 0}\n"),
    appended("a tolerance of an unknown key", "prediction: {tolerance: {quantil: 0.9}}\n"),
    appended("a tolerance of all and more", "prediction: {tolerance: {quantile: 95}}\n"),
    appended("fewer draws than realizations", "prediction: {realizations: 5, max_draws: 3}\n"),
    appended("an ensemble of one", "evaluation: {realizations: 1}\n"),
    appended("an unknown baseline", "evaluation: {baselines: [persistence]}\n"),
    appended("an unknown symmetry", "symmetry: cubik\n"),
    appended("an operation that is no matrix", "symmetry: [[1, 0, 0], [0, 1, 0]]\n"),
    appended("an operation that is no rotation", "symmetry: [[[1, 0, 0], [0, 2, 0], [0, 0, 1]]]\n"),
    # Inverse design
    appended("a design without a goal", "design: {vary: [permeability, gradient]}\n"),
    appended(
        "a design that varies no input",
        "design:\n  vary: [permeability, gradient, pressure]\n"
        "  goal: {maximize: mean, of: von_mises_stress}\n",
    ),
    appended(
        "a quantity of fields that are not there",
        "design: {vary: [permeability, gradient], goal: {maximize: mean, of: von_mises_stress}}\n",
    ),
    appended(
        "a statistic that lacks its number",
        "design:\n  vary: [permeability, gradient]\n"
        "  goal: {maximize: quantile, of: von_mises_stress}\n",
    ),
    # The command line
    Case("a setting without a value", lambda _: None, (*RUN, "--set", "training.steps")),
    Case("a setting of an unknown key", lambda _: None, (*RUN, "--set", "training.step=3")),
    Case("a setting through a list", lambda _: None, (*RUN, "--set", "losses.0.weight=3")),
    Case("a setting that is no YAML", lambda _: None, (*RUN, "--set", "inputs=[flux")),
    Case("two ways to go on", lambda _: None, (*RUN, "--resume")),
    Case("no force", lambda _: None, ("run", "task.yaml")),
)
