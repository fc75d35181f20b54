"""``fieldvae init``: what it writes runs as it stands, and says what may be set."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

import fieldvae
from fieldvae.document import read_document
from fieldvae.errors import OptionError, StoreError
from fieldvae.workflow.filling import make_plan
from fieldvae.workflow.starting import write_task

SCHEMA = Path(__file__).parents[2] / "schemas" / "task.schema.json"
FEW = ("training.steps=1", *(f"model.{p}.channels=4" for p in ("smoother", "encoder", "decoder")))


def uncommented(text: str) -> str:
    """The same task with every default that is commented out brought to life."""
    return re.sub(r"^# ( *(?:[a-z_]+:|- \{))", r"\1", text, flags=re.M)


@pytest.fixture
def from_store(foreign_store, tmp_path) -> Path:
    """A task on three variables that no plugin declares."""
    return write_task(
        None,
        store=foreign_store,
        out=tmp_path / "flow.yaml",
        inputs=["permeability", "fraction"],
        outputs=["flux", "stress"],
    )


@pytest.fixture
def from_task(tmp_path) -> Path:
    return write_task("stress", store=tmp_path / "cells.zarr", out=tmp_path / "stress.yaml")


class TestFromTheFieldsOfAStore:
    def test_declares_them_as_the_store_has_them(self, from_store):
        fields = make_plan(from_store).spec.fields
        assert {name: (f.units, f.tensor_kind) for name, f in fields.items()} == {
            "permeability": ("m^2", "scalar"),
            "fraction": ("1", "set"),
            "flux": ("m/s", "vector"),
            "stress": ("GPa", "symmetric"),
        }
        assert fields["fraction"].components == ("sand", "clay", "silt")

    def test_trains_as_it_stands(self, from_store, tmp_path):
        assert fieldvae.run(from_store, out=tmp_path / "run", settings=FEW, until="train").model()

    def test_names_the_coordinates_to_stratify_by(self, from_store):
        assert "  # sample coordinates of the store: temperature\n" in from_store.read_text()

    def test_refuses_what_the_store_has_not(self, foreign_store, tmp_path):
        with pytest.raises(StoreError, match=r"has no variable 'fluxx'; did you mean 'flux'\?"):
            write_task(
                None, store=foreign_store, out=tmp_path / "a", inputs=["stress"], outputs=["fluxx"]
            )
        with pytest.raises(StoreError, match=r"'temperature' in .* no axis of a grid"):
            write_task(
                None, store=foreign_store, out=tmp_path / "a",
                inputs=["stress"], outputs=["temperature"],
            )  # fmt: skip


class TestFromAnInstalledTask:
    def test_names_it_and_what_it_learns(self, from_task):
        text = from_task.read_text()
        assert re.search(
            r"^task: stress +# concentration, warren_cowley -> residual_stress$", text, re.M
        )

    def test_leaves_an_existing_file_alone(self, from_task, tmp_path):
        before = from_task.read_text()
        with pytest.raises(OptionError, match=r"stress\.yaml exists; choose another --out"):
            write_task("stress", store=tmp_path / "other.zarr", out=from_task)
        assert from_task.read_text() == before

    def test_needs_a_task_or_fields(self, tmp_path):
        with pytest.raises(OptionError, match="--inputs a,b --outputs c"):
            write_task(None, store=tmp_path / "cells.zarr", out=tmp_path / "a.yaml")


@pytest.mark.parametrize("made", ["from_store", "from_task"])
class TestWhatIsCommentedOut:
    def test_are_the_defaults(self, made, request):
        """Brought to life, they change nothing."""
        path = request.getfixturevalue(made)
        plain = make_plan(path).spec
        text = uncommented(path.read_text())
        assert len(text) < len(path.read_text()) - 60  # two letters for each of more than 30 keys
        path.write_text(text)
        assert make_plan(path).spec == plain

    def test_is_valid_by_the_schema_too(self, made, request):
        path = request.getfixturevalue(made)
        path.write_text(uncommented(path.read_text()))
        schema = Draft202012Validator(json.loads(SCHEMA.read_text()))
        assert [error.message for error in schema.iter_errors(read_document(path).data)] == []
