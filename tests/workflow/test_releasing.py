"""A trained model as one file: equal predictions, license and provenance, damage told."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile

import numpy as np
import pytest

import fieldvae
from fieldvae import OptionError, RunError
from fieldvae.workflow.packing import read_packed


@pytest.fixture(scope="module")
def exported(trained_run, tmp_path_factory):
    """The file of a run, and the run."""
    file = tmp_path_factory.mktemp("exported") / "flow.fieldvae"
    return fieldvae.export_model(
        trained_run, file, license="CC-BY-4.0", cite=["A. Author. Flow in soil. 2026."]
    )


def member(file, name):
    with zipfile.ZipFile(file) as archive:
        return archive.read(name).decode()


class TestExportedModel:
    def test_predicts_bit_for_bit_what_the_run_does(self, exported, trained_run, foreign):
        ours, theirs = (
            fieldvae.load(path).predict(foreign(4), realizations=2)
            for path in (exported, trained_run)
        )
        assert ours.identical(theirs)

    def test_is_the_same_file_whenever_it_is_written(self, exported, trained_run, tmp_path):
        again = fieldvae.export_model(
            trained_run, tmp_path / exported.name, license="CC-BY-4.0",
            cite=["A. Author. Flow in soil. 2026."],
        )  # fmt: skip
        assert again.read_bytes() == exported.read_bytes()

    def test_carries_license_citations_and_versions(self, exported):
        card = json.loads(member(exported, "card.json"))
        assert card["license"] == "CC-BY-4.0"
        assert card["citations"][0].startswith("A. Author")
        assert any("arXiv:2604.02281" in line for line in card["citations"])
        assert card["made"]["packages"].keys() >= {"fieldvae", "torch"}
        assert card["samples"]["train"] > 0
        assert "License of the weights: CC-BY-4.0." in member(exported, "README.md")

    def test_says_where_no_license_is_stated(self, trained_run, tmp_path):
        file = fieldvae.export_model(trained_run, tmp_path / "m.fieldvae")
        assert "none stated; ask the author" in member(file, "README.md")

    def test_names_no_folder_of_the_machine(self, exported, foreign_store):
        text = "".join(member(exported, n) for n in ("model.json", "card.json", "README.md"))
        assert foreign_store.name in text
        assert str(foreign_store.parent) not in text

    def test_unpacked_is_a_model_too(self, exported, tmp_path, foreign):
        with zipfile.ZipFile(exported) as archive:
            archive.extractall(tmp_path / "model")
        assert fieldvae.load(tmp_path / "model").predict(foreign(2), realizations=1)

    def test_needs_the_run_to_be_evaluated(self, exported, foreign_store):
        from fieldvae.workflow.serving import evaluate_store

        with pytest.raises(RunError, match=r"holds a model alone.* give the run directory"):
            evaluate_store(exported, foreign_store)


class TestDamage:
    def test_is_told_or_does_no_harm_wherever_a_byte_is_flipped(self, exported, tmp_path):
        content, sound = exported.read_bytes(), read_packed(exported)
        chance = np.random.default_rng(0)
        places = [*range(4, 60), *chance.integers(4, len(content), 60), len(content) - 1]
        told = []
        for place in places:
            damaged = bytearray(content)
            damaged[place] ^= 0x10
            file = tmp_path / "damaged.fieldvae"
            file.write_bytes(bytes(damaged))
            try:
                found = read_packed(file)
            except RunError as error:
                told.append(str(error))
            else:
                assert (found.model, found.content) == (sound.model, sound.content)
        assert len(told) > 60
        assert all("is damaged or incomplete" in words for words in told)

    @pytest.mark.parametrize("share", [0.1, 0.5, 0.999])
    def test_of_a_file_that_ends_early_is_one_clear_error(self, exported, tmp_path, share):
        content = exported.read_bytes()
        file = tmp_path / "short.fieldvae"
        file.write_bytes(content[: int(share * len(content))])
        with pytest.raises(RunError, match=r"is damaged or incomplete .* copy it again"):
            fieldvae.load(file)

    @pytest.mark.parametrize("content", [b"", b"no zip at all"])
    def test_is_not_claimed_of_another_kind_of_file(self, content, tmp_path):
        (tmp_path / "notes.txt").write_bytes(content)
        with pytest.raises(RunError, match="is no model; give a run directory, or a file that"):
            fieldvae.load(tmp_path / "notes.txt")


class TestRefusal:
    def test_of_a_file_that_exists(self, exported, trained_run):
        with pytest.raises(OptionError, match="exists; replace it with --force"):
            fieldvae.export_model(trained_run, exported)

    def test_of_a_run_without_model_writes_nothing(self, tmp_path):
        with pytest.raises(RunError, match="holds no trained model: there is nothing"):
            fieldvae.export_model(tmp_path / "absent", tmp_path / "m.fieldvae")
        assert not (tmp_path / "m.fieldvae").exists()

    def test_comes_without_importing_torch(self, tmp_path):
        code = (
            "import sys; sys.argv = ['fieldvae', 'export', 'absent', 'm.fieldvae']\n"
            "from fieldvae.cli import main\n"
            "try: main()\n"
            "except SystemExit as end: print(end.code, 'torch' in sys.modules)"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path
        )
        assert done.stdout.strip() == "2 False"
