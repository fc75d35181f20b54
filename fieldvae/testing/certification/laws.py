"""What every network of a plugin obeys, whatever its kind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from torch import Tensor

from fieldvae.checkpoint import load_weights, save_weights
from fieldvae.grid import Grid
from fieldvae.testing.certification.network_trial import NetworkTrial
from fieldvae.testing.certification.specimens import BATCH, cells, drawn
from fieldvae.testing.certification.tensors import apart, follow_back, is_reached


def hold_to_laws(trial: NetworkTrial) -> None:
    """Hold a network to every law.

    Raises
    ------
    PluginError
        With the first breach.
    """
    for law in LAWS:
        law(trial)


def gives_the_shapes(trial: NetworkTrial) -> None:
    """Outputs have the shapes that were asked for, in both modes."""
    for module in (trial.built(), trial.built().train()):
        _check_shapes(trial, trial.passed(module, trial.given()), trial.grid)


def leaves_its_inputs(trial: NetworkTrial) -> None:
    """What it is given is the same afterwards, as others see the same tensors."""
    given = trial.given()
    trial.passed(trial.lively(), given)
    for name, before in trial.given().items():
        if not torch.equal(before, given[name]):
            raise trial.fault(
                f"forward changes {name} in place, which other parts see too; use operations "
                "without a trailing _, or change a copy: .clone()"
            )


def starts_from_the_seed(trial: NetworkTrial) -> None:
    """Two networks made under one seed have the same weights."""
    first, second = trial.built().state_dict(), trial.built().state_dict()
    for name, weight in first.items():
        if name not in second or not torch.equal(weight, second[name]):
            raise trial.fault(
                f"two networks made under one seed differ in the weight {name}; draw weights by "
                "torch's own functions, which the task's seed governs"
            )


def is_deterministic(trial: NetworkTrial) -> None:
    """Two passes in evaluation mode give the same."""
    module, given = trial.lively(), trial.given()
    with torch.random.fork_rng(devices=[]):
        found = []
        for seed in (1, 2):
            torch.manual_seed(seed)
            found.append(trial.passed(module, given))
    for name, off in _differing(*found):
        raise trial.fault(
            f"two passes in evaluation mode give {name} {off:.2g} apart; expected the same: "
            "draw only where self.training is true, and leave a model's chance to its laws"
        )


def treats_samples_alone(trial: NetworkTrial) -> None:
    """In evaluation mode a sample's outputs do not depend on its neighbors in the batch."""
    module, given = trial.lively(), trial.given()
    together = trial.passed(module, given)
    alone = trial.passed(module, {name: values[:1] for name, values in given.items()})
    shared = {n: v if len(v) == 1 else v[:1] for n, v in together.items()}
    for name, off in _differing(shared, alone):
        raise trial.fault(
            f"in evaluation mode {name} of a sample is {off:.2g} apart alone and among others; "
            "expected the same: average over channels and cells, not over dim 0"
        )


def trains_every_weight(trial: NetworkTrial) -> None:
    """A gradient reaches every weight, and what is given where that is promised."""
    module, given = trial.lively(), trial.given()
    for values in given.values():
        values.requires_grad_(trial.to_inputs)
    found = trial.passed(module, given)
    total = torch.zeros((), dtype=torch.float64)
    for number, values in enumerate(found.values()):
        total = total + (values * drawn(values.shape, seed=100 + number, dtype=torch.float64)).sum()
    follow_back(total)
    for name, weight in module.named_parameters():
        if weight.requires_grad and not is_reached(weight):
            raise trial.fault(
                f"no gradient reaches the weight {name}, shape {tuple(weight.shape)}; use it in "
                "forward without detach() or no_grad(), or leave it out; what is not trained is a "
                "buffer (register_buffer)"
            )
    for name, values in given.items():
        if trial.to_inputs and not is_reached(values):
            raise trial.fault(
                f"no gradient reaches {name}, which inverse design follows; leave out detach(), "
                "no_grad() and rounding"
            )


def keeps_its_state(trial: NetworkTrial) -> None:
    """Saved weights, read into a new network, give the same outputs."""
    module, given = trial.lively().train(), trial.given()
    trial.passed(module, given)  # running means and the like move
    restored = trial.lively(seed=1)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "weights.safetensors"
        try:
            save_weights(module, path)
            load_weights(restored, path)
        except Exception as error:
            raise trial.fault(
                f"its weights cannot be saved and read again ({error}); a weight that stands twice "
                "is kept once, and shapes do not depend on chance"
            ) from error
    for name, off in _differing(trial.passed(module.eval(), given), trial.passed(restored, given)):
        raise trial.fault(
            f"restored from its saved weights it gives {name} {off:.2g} apart; what training "
            "changes is an nn.Parameter, a buffer (register_buffer) or in an nn.ModuleList, and no "
            "plain attribute, list or dict"
        )


def moves_as_a_whole(trial: NetworkTrial) -> None:
    """Moved to another precision or device, it computes there."""
    for name, values in trial.passed(trial.built(), trial.given()).items():
        if values.dtype != torch.float64:
            raise trial.fault(
                f"in double precision it gives {name} in {values.dtype}; make tensors with "
                "dtype=field.dtype"
            )
    # Tensors on this device have no values, and meet none that stayed behind: as on a GPU.
    meta = {name: values.to("meta") for name, values in trial.given().items()}
    try:
        trial.call(trial.built().to("meta"), meta)
    except Exception as error:
        if "not on the expected device" in str(error):
            raise trial.fault(
                "moved to another device, it still uses a tensor on the CPU; make tensors with "
                "device=field.device, and keep them by register_buffer"
            ) from error
    if torch.cuda.is_available():
        there = {name: values.to("cuda") for name, values in trial.given().items()}
        for name, values in trial.passed(trial.built().to("cuda"), there).items():
            if values.device.type != "cuda":
                raise trial.fault(f"on a GPU it gives {name} on {values.device}")


def serves_other_grids(trial: NetworkTrial) -> None:
    """With ``any_shape`` it serves a larger grid than it was made for."""
    module = trial.lively()
    if not getattr(module, "any_shape", False):
        return
    larger = trial.grid.with_shape(tuple(2 * n for n in trial.grid.shape))
    with _claiming(trial, larger):
        _check_shapes(trial, trial.call(module, trial.given(larger)), larger)


LAWS = (
    gives_the_shapes,
    leaves_its_inputs,
    starts_from_the_seed,
    is_deterministic,
    treats_samples_alone,
    trains_every_weight,
    keeps_its_state,
    moves_as_a_whole,
    serves_other_grids,
)


@contextmanager
def _claiming(trial: NetworkTrial, larger: Grid) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        raise trial.fault(
            f"any_shape is true, and on {cells(larger)} it fails ({error}); read shapes off what "
            "forward is given, or leave any_shape out"
        ) from error


def _check_shapes(trial: NetworkTrial, found: Mapping[str, Tensor], grid: Grid) -> None:
    expected = trial.outward(grid)
    for name, shape in expected.items():
        if name not in found:
            raise trial.fault(
                f"it gives {', '.join(found) or 'nothing'}; expected {', '.join(expected)}"
            )
        if tuple(found[name].shape) != (BATCH, *shape):
            raise trial.fault(
                f"it gives {name} of shape {tuple(found[name].shape)}; expected "
                f"{(BATCH, *shape)}: {_axes(shape)}"
            )


def _axes(shape: tuple[int, ...]) -> str:
    return "(batch, width)" if len(shape) == 1 else "(batch, width, x, y, z)"


def _differing(
    first: Mapping[str, Tensor], second: Mapping[str, Tensor]
) -> Iterator[tuple[str, float]]:
    """Tensors that differ by more than rounding, and by how much."""
    for name, values in first.items():
        found = apart(values, second[name])
        if found is not None:
            yield name, found
