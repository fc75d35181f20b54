import sys
from importlib.metadata import entry_points

import pytest

from fieldvae.errors import SpecError
from fieldvae.workflow.filling import make_plan, preset_names, resolve

TASK = """\
name: t
fields:
  p: {units: m}
  q: {units: m}
inputs: [p]
outputs: [q]
data: {store: store.zarr}
"""


def installed(kind):
    """Names of all plugins of a kind."""
    return sorted(entry.name for entry in entry_points(group=f"fieldvae.{kind}"))


@pytest.fixture
def plan(tmp_path):
    def make(text: str, *settings: str):
        path = tmp_path / "task.yaml"
        path.write_text(text)
        return make_plan(path, settings)

    return make


class TestMakePlan:
    def test_lays_the_file_over_the_preset(self, plan):
        spec = plan(TASK + "model: {latent: 3}\n").spec
        assert spec.model.latent == 3
        assert spec.model.decoder.use == "convolution"
        assert spec.losses

    def test_lays_the_file_over_the_plugin_s_task(self, plan):
        spec = plan("task: stress\ndata: {store: s.zarr}\nsymmetry: translations\n").spec
        assert spec.name == "stress"
        assert spec.inputs == ("concentration", "warren_cowley")
        assert spec.symmetry == ("translations",)
        assert spec.data.stratify == "temperature"

    def test_takes_what_a_task_says_of_a_preset(self, plan):
        paper = plan("task: stress\ndata: {store: s.zarr}\nmodel: {preset: paper}\n").spec
        assert paper.symmetry == ("none",)

    def test_gives_other_conditions_the_preset_s_width(self, plan):
        text = TASK.replace("inputs: [p]", "inputs: [p, r]").replace(
            "q: {", "r: {units: m}\n  q: {"
        )
        spec = plan(text + "model: {preset: paper, condition: {p: 40}}\n").spec
        assert [spec.model.condition_width(name) for name in ("p", "r")] == [40, 150]

    def test_finds_the_data_beside_the_task(self, plan, tmp_path):
        assert plan(TASK).spec.data.store == (tmp_path / "store.zarr",)

    def test_drops_the_preset_s_steps_where_epochs_are_given(self, plan):
        training = plan(TASK + "training: {epochs: 7}\n").spec.training
        assert (training.epochs, training.steps) == (7, None)

    def test_reads_a_field_from_a_file_of_its_own(self, plan, tmp_path):
        (tmp_path / "p.yaml").write_text("units: m\nlong_name: Pressure head\n")
        spec = plan(TASK.replace("p: {units: m}", "p: p.yaml")).spec
        assert spec.fields["p"].long_name == "Pressure head"

    def test_reads_what_it_wrote(self, plan):
        spec = plan(TASK).spec
        assert make_plan(spec.model_dump(mode="json")).spec == spec

    @pytest.mark.parametrize("preset", preset_names())
    def test_every_preset_is_a_whole_task_with_sound_options(self, plan, preset):
        assert resolve(plan(TASK + f"model: {{preset: {preset}}}\n")).options

    def test_tells_structure_and_names_at_once(self, plan, tmp_path):
        text = (
            TASK.replace("inputs: [p]", "inputs: [p, concentratoin]")
            + "modle: {}\n"
            + "model:\n  preset: papr\n  encoder: {use: convolutional}\n"
            + "  smoothers: {r: pointwise}\n"
            + "losses: [reconstruction, {use: energy}]\n"
        )
        with pytest.raises(SpecError) as caught:
            plan(text, "training.epochs=-1")
        told = str(caught.value).replace(str(tmp_path) + "/", "").splitlines()
        assert told == [
            "--set #1: training.epochs: expected a number above 0; found -1",
            "task.yaml:5:13: inputs.1: no field is named 'concentratoin'; did you mean "
            "'concentration'? Installed: "
            + ", ".join(installed("fields"))
            + "; or declare it under fields:",
            "task.yaml:8:1: unknown key 'modle'; did you mean 'model'?",
            "task.yaml:10:3: model.preset: there is no preset 'papr'; did you mean 'paper'?",
            "task.yaml:11:13: model.encoder.use: no encoder is named 'convolutional'; did you mean "
            f"'convolution'? Installed: {', '.join(installed('encoders'))}",
            "task.yaml:12:15: model.smoothers.r: 'r' is no input; inputs: p, concentratoin",
            "task.yaml:13:27: losses.1.use: no loss is named 'energy'; did you mean "
            f"'energy_score'? Installed: {', '.join(installed('losses'))}",
        ]

    def test_names_a_missing_task_plugin(self, plan):
        with pytest.raises(SpecError, match=r"task\.yaml:1:1: task: no task is named 'stres'; did"):
            plan("task: stres\ndata: {store: s.zarr}\n")

    def test_names_the_file_of_a_wrong_field(self, plan, tmp_path):
        (tmp_path / "p.yaml").write_text("unit: m\n")
        with pytest.raises(SpecError, match=r"p\.yaml:1:1: unknown key 'unit'; did you mean"):
            plan(TASK.replace("p: {units: m}", "p: p.yaml"))


class TestResolve:
    def test_tells_fields_of_a_logarithm_that_the_task_asks_for(self, plan):
        text = TASK.replace("q: {units: m}", "q: {units: m, scaling: minmax}")
        fields = resolve(plan(text, "data.scaling.method=log")).fields
        assert fields["p"].scaling == ("log",)
        assert fields["q"].scaling == ("minmax",)
        assert resolve(plan(text)).fields["p"].scaling is None

    def test_tells_every_wrong_option_at_once(self, plan, tmp_path):
        text = TASK + (
            "model:\n"
            "  smoother: {use: convolution, chanels: 3}\n"
            "  decoder: {use: convolution, channels: many}\n"
            "losses: [{use: kl, reduction: product}]\n"
        )
        with pytest.raises(SpecError) as caught:
            resolve(plan(text))
        told = str(caught.value)
        assert (
            "task.yaml:9:32: unknown key 'chanels' in 'model.smoother'; did you mean 'channels'?"
            in told
        )
        assert "task.yaml:10:31: model.decoder.channels: expected a whole number" in told
        assert "task.yaml:11:20: losses.0.reduction: expected" in told

    def test_refuses_an_output_that_is_on_no_grid(self, plan):
        text = TASK.replace("q: {units: m}", "q: {units: m, on: sample}")
        assert text != TASK
        with pytest.raises(SpecError, match=r"task\.yaml:\d+:\d+: outputs: 'q' is one value a"):
            resolve(plan(text))


def test_a_plan_needs_no_torch(tmp_path):
    import subprocess

    path = tmp_path / "task.yaml"
    path.write_text("task: stress\ndata: {store: s.zarr}\n")
    code = (
        "import sys, pathlib; from fieldvae.workflow.filling import make_plan;"
        f"make_plan(pathlib.Path({str(path)!r})); print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
