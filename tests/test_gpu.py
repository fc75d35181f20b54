"""What only a GPU can show; everything else is tested on the CPU."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import fieldvae

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no GPU here"),
]


@pytest.fixture(scope="module")
def run_on_gpu(small_task, tmp_path_factory):
    out = tmp_path_factory.mktemp("gpu") / "run"
    return fieldvae.run(small_task, out=out, device="cuda")


def test_a_whole_run_ends_with_scores_and_predictions(run_on_gpu):
    assert "energy_score" in run_on_gpu.metrics["model"]["prediction"]["flux"]
    assert (run_on_gpu.path / "predictions.zarr").exists()


def test_a_model_trained_there_gives_the_same_means_on_the_cpu(run_on_gpu, foreign):
    means = []
    for device in ("cuda", "cpu"):
        model = fieldvae.load(run_on_gpu.path, device=device)
        drawn = model.predict(foreign(6), realizations=400, self_check=False, seed=3)
        means.append(drawn.flux.mean("realization"))
    spread = float(drawn.flux.std())
    np.testing.assert_allclose(means[0], means[1], atol=6 * spread / np.sqrt(400))
