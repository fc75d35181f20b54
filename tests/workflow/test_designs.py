"""Inverse design with a small trained model, from section to store."""

import json
import shutil
from typing import ClassVar

import numpy as np
import pytest
import torch
import xarray as xr

import fieldvae
from fieldvae import OptionError, RunError, SpecError
from fieldvae.data.store import read_dataset
from fieldvae.document import dump_yaml
from fieldvae.workflow.designs import analysis
from fieldvae.workflow.designs.labeling import sentences
from fieldvae.workflow.designs.serving import design_run
from fieldvae.workflow.directory import RunDirectory
from fieldvae.workflow.progress import Silence

DESIGN = {
    "vary": {"fraction": {"mean": "equal"}},
    "hold": {"permeability": 1.0, "gradient": "training"},
    "goal": {"maximize": "second_moment", "of": {"use": "von_mises_stress", "of": "stress"}},
    "latent": {"realizations": 2},
    "starts": 6,
    "iterations": 8,
    "evaluation": 16,
}


def optimized(run, **changes) -> xr.Dataset:
    return fieldvae.optimize_inputs(run, {**DESIGN, **changes})


@pytest.fixture(scope="module")
def designs(trained_run) -> xr.Dataset:
    return optimized(trained_run)


class TestOptimizedInputs:
    def test_raise_the_statistic_of_fresh_realizations(self, designs):
        before, after = (designs.statistic.sel(stage=s) for s in ("start", "optimized"))
        assert bool((after > before).all())

    def test_lower_it_where_asked(self, trained_run):
        goal = {"minimize": "second_moment", "of": DESIGN["goal"]["of"]}
        found = optimized(trained_run, goal=goal)
        before, after = (found.statistic.sel(stage=s) for s in ("start", "optimized"))
        assert bool((after < before).all())

    def test_may_be_of_a_component_of_an_output(self, trained_run):
        of = {"use": "component", "of": "stress", "component": "xx"}
        found = optimized(trained_run, goal={"maximize": "second_moment", "of": of})
        before, after = (found.statistic.sel(stage=s) for s in ("start", "optimized"))
        assert bool((after > before).all())
        assert found.statistic.attrs["units"] == "(GPa)^2"

    def test_keep_mean_closure_bounds_and_the_range_of_training(self, designs):
        np.testing.assert_allclose(designs.fraction_mean, 1 / 3, atol=1e-12)
        np.testing.assert_allclose(designs.fraction.sum("phase"), 1, atol=1e-6)
        assert float(designs.fraction.min()) > -1e-6
        assert not bool(designs.fraction_outside.any())

    def test_leave_what_is_held(self, designs):
        assert bool((designs.permeability == 1).all())
        assert bool(designs.permeability_outside.all())  # it fluctuates in every sample
        assert "gradient_start" not in designs

    def test_are_recorded_from_start_to_end(self, designs):
        assert designs.record.values.tolist() == [0, 2, 4, 6, 8]
        first, last = (designs.fraction_trajectory.isel(record=i) for i in (0, -1))
        np.testing.assert_array_equal(first, designs.fraction_start)
        np.testing.assert_array_equal(last, designs.fraction)
        assert designs.objective.shape == designs.statistic_course.shape == (6, 9)

    def test_do_not_depend_on_the_batch(self, trained_run):
        """Nor, without renewed numbers, does anything else about a start."""
        latent = {"realizations": 2, "renew": False}
        whole = optimized(trained_run, latent=latent)
        parts = optimized(trained_run, latent=latent, batch=4)
        for name in ("fraction", "objective", "statistic"):
            np.testing.assert_allclose(parts[name], whole[name], rtol=1e-4, atol=1e-6)

    def test_are_a_store_that_predict_takes(self, trained_run, designs, tmp_path):
        fieldvae.write_store(designs, tmp_path / "designs.zarr")
        model = fieldvae.load(trained_run)
        store = read_dataset(tmp_path / "designs.zarr").load()
        with pytest.warns(fieldvae.PredictionWarning, match="outside the range"):
            ensemble = model.predict(store, realizations=2, self_check=False)
        assert ensemble["stress"].sizes["sample"] == 6

    def test_are_told_in_words(self, designs):
        lines = sentences(designs)
        assert lines[0].startswith("second moment of von mises stress: ")
        assert "better for 6 of 6 starts, by fresh realizations" in lines[0]
        assert "permeability, held, is outside the range of training in 6 of 6" in lines
        assert "of fresh realizations pass the self-check at the starts" in lines[-1]

    def test_leave_the_weights_as_they_were(self, trained_run):
        model = fieldvae.load(trained_run)
        assert all(weight.requires_grad for weight in model.network.parameters())


class TestSettings:
    @pytest.mark.parametrize(
        "goal",
        [
            {"maximize": "mean"},
            {"minimize": "second_moment"},
            {"maximize": "quantile", "probability": 0.9},
            {"minimize": "cvar", "probability": 0.8, "tail": "upper"},
            {"maximize": "exceedance", "level": "50 MPa"},
        ],
    )
    def test_every_statistic_gets_better(self, trained_run, goal):
        goal = {**goal, "of": DESIGN["goal"]["of"]}
        found = optimized(trained_run, goal=goal, optimizer={"use": "Adam", "lr": 0.1})
        gain = found.statistic.sel(stage="optimized") - found.statistic.sel(stage="start")
        sign = 1 if "maximize" in goal else -1
        assert float((sign * gain).mean()) > 0

    def test_a_level_that_nothing_exceeds_is_told(self, trained_run):
        class Ear(Silence):
            told: ClassVar[list[str]] = []

            def warn(self, line):
                self.told.append(line)

        goal = {"maximize": "exceedance", "level": 1e6, "of": DESIGN["goal"]["of"]}
        design = {**DESIGN, "goal": goal, "iterations": 1}
        fieldvae.optimize_inputs(trained_run, design, progress=Ear())
        assert "no realization of any start or design is above the level 1e+06 GPa" in Ear.told[0]

    def test_of_the_paper_optimize_the_latent_too(self, trained_run):
        settings = {"preset": "paper", "starts": 3, "iterations": 4, "record": [1, 4]}
        asked = {**DESIGN, **settings}
        asked.pop("latent")
        found = fieldvae.optimize_inputs(trained_run, asked)
        spec = json.loads(found.attrs["design"])
        assert spec["latent"] == {
            "realizations": 1, "vary": True, "start": "random", "noise": False, "renew": False
        }  # fmt: skip
        assert spec["goal"]["form"] == "reciprocal"
        assert found.record.values.tolist() == [1, 4]
        assert found.self_check_course.sizes == {"sample": 3, "iteration": 5, "condition": 3}
        assert found.latent_square.shape == (3,)

    def test_a_fixed_latent_is_the_same_for_all(self, trained_run):
        """Equal starts then go the same way, whatever their number."""
        fixed = {"realizations": 2, "start": "fixed", "renew": False}
        found = optimized(
            trained_run,
            latent=fixed,
            vary={"permeability": {"start": "normal", "bounds": [0.999, 1.001]}},
            hold={"fraction": [0.3, 0.3, 0.4], "gradient": 0.5},
            range="free",
        )
        assert float(found.statistic_course.isel(iteration=0).std("sample")) < 1e-3

    def test_a_penalty_pulls_the_mean(self, trained_run):
        """With next to no goal, what is left of the objective is the mean's penalty."""
        goal = {**DESIGN["goal"], "weight": 1e-9}
        vary = {"fraction": {"mean": [0.4, 0.3, 0.3]}}
        found = optimized(
            trained_run, goal=goal, vary=vary, mean_weight=1.0, range="free",
            optimizer={"use": "SGD", "lr": 1000.0}, iterations=30,
        )  # fmt: skip
        away = abs(found.fraction_mean - xr.DataArray([0.4, 0.3, 0.3], dims="phase")).max("phase")
        start, end = (float(away.sel(stage=s).mean()) for s in ("start", "optimized"))
        assert end < 0.3 * start

    def test_lbfgs_takes_the_same_loop(self, trained_run):
        found = optimized(
            trained_run,
            optimizer={"use": "LBFGS", "lr": 0.1, "max_iter": 2},
            latent={"realizations": 2, "renew": False},
        )
        assert float((found.objective.isel(iteration=-1) < found.objective[:, 0]).mean()) == 1

    def test_an_input_follows_by_regression(self, trained_run, foreign):
        hold = {"permeability": "regression", "gradient": "training"}
        found = optimized(trained_run, hold=hold)
        assert 0 <= found.permeability.attrs["regression_r2"] < 1
        known = foreign().permeability
        assert float(known.min()) <= float(found.permeability.min())
        assert float(found.permeability.max()) <= float(known.max())
        assert float(abs(found.permeability - found.permeability_start).max()) > 0

    def test_samples_choose_what_is_learned_from(self, trained_run, foreign):
        cold = optimized(
            trained_run,
            samples={"temperature": 300},
            vary={"fraction": {"start": "training"}},
            iterations=1,
        )
        data = foreign()
        known = data.fraction.transpose("sample", "phase", "x", "y", "z").to_numpy()
        distance = abs(known[:, None] - cold.fraction_start.to_numpy()[None]).max((2, 3, 4, 5))
        assert distance.min(0).max() < 1e-6
        assert (data.temperature.to_numpy()[distance.argmin(0)] == 300).all()


class TestCommand:
    def test_writes_the_store_once(self, trained_run, tmp_path, capsys):
        file = tmp_path / "design.yaml"
        file.write_text(dump_yaml(DESIGN))
        out = tmp_path / "out.zarr"
        design_run(trained_run, file, out=out)
        assert read_dataset(out).sizes["sample"] == 6
        with pytest.raises(fieldvae.StoreError, match=r"exists; .*--force"):
            design_run(trained_run, file, out=out)

    def test_exports_for_paraview(self, trained_run, tmp_path):
        file = tmp_path / "design.yaml"
        file.write_text(dump_yaml({**DESIGN, "export": {"use": "vtk", "best": 2}}))
        out, folder = tmp_path / "out.zarr", tmp_path / "files"
        design_run(trained_run, file, out=out, export=folder)
        designs = read_dataset(out)
        best = designs.statistic.sel(stage="optimized").argsort()[::-1][:2].values
        names = {f"{row:04d}-{stage}.vti" for row in best for stage in ("start", "optimized")}
        assert {path.name for path in folder.iterdir()} == {*names, "samples.pvd"}
        written = (folder / f"{best[0]:04d}-optimized.vti").read_bytes()
        for name in ("fraction", "permeability", "gradient", "quantity"):
            assert f'Name="{name}"'.encode() in written

    def test_refuses_an_export_that_names_no_exporter(self, trained_run, tmp_path):
        file = tmp_path / "design.yaml"
        file.write_text(dump_yaml(DESIGN))
        with pytest.raises(OptionError, match="--export needs an exporter in the design"):
            design_run(trained_run, file, out=tmp_path / "d.zarr", export=tmp_path / "e")
        assert not (tmp_path / "d.zarr").exists()

    def test_is_a_stage_of_a_run(self, small_task, tmp_path):
        task = {**small_task, "design": {**DESIGN, "iterations": 1, "starts": 2}}
        finished = fieldvae.run(task, out=tmp_path / "run", until="design")
        assert read_dataset(RunDirectory(finished.path).designs).sizes["sample"] == 2
        again = fieldvae.optimize_inputs(finished.path)  # the task's own section
        assert again.sizes["sample"] == 2
        directory = RunDirectory(finished.path)
        written = (directory.designs / "zarr.json").stat().st_mtime_ns
        shutil.rmtree(directory.design_analysis)
        fieldvae.run(task, out=directory.path, until="design", resume=True)
        assert read_dataset(directory.design_analysis).sizes["sample"] == 2
        assert (directory.designs / "zarr.json").stat().st_mtime_ns == written


class TestInARun:
    @pytest.fixture
    def run(self, trained_run, tmp_path) -> RunDirectory:
        return RunDirectory(shutil.copytree(trained_run, tmp_path / "run"))

    @pytest.fixture
    def file(self, tmp_path):
        file = tmp_path / "design.yaml"
        file.write_text(dump_yaml({**DESIGN, "iterations": 1}))
        return file

    def test_designs_are_analyzed_and_reported(self, run, file):
        design_run(run.path, file)
        assert read_dataset(run.design_analysis).sizes["sample"] == 6
        assert '<section id="designs">' in run.report.read_text(encoding="utf-8")

    def test_those_elsewhere_leave_the_run_alone(self, run, file, tmp_path):
        before = sorted(run.path.rglob("*"))
        design_run(run.path, file, out=tmp_path / "out.zarr")
        assert sorted(run.path.rglob("*")) == before

    def test_an_analysis_is_of_the_designs_beside_it(self, run, file, monkeypatch):
        """Where new designs were written and not analyzed, none is left of the old ones."""
        design_run(run.path, file)

        def interrupted(*_, **__):
            raise KeyboardInterrupt

        monkeypatch.setattr(analysis, "analyze", interrupted)
        with pytest.raises(KeyboardInterrupt):
            design_run(run.path, file, settings=["starts=4"], force=True)
        assert read_dataset(run.designs).sizes["sample"] == 4
        assert not run.design_analysis.exists()


class TestRefusals:
    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"vary": {"fractio": {}}}, r"vary.fractio: 'fractio' is no input; did you mean"),
            ({"hold": {"gradient": 0.0}}, "input 'permeability' is neither varied nor held"),
            ({"hold": {**DESIGN["hold"], "fraction": 0.3}}, "'fraction' is both varied and held"),
            ({"goal": {"of": "von_mises_stress"}}, "give one of maximize and minimize"),
            (
                {"goal": {"maximize": "mean", "of": "von_mises_stres"}},
                "no quantity is named 'von_mises_stres'; did you mean 'von_mises_stress'",
            ),
            (
                {"goal": {"maximize": "mean", "of": "stress"}},
                "the output itself is of: {use: component, of: stress}",
            ),
            (
                {"goal": {"maximize": "cvar", "of": "von_mises_stress"}},
                "cvar needs probability, as in probability: 0.95",
            ),
            (
                {"goal": {"maximize": "exceedance", "of": "von_mises_stress"}},
                "exceedance needs level",
            ),
            (
                {"goal": {"maximize": "mean", "probability": 0.5, "of": "von_mises_stress"}},
                "probability belongs to quantile and cvar, not to mean",
            ),
            (
                {"goal": {"maximize": "mean", "level": 0.5, "of": "von_mises_stress"}},
                "level belongs to exceedance, not to mean",
            ),
            ({"preset": "papr"}, "no design preset 'papr'; did you mean 'paper'"),
            ({"latent": {"vary": True, "renew": True}}, "cannot be drawn anew"),
            ({"record": [9]}, "record 9 is beyond iterations 8"),
            ({"startz": 3}, "unknown key 'startz'; did you mean 'starts'"),
            (
                {"hold": {**DESIGN["hold"], "permeability": "regresion"}},
                "permeability is held at 'regresion'; did you mean 'regression'",
            ),
            ({"export": "lammps_dat"}, "no exporter is named 'lammps_dat'"),
        ],
    )
    def test_of_a_file_name_what_is_wrong(self, trained_run, changes, words):
        with pytest.raises(SpecError, match=words):
            optimized(trained_run, **changes)

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"vary": {"fraction": {"mean": [0.5, 0.6, 0.1]}}}, "sum to 1.2; shares of a simplex"),
            ({"optimizer": "Adm"}, "torch.optim has no 'Adm'; did you mean 'Adam'"),
            ({"optimizer": {"use": "SGD", "rate": 1}}, "optimizer SGD: .*unexpected keyword"),
            (
                {"goal": {"maximize": "mean", "of": {"use": "von_mises_stress", "of": "fraction"}}},
                "there is no field 'fraction'. There are: flux, stress",
            ),
            (
                {"goal": {"maximize": "exceedance", "level": "3 K", "of": "von_mises_stress"}},
                "is in K, which does not convert to GPa",
            ),
            ({"samples": {"temperatur": 300}}, "no coordinate 'temperatur'; did you mean"),
            (
                {"samples": {"temperature": 5}},
                "no training sample has temperature: 5.*there are temperature: 300",
            ),
            ({"self_check": {"weight": {"flux": 1.0}}}, "self_check.weight names 'flux'; inputs"),
            ({"hold": {**DESIGN["hold"], "gradient": [0.0, 1.0]}}, "hold of 'gradient' has 2"),
        ],
    )
    def test_of_what_fields_and_model_cannot_give(self, trained_run, changes, words):
        with pytest.raises(OptionError, match=words):
            optimized(trained_run, **changes)

    def test_come_before_training_in_a_task(self, small_task, tmp_path):
        design = {**DESIGN, "vary": {"fraction": {"mean": [0.5, 0.6, 0.1]}}}
        with pytest.raises(OptionError, match="design: mean of 'fraction'"):
            fieldvae.run({**small_task, "design": design}, out=tmp_path / "run")
        assert not (tmp_path / "run").exists()

    def test_of_a_run_without_design(self, trained_run):
        with pytest.raises(RunError, match="has no section 'design'; give a file"):
            fieldvae.optimize_inputs(trained_run)

    def test_have_line_and_column(self, trained_run, tmp_path):
        file = tmp_path / "design.yaml"
        file.write_text(dump_yaml({**DESIGN, "startz": 3}))
        with pytest.raises(SpecError, match=r"design.yaml:\d+:1: unknown key 'startz'"):
            fieldvae.optimize_inputs(trained_run, file)


def test_gradients_flow_only_to_inputs(trained_run):
    """What is optimized changes nothing in the model, to the bit."""
    model = fieldvae.load(trained_run)
    before = {name: weight.clone() for name, weight in model.network.state_dict().items()}
    from fieldvae.workflow.designs.optimizing import optimize
    from fieldvae.workflow.designs.serving import design_of, training_part

    spec = design_of(trained_run, model, {**DESIGN, "iterations": 2}, ())
    optimize(model, spec, training_part(model))
    after = model.network.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert all(weight.grad is None for weight in model.network.parameters())
