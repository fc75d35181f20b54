"""A trained model on data of any grid, beside a linear-Gaussian fitted on that grid, and the truth.

    python benchmarks/grids.py RUN STORE [--realizations 64] [--seed 0]

The model draws for every sample of the store; of a store of the grid that it was trained on, for
the test samples alone. The linear-Gaussian is fitted on four fifths of the samples at a time and
scored on the last. Of a store of the simulator ``microelastic`` with random cells the exact law is
drawn from too. Printed: energy scores and their ratios with 95 % bootstrap intervals, coverage,
spread, tests of ranks, and power over the truth's, with its standard error over samples, in shells
of the waves that the training grid has and of those that it has not: of values over their standard
deviations, by which shear counts as much as tension, and of values in their units.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import xarray as xr
from fieldvae_atomistic.microelastic import ExactLaw

import fieldvae
from fieldvae.data.symmetry import SymmetryGroup
from fieldvae.evaluation.baselines import LinearGaussian
from fieldvae.evaluation.calibration import coverage, spread_skill
from fieldvae.evaluation.fourier import FourierBasis, power_spectrum, shells
from fieldvae.evaluation.scores import energy_score
from fieldvae.evaluation.uniformity import distance_rank, uniformity, value_rank
from fieldvae.grid import Grid

FOLDS = 5
RESAMPLES = 2000


def main() -> None:
    """Predict, fit, score and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("store", type=Path)
    parser.add_argument("--realizations", type=int, default=64)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    model = fieldvae.load(arguments.run)
    names = (*model.spec.inputs, *model.spec.outputs)
    samples = fieldvae.open_store(arguments.store, model.fields, require=names)
    data, grid = samples.dataset, samples.grid
    if grid.shape == model.grid.shape:
        data = data.isel(
            sample=json.loads((arguments.run / "split.json").read_text(encoding="utf-8"))["test"]
        )
    inputs = [model.fields[name] for name in model.spec.inputs]
    (output,) = (model.fields[name] for name in model.spec.outputs)
    size, generator = arguments.realizations, np.random.default_rng(arguments.seed)
    drawn = model.predict(data, realizations=size, self_check=False, seed=arguments.seed)
    laws = {
        "model": drawn[output.name],
        "linear_gaussian": folded(data, inputs, output, grid, size, generator),
    }
    stored = xr.open_zarr(arguments.store, consolidated=False)
    if "microelastic" in stored.attrs.get("provenance", ""):
        law = ExactLaw.of_store(stored)
        laws["exact"] = law.replicates(data, count=size, generator=generator)[output.name]
    truth = data[output.name].transpose("sample", ..., *grid.axes).values
    spread = truth.std(axis=(0, 2, 3, 4), keepdims=True)
    truth = truth / spread
    print(f"{len(truth)} samples on {' x '.join(map(str, grid.shape))}, {size} realizations")
    scores = {}
    for name, found in laws.items():
        found = found.transpose("sample", "realization", ..., *grid.axes)
        ensemble = found.values / spread[:, None]
        scores[name] = energy_score(truth, ensemble)
        report(name, truth, ensemble, generator)
        for title, unit in (
            ("over standard deviations", np.ones_like(spread)),
            (output.units, spread),
        ):
            report_power(title, truth * unit, ensemble * unit[:, None], grid, model.grid, generator)
    for name in list(scores)[1:]:
        print(f"model over {name}: {ratio(scores['model'], scores[name], generator)}")


def folded(
    data: xr.Dataset,
    inputs: list[fieldvae.FieldSpec],
    output: fieldvae.FieldSpec,
    grid: Grid,
    size: int,
    generator: np.random.Generator,
) -> xr.DataArray:
    """Draw for every sample from a linear-Gaussian that was fitted without it."""
    fields = {field.name: field for field in (*inputs, output)}
    symmetry = SymmetryGroup.build(("cubic", "translations"), grid, fields)
    fold = generator.permutation(data.sizes["sample"]) % FOLDS
    parts, rows = [], []
    for which in range(FOLDS):
        left_out = np.flatnonzero(fold == which)
        law = LinearGaussian.fit(
            data.isel(sample=np.flatnonzero(fold != which)),
            inputs=inputs,
            outputs=[output],
            grid=grid,
            operations=list(symmetry.operations),
        )
        parts.append(law.realize(data.isel(sample=left_out), count=size, generator=generator))
        rows.append(left_out)
    joined = xr.concat([part[output.name] for part in parts], dim="sample")
    return joined.isel(sample=np.argsort(np.concatenate(rows)))


def report(
    name: str, truth: np.ndarray, ensemble: np.ndarray, generator: np.random.Generator
) -> None:
    """Print what one law is worth."""
    score = energy_score(truth, ensemble).mean()
    covered = coverage(truth, ensemble, [0.9, 0.5]).mean(axis=1)
    points = np.roll(truth, -1, axis=0)
    tests = [
        uniformity(value_rank(truth, ensemble, generator=generator))["p_value"],
        uniformity(distance_rank(truth, ensemble, points, generator=generator))["p_value"],
    ]
    print(
        f"{name:>16}: energy score {score:.4f}, coverage {covered[0]:.3f} / {covered[1]:.3f}, "
        f"spread over error {spread_skill(truth, ensemble):.3f}, p of ranks {tests[0]:.2g} "
        f"(values), {tests[1]:.2g} (fields)"
    )


def report_power(
    title: str,
    truth: np.ndarray,
    ensemble: np.ndarray,
    grid: Grid,
    trained: Grid,
    generator: np.random.Generator,
) -> None:
    """Print power over true, shell by shell."""
    basis = FourierBasis(grid)
    true, drawn = (
        np.stack([power_spectrum(fields[None], basis).ravel() for fields in found])
        for found in (truth, ensemble)
    )
    rows = generator.integers(len(true), size=(RESAMPLES // 10, len(true)))

    def told(chosen: np.ndarray) -> str:
        ours, theirs = drawn[:, chosen].sum(axis=1), true[:, chosen].sum(axis=1)
        scattered = ours[rows].sum(axis=1) / theirs[rows].sum(axis=1)
        return f"{ours.sum() / theirs.sum():.3f}\N{PLUS-MINUS SIGN}{scattered.std():.3f}"

    known, waves = known_waves(grid, trained).ravel(), basis.wavenumbers().ravel() > 0
    print(f"{'':>18}power over true, {title}: all {told(waves)}, known waves {told(known & waves)}")
    _, member = shells(basis)
    for name, chosen in (("known", known & waves), ("new", ~known & waves)):
        shared = [(member.ravel() == s) & chosen for s in np.unique(member[member >= 0])]
        ratios = [told(shell) for shell in shared if shell.any()]
        if ratios:
            print(f"{'':>18}  {name} waves: {' '.join(ratios)}")


def known_waves(grid: Grid, trained: Grid) -> np.ndarray:
    """Mark the waves of a grid that the training grid has too, shape ``(x, y, z)``."""
    axes = []
    for cells, before in zip(grid.shape3, trained.shape3, strict=True):
        turns = np.fft.fftfreq(cells) * before
        axes.append(np.isclose(turns, np.rint(turns)))
    return np.asarray(axes[0][:, None, None] & axes[1][:, None] & axes[2])


def ratio(ours: np.ndarray, theirs: np.ndarray, generator: np.random.Generator) -> str:
    """Say the ratio of two mean scores less one, with its paired bootstrap interval."""
    rows = generator.integers(len(ours), size=(RESAMPLES, len(ours)))
    found = 100 * (ours[rows].mean(axis=1) / theirs[rows].mean(axis=1) - 1)
    low, high = np.percentile(found, [2.5, 97.5])
    return f"{100 * (ours.mean() / theirs.mean() - 1):+.2f} % ({low:+.2f} to {high:+.2f})"


if __name__ == "__main__":
    main()
