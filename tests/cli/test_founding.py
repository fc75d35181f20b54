"""``fieldvae new-plugin``: what it refuses, and that the distributions it writes work."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib

import pytest

from fieldvae.cli import main

from ..made_distributions import install_wheels, run_fieldvae, run_python

KINDS = {
    "smoother": "smoothers",
    "encoder": "encoders",
    "decoder": "decoders",
    "loss": "losses",
    "prior": "priors",
    "quantity": "quantities",
    "source": "simulators",
    "importer": "importers",
    "exporter": "exporters",
    "field": "fields",
    "task": "tasks",
}


@pytest.fixture
def cli(monkeypatch, capsys, tmp_path):
    """Call new-plugin in an empty folder; returns exit code, standard output and error."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["fieldvae", "new-plugin", *arguments])
        with pytest.raises(SystemExit) as exited:
            main()
        told = capsys.readouterr()
        return int(exited.value.code or 0), told.out, told.err

    return call


class TestRefusal:
    @pytest.mark.parametrize(
        ("name", "kind", "words"),
        [
            ("LowPass", "smoother", "'LowPass' is no name for a plugin"),
            ("LowPass", "smoother", "did you mean 'low_pass'?"),
            ("3d", "smoother", "expected lower-case letters and digits"),
            ("../x", "loss", "did you mean 'x'?"),
            ("fieldvae-lowpass", "smoother", "give the name that tasks use: lowpass"),
            ("heat-flux", "field", "a field is named as in Python; write 'heat_flux'"),
            ("lambda", "loss", "'lambda' means something else already"),
            ("none", "encoder", "'none' means something else already"),
            ("convolution", "smoother", "there is a smoother 'convolution' already, of fieldvae 0"),
            ("stress", "task", "there is a task 'stress' already, of fieldvae-alloys 0"),
            ("flow", "smoother", "a distribution fieldvae-flow 0.1.0 is installed already"),
        ],
    )
    def test_says_why_and_writes_nothing(self, cli, tmp_path, name, kind, words):
        code, out, told = cli(name, "--kind", kind)
        assert (code, out, words in told) == (2, "", True), told
        assert list(tmp_path.iterdir()) == []

    def test_of_a_folder_that_exists_leaves_it_alone(self, cli, tmp_path):
        mine = tmp_path / "fieldvae-lowpass" / "thesis.tex"
        mine.parent.mkdir()
        mine.write_text("years of work")
        code, _, told = cli("lowpass", "--kind", "smoother")
        assert (code, "fieldvae-lowpass exists; choose another name" in told) == (2, True)
        assert [*mine.parent.iterdir()] == [mine]

    def test_of_an_unknown_kind_lists_the_kinds(self, cli):
        code, _, told = cli("lowpass", "--kind", "filter")
        assert code == 2
        assert all(kind in told for kind in KINDS)


class TestWriting:
    def test_tells_the_folder_and_what_to_type_next(self, cli, tmp_path):
        code, out, told = cli("low-pass", "--kind", "smoother")
        assert (code, out) == (0, "fieldvae-low-pass\n")
        assert told.splitlines() == [
            "Next:",
            "  pip install -e './fieldvae-low-pass[test]'",
            "  python -m pytest fieldvae-low-pass",
            "  fieldvae plugins",
            "  python fieldvae-low-pass/example/make_store.py",
            "  fieldvae run fieldvae-low-pass/example/task.yaml",
        ]
        project = tomllib.loads((tmp_path / "fieldvae-low-pass/pyproject.toml").read_text())
        assert project["project"]["name"] == "fieldvae-low-pass"
        assert project["project"]["entry-points"] == {
            "fieldvae.smoothers": {"low-pass": "fieldvae_low_pass.smoother:LowPassSmoother"}
        }

    @pytest.mark.parametrize(
        ("kind", "use"),
        [
            ("quantity", "--out ensemble.zarr --quantity my_own\n"),
            ("field", "outputs: [my_own]\n"),
            ("exporter", "fieldvae data export my_own --help\n"),
        ],
    )
    def test_the_readme_shows_a_use(self, cli, tmp_path, kind, use):
        assert cli("my_own", "--kind", kind)[0] == 0
        assert use in (tmp_path / "fieldvae-my_own" / "README.md").read_text()

    def test_needs_no_torch(self, tmp_path):
        code = (
            "import sys, atexit; from fieldvae.cli import main;"
            "atexit.register(lambda: print('torch' in sys.modules, file=sys.stderr)); main()"
        )
        arguments = ["new-plugin", "lowpass", "--kind", "smoother"]
        done = run_python("-c", code, *arguments, plugins=tmp_path, cwd=tmp_path)
        assert (done.returncode, done.stderr.splitlines()[-1]) == (0, "False")


@pytest.fixture(scope="module")
def founded(tmp_path_factory):
    """One distribution of each kind, written, built and installed; returns the folder."""
    from fieldvae.workflow.founding.writing import write_plugin

    folder = tmp_path_factory.mktemp("founded")
    roots = [write_plugin(f"my_{kind}", kind=kind, beneath=folder) for kind in KINDS]
    install_wheels(roots, folder / "installed")
    return folder


class TestDistributions:
    def test_pass_their_own_tests(self, founded):
        suites = [str(founded / f"fieldvae-my_{kind}" / "tests") for kind in KINDS]
        arguments = ["-m", "pytest", "-q", "-n0", "-W", "error", "-p", "no:cacheprovider"]
        arguments += ["--import-mode=importlib", "--rootdir", str(founded), *suites]
        done = run_python(*arguments, plugins=founded / "installed", cwd=founded)
        assert done.returncode == 0, done.stdout[-3000:]
        assert f"{4 * len(KINDS) - 6} passed" in done.stdout

    def test_are_listed_sound(self, founded):
        done = run_fieldvae("plugins", plugins=founded / "installed", cwd=founded)
        for kind, group in KINDS.items():
            (line,) = (row for row in done.stdout.splitlines() if row.split()[1] == f"my_{kind}")
            assert line.startswith(f"{group:<11} my_{kind}")
            assert f"fieldvae-my_{kind} 0.1.0" in line
            assert "broken" not in line

    def test_are_formatted_as_ours(self, founded):
        ruff = [shutil.which("ruff") or f"{sys.prefix}/bin/ruff"]
        settings = ["--isolated", "--line-length", "100", str(founded)]
        for command in (["format", "--check"], ["check", "--select", "E,F,W"]):
            done = subprocess.run([*ruff, *command, *settings], capture_output=True, text=True)
            assert done.returncode == 0, done.stdout

    def test_a_new_task_begins_a_document(self, founded):
        installed, root = founded / "installed", founded / "fieldvae-my_task"
        made = run_python("example/make_store.py", plugins=installed, cwd=root)
        assert made.returncode == 0, made.stderr
        done = run_fieldvae(
            "init", "my_task", "--store", "example/store.zarr", plugins=installed, cwd=root
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert (root / "my_task.yaml").is_file()
        done = run_fieldvae("validate", "my_task.yaml", plugins=installed, cwd=root)
        assert done.returncode == 0, done.stderr

    def test_an_example_trains(self, founded):
        installed, root = founded / "installed", founded / "fieldvae-my_smoother"
        made = run_python("example/make_store.py", plugins=installed, cwd=root)
        assert made.returncode == 0, made.stderr
        arguments = ["run", "example/task.yaml", "--set", "training.steps=1", "--until", "train"]
        done = run_fieldvae(*arguments, plugins=installed, cwd=root)
        assert done.returncode == 0, done.stderr
        assert (root / "example/runs/my_smoother/model").is_dir()
