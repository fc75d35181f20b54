"""What a user sees while a store is made, and when something stands in the way."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field

import numpy as np
import pytest
import xarray as xr
from pydantic import BaseModel

from fieldvae import SimulationError, registry
from fieldvae.cli import main
from fieldvae.data.store import read_dataset, write_store


class Options(BaseModel):
    samples: int = 4


@dataclass(frozen=True)
class Heat:
    """Samples of random heat; interrupted at one, or fails, if told to."""

    count: int
    interrupted_at: int | None = None
    fails_at: int | None = None
    attributes: dict = field(default_factory=lambda: {"spacing": [1.0]})

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        if index == self.interrupted_at:
            raise KeyboardInterrupt
        if index == self.fails_at:
            raise SimulationError(f"heat {index} does not converge")
        values = np.random.default_rng(index).normal(size=3)
        return xr.Dataset({"heat": ("x", values, {"units": "K"})})


@pytest.fixture
def generate(monkeypatch, capsys, tmp_path):
    """Generate a store by a simulator; returns exit code, standard error, and sources made."""

    def call(*arguments: str, **options):
        made = []

        def build(kind, name, *, options):
            made.append(Heat(options.get("samples", 4), **wanted))
            return made[-1]

        wanted = options
        monkeypatch.setattr(registry, "names", lambda kind: ("heat",))
        monkeypatch.setattr(registry, "options_model", lambda kind, name: Options)
        monkeypatch.setattr(registry, "call", build)
        out = str(tmp_path / "a.zarr")
        monkeypatch.setattr(
            sys, "argv", ["fieldvae", "data", "generate", "heat", "--out", out, *arguments]
        )
        with pytest.raises(SystemExit) as exited:
            main()
        return exited.value.code or 0, capsys.readouterr().err.splitlines(), made

    return call


class TestGenerate:
    def test_counts_samples(self, generate, tmp_path):
        code, told, _ = generate("--samples", "2")
        assert code == 0
        assert told == ["preparing heat ...", "samples: 1 of 2", "samples: 2 of 2"]
        assert read_dataset(tmp_path / "a.zarr").sizes["sample"] == 2

    def test_counts_what_an_earlier_call_made(self, generate):
        code, told, _ = generate(interrupted_at=3)
        assert code == 130
        assert told[-1] == "interrupted; repeat the call to go on"
        code, told, _ = generate()
        assert code == 0
        assert "3 of 4 samples are there from an earlier call" in told
        assert told[-1] == "samples: 4 of 4"

    def test_refuses_a_store_that_exists_before_the_source_is_made(self, generate, tmp_path):
        data = xr.Dataset({"heat": (("sample", "x"), np.ones((1, 3)), {"units": "K"})})
        write_store(data, tmp_path / "a.zarr")
        code, told, made = generate()
        assert (code, made) == (2, [])
        assert told == [
            f"{tmp_path / 'a.zarr'} exists; choose another path, or replace it (--force)"
        ]
        assert generate("--force")[0] == 0

    def test_refuses_a_scheduler_before_the_source_is_made(self, generate):
        code, told, made = generate("--scheduler", "proceses")
        assert (code, made) == (2, [])
        assert told == [
            "there is no scheduler 'proceses' (did you mean 'processes'?); expected sync, threads, "
            "processes or the address of a dask scheduler, such as tcp://10.0.0.1:8786"
        ]

    def test_names_what_it_skips(self, generate, tmp_path):
        code, told, _ = generate("--skip-bad", fails_at=2)
        assert code == 0
        assert told[-3:] == [
            "warning: sample 2 skipped: heat 2 does not converge",
            "samples: 4 of 4",
            "1 of 4 samples skipped; the store's attribute 'skipped' says which and why",
        ]
        store = read_dataset(tmp_path / "a.zarr")
        assert store.sizes["sample"] == 3
        assert store.attrs["skipped"] == ["sample 2: heat 2 does not converge"]
