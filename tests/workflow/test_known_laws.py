"""The preset default learns laws that are known exactly."""

import numpy as np
import pytest

import fieldvae
from fieldvae.evaluation import scores
from fieldvae.testing.bimodal_field import BimodalField
from fieldvae.testing.heteroscedastic_field import HeteroscedasticField

LINE = fieldvae.Grid((4,), periodic=(True,))


def learn(medium, folder, **options):
    """Train on a medium; return the model and inputs that it has not seen."""
    data = medium.simulate(8000, generator=np.random.default_rng(0))
    fieldvae.write_store(data, folder / "data.zarr")
    task = {
        "name": "known",
        "fields": {
            field.name: field.model_dump(mode="json", exclude_defaults=True, exclude={"name"})
            for field in (*medium.inputs, *medium.outputs)
        },
        "inputs": [field.name for field in medium.inputs],
        "outputs": [field.name for field in medium.outputs],
        "data": {"store": str(folder / "data.zarr")},
        "symmetry": "translations",
        "training": {"steps": 1000},
        **options,
    }
    run = fieldvae.run(task, out=folder / "run", until="train")
    fresh = medium.simulate(200, generator=np.random.default_rng(1))
    return fieldvae.load(run.path), fresh


def values(dataset, name):
    """A field as scores want it."""
    found = dataset[name].transpose("sample", ..., f"{name}_component", "x").to_numpy()
    return found[..., None, None]


def excess(medium, model, fresh, name):
    """How far the energy score lies above that of the exact law."""
    drawn = model.predict(fresh, realizations=100, self_check=False, seed=0)
    exact = medium.realize(fresh, count=100, generator=np.random.default_rng(2))
    truth = values(fresh, name)
    found, best = (scores.energy_score(truth, values(d, name)).mean() for d in (drawn, exact))
    return found / best - 1


def test_hidden_layers_find_both_modes(tmp_path):
    medium = BimodalField(LINE)
    decoder = {"use": "convolution", "channels": 40, "blocks": 3, "hidden": 40}
    model, fresh = learn(medium, tmp_path, model={"decoder": decoder})
    drawn = model.predict(fresh, realizations=200, self_check=False, seed=0)
    shares, weights = medium.shares(fresh, drawn)[:, 1], medium.weights(fresh)[:, 1]
    assert shares.mean() == pytest.approx(weights.mean(), abs=0.05)
    assert np.corrcoef(shares, weights)[0, 1] > 0.9
    # a short training takes likely modes for likelier than they are
    assert np.abs(shares - weights).mean() < 0.12


def test_the_spread_follows_the_inputs(tmp_path):
    medium = HeteroscedasticField(LINE)
    # gates open late as far as the few widest laws ask
    model, fresh = learn(medium, tmp_path, training={"steps": 4000})
    drawn = model.predict(fresh, realizations=100, self_check=False, seed=0)
    found = values(drawn, "response").var(axis=1, ddof=1)
    exact = medium.variance(fresh).reshape(found.shape)
    assert np.corrcoef(np.log(found).ravel(), np.log(exact).ravel())[0, 1] > 0.9
    assert np.median(found / exact) == pytest.approx(1, abs=0.1)
    assert found.mean() == pytest.approx(exact.mean(), rel=0.15)
    assert excess(medium, model, fresh, "response") < 0.05
