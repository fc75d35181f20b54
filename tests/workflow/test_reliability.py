import subprocess
import sys

import numpy as np
import pytest

from fieldvae import OptionError, PluginError, SpecError, exceedance, load, open_store, quantiles
from fieldvae.data.store import read_dataset
from fieldvae.workflow.reliability import Request, check_names, read_quantiles, read_requests
from fieldvae.workflow.serving import predict_store

MISES = Request("von_mises_stress", {"use": "von_mises_stress"}, "0.05 GPa")
PRINCIPAL = Request("main", {"use": "principal_stresses", "of": "stress"})


class TestReadRequests:
    def test_takes_names_options_and_labels(self):
        found = read_requests(
            ["von_mises_stress", "main={use: principal_stresses, of: stress}"],
            ["main=0.1", "von_mises_stress=0.05 GPa"],
        )
        assert found == (MISES, Request("main", PRINCIPAL.choice, "0.1"))

    def test_one_level_is_for_all(self):
        found = read_requests(["von_mises_stress", "hydrostatic_pressure"], ["1 GPa"])
        assert [request.level for request in found] == ["1 GPa", "1 GPa"]

    @pytest.mark.parametrize(
        ("quantities", "levels", "words"),
        [
            ([], ["1"], "--exceed needs a quantity"),
            (["von_mises_stress"] * 2, [], "two are called 'von_mises_stress'; give one a name"),
            (
                ["von_mises_stress"],
                ["mises=1"],
                "'mises' is no quantity asked for; there are von_mises_stress",
            ),
            (["von_mises_stress"], ["1", "2"], "'von_mises_stress' has two levels, 1 and 2"),
            (["{plane: [1, 1, 1]}"], [], "expected a name, or 'use' with options"),
            (["{use:mises}"], [], "a blank follows each colon"),
        ],
    )
    def test_refuses_what_does_not_fit_together(self, quantities, levels, words):
        with pytest.raises(OptionError, match=words):
            read_requests(quantities, levels)

    def test_refuses_what_is_no_yaml(self):
        with pytest.raises(SpecError, match="this is no valid YAML"):
            read_requests(["{use: [1"], [])

    def test_does_not_import_torch(self):
        program = (
            "import sys; from fieldvae.workflow.reliability import read_requests as r;"
            "r(['von_mises_stress'], ['1 GPa']); sys.exit('torch' in sys.modules)"
        )
        assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


class TestCheckNames:
    def test_takes_quantities_and_outputs(self):
        requests = read_requests(["von_mises_stress", "flux", "y={use: flux, component: y}"], [])
        check_names(requests, ["flux", "stress"])

    def test_names_the_nearest_quantity_and_the_outputs(self):
        (request,) = read_requests(["principal_stress"], [])
        with pytest.raises(PluginError) as caught:
            check_names([request], ["flux", "stress"])
        told = str(caught.value)
        assert "--quantity: no quantity is named 'principal_stress'; did you mean" in told
        assert told.endswith("Outputs, which may be named too: flux, stress")


class TestReadQuantiles:
    def test_reads_numbers_none_and_the_default(self):
        assert read_quantiles("0.1, 0.9", ["q"]) == (0.1, 0.9)
        assert read_quantiles("", ["q"]) == ()
        assert read_quantiles(None, []) == (0.05, 0.5, 0.95)

    @pytest.mark.parametrize(
        ("text", "quantities", "words"),
        [("a", ["q"], "'a': expected numbers"), ("0.5", [], "--quantiles needs a quantity")],
    )
    def test_refuses_what_is_no_number_and_what_nobody_reads(self, text, quantities, words):
        with pytest.raises(OptionError, match=words):
            read_quantiles(text, quantities)


@pytest.fixture(scope="module")
def written(trained_run, foreign_store, tmp_path_factory):
    out = tmp_path_factory.mktemp("reliability") / "ensemble.zarr"
    predict_store(
        trained_run,
        foreign_store,
        out=out,
        realizations=40,
        self_check=False,
        requests=(MISES, PRINCIPAL),
        quantiles=(0.05, 0.5),
    )
    return read_dataset(out)


class TestPredictStore:
    def test_writes_what_the_functions_give_for_its_realizations(self, written):
        high = exceedance(written, MISES.choice, level="50 MPa")
        for name in high.data_vars:
            expected = high[name].transpose(*written[name].dims)
            np.testing.assert_allclose(written[name].values, expected.values, atol=1e-12)
        assert 0 < float(written.von_mises_stress_exceedance.mean()) < 1
        middle = quantiles(written, PRINCIPAL.choice, probabilities=(0.05, 0.5), name="main")
        assert set(middle.data_vars) <= set(written.data_vars)
        found = written.main_quantile.transpose(*middle.main_quantile.dims)
        np.testing.assert_allclose(found.values, middle.main_quantile.values, atol=1e-6)

    def test_takes_the_name_of_an_output_for_the_output(self, trained_run, foreign_store, tmp_path):
        predict_store(
            trained_run,
            foreign_store,
            out=tmp_path / "out.zarr",
            realizations=9,
            self_check=False,
            requests=read_requests(
                ["flux", "length={use: flux, magnitude: true}", "x={use: flux, component: x}"],
                ["flux=0.5 m/s", "length=1"],
            ),
            quantiles=(0.5,),
        )
        found = read_dataset(tmp_path / "out.zarr")
        over = (found.flux > 0.5).mean("realization").transpose("sample", "direction", ...)
        np.testing.assert_allclose(found.flux_exceedance.values, over.values)
        assert list(found.flux_exceedance.flux_component.values) == ["x", "y", "z"]
        length = np.sqrt((found.flux**2).sum("direction"))
        np.testing.assert_allclose(
            found.length_exceedance.values, (length > 1).mean("realization").values
        )
        middle = found.flux.sel(direction="x").median("realization")
        np.testing.assert_allclose(found.x_quantile.isel(quantile=0).values, middle, atol=1e-6)
        assert found.x_quantile.attrs["units"] == "m/s"

    def test_leaves_the_realizations_and_their_law_as_they_are(
        self, written, trained_run, foreign_store
    ):
        model = load(trained_run)
        samples = open_store(foreign_store, model.fields, require=model.spec.inputs)
        plain = model.predict(samples.dataset, realizations=40, self_check=False)
        np.testing.assert_array_equal(plain.stress.values, written.stress.values)
        held = {name for name in written.data_vars if "realization" in written[name].dims}
        assert held == {"flux", "stress"}

    def test_has_no_exceedance_where_no_level_is_given(self, written):
        assert not [name for name in written.data_vars if str(name).startswith("main_exceed")]

    def test_counts_those_that_passed_the_self_check(self, trained_run, foreign_store, tmp_path):
        predict_store(
            trained_run,
            foreign_store,
            out=tmp_path / "checked.zarr",
            realizations=5,
            max_draws=10,
            requests=(MISES,),
            quantiles=(0.5,),
        )
        found = read_dataset(tmp_path / "checked.zarr")
        counted = found.von_mises_stress_counted
        np.testing.assert_array_equal(counted, found.accepted.sum("realization"))
        assert counted.attrs["realizations"] == "accepted"

    @pytest.mark.parametrize(
        ("request_", "words"),
        [
            (Request("q", MISES.choice, "3 K"), "level '3 K' of von_mises_stress is in K"),
            (Request("q", {"use": "von_mises_stress", "of": "strain"}), "there is no field 'stra"),
            (Request("q", {"use": "von_mises_stress", "of": "flux"}), "'flux' is a vector"),
            (Request("q", {"use": "elastic_energy_density"}), "c11 is missing"),
            (Request("q", {"use": "flux", "component": "u"}), "'flux' has no component 'u'"),
            (Request("q", {"use": "component"}), "flux, stress; name one by the option 'of'"),
        ],
    )
    def test_refuses_before_anything_is_drawn(
        self, request_, words, trained_run, foreign_store, tmp_path, monkeypatch
    ):
        drawn = []
        original = type(load(trained_run)).predict

        def watched(model, dataset, **options):
            drawn.append(dataset.sizes["sample"] * options["realizations"])
            return original(model, dataset, **options)

        monkeypatch.setattr("fieldvae.workflow.trained.TrainedModel.predict", watched)
        with pytest.raises(OptionError, match=words):
            predict_store(
                trained_run,
                foreign_store,
                out=tmp_path / "out.zarr",
                realizations=50,
                requests=[request_],
            )
        assert sum(drawn) <= 1
        assert not (tmp_path / "out.zarr").exists()
