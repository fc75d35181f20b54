"""Checks of contracts: what is shipped passes, and each breach is refused in its own words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
import torch
import xarray as xr
from fieldvae_atomistic.microelastic import microelastic
from torch import nn

from fieldvae import (
    DiagonalGaussian,
    Encoding,
    FieldSpec,
    PluginError,
    QuantityField,
    Task,
    registry,
)
from fieldvae.data.gridded import arrays
from fieldvae.testing import (
    check_decoder,
    check_encoder,
    check_field,
    check_loss,
    check_prior,
    check_quantity,
    check_smoother,
    check_source,
    check_task,
)

CHECKS = {
    "smoothers": check_smoother,
    "encoders": check_encoder,
    "decoders": check_decoder,
    "priors": check_prior,
    "losses": check_loss,
    "quantities": check_quantity,
    "fields": check_field,
    "tasks": check_task,
}

SMALL = {
    ("smoothers", "convolution"): {"channels": 4},
    ("smoothers", "paper"): {"channels": 2, "width": 2},
    ("encoders", "convolution"): {"channels": 4, "blocks": 1},
    ("encoders", "paper"): {"channels": (2,), "width": 2, "head": (2,)},
    ("decoders", "convolution"): {"channels": 4, "blocks": 1, "hidden": 3},
    ("decoders", "paper"): {"widths": (2,)},
    ("decoders", "flow"): {"channels": 4, "blocks": 1, "steps": 1},
    ("quantities", "component"): {"of": "flow"},
    ("quantities", "elastic_energy_density"): {"c11": 250.0, "c12": 150.0, "c44": 130.0},
}

SHIPPED = {"fieldvae", "fieldvae-alloys", "fieldvae-flow", "fieldvae-atomistic"}

PLUGINS = [
    (kind, extension.name)
    for kind in CHECKS
    for extension in registry.extensions(kind)
    if extension.distribution in SHIPPED
]


class TestShippedPlugins:
    @pytest.mark.parametrize(("kind", "name"), PLUGINS)
    def test_keep_their_contracts(self, kind, name):
        options = SMALL.get((kind, name), {})
        if name == "flow_matching":
            options = {"decoder": registry.load("decoders", "flow")}
        CHECKS[kind](registry.load(kind, name), **options)

    def test_sources_keep_theirs(self, tmp_path):
        check_source(microelastic, samples=2)
        np.save(tmp_path / "heat.npy", np.ones((2, 1, 3, 4)))
        axes = ("sample", "component", "x", "y")
        check_source(arrays, [tmp_path / "heat.npy"], units="heat=K", axes=axes)


class Mix(nn.Module):
    """A sound smoother, of which each breach below changes one thing."""

    any_shape = True

    def __init__(self, field, grid, condition):
        super().__init__()
        self.layout = condition.layout
        self.mix = nn.Conv3d(field.channels, condition.width, 1)

    def forward(self, field):
        return self.laid_out(self.mix(field))

    def laid_out(self, mixed):
        return mixed if self.layout == "field" else mixed.mean((-3, -2, -1))


class Narrow(Mix):
    def forward(self, field):
        return super().forward(field)[:, 1:]


class Listing(Mix):
    def forward(self, field):
        return [super().forward(field)]


class Greedy(Mix):
    def forward(self, field):
        return super().forward(field.mul_(2))


class Seedless(Mix):
    def __init__(self, field, grid, condition):
        super().__init__(field, grid, condition)
        with torch.no_grad():
            self.mix.bias.copy_(torch.from_numpy(np.random.default_rng().normal(size=5)))


class Dicing(Mix):
    def forward(self, field):
        return super().forward(field + torch.randn_like(field))


class Neighborly(Mix):
    def forward(self, field):
        return super().forward(field - field.mean(0, keepdim=True))


class Idle(Mix):
    def __init__(self, field, grid, condition):
        super().__init__(field, grid, condition)
        self.unused = nn.Linear(2, 2)


class Deaf(Mix):
    def forward(self, field):
        return super().forward(field.detach())


class Forgetful(Mix):
    def __init__(self, field, grid, condition):
        super().__init__(field, grid, condition)
        self.factor = 1 + torch.rand(())

    def forward(self, field):
        return self.factor * super().forward(field)


class Rooted(Mix):
    def __init__(self, field, grid, condition):
        super().__init__(field, grid, condition)
        self.factor = torch.full((5, 1, 1, 1), 2.0)

    def forward(self, field):
        return self.laid_out(self.factor * self.mix(field))


class Coarse(Mix):
    def forward(self, field):
        return super().forward(field).float()


class Boastful(Mix):
    def __init__(self, field, grid, condition):
        super().__init__(field, grid, condition)
        self.map = nn.Parameter(torch.ones(grid.shape3))

    def forward(self, field):
        return self.laid_out(self.mix(field) * self.map)


class Unready(Mix):
    def __init__(self, field, grid, condition):
        raise ValueError("no crystal")


def listed(field, grid, condition):
    return [field]


def open_ended(field, grid, condition, **options):
    return Mix(field, grid, condition)


def demanding(field, grid, condition, *, waves: int):
    return Mix(field, grid, condition)


SMOOTHERS = {
    Narrow: (
        "smoother Narrow for 'density' on a grid of 6 cells, layout vector: it gives the condition "
        "of shape (3, 4); expected (3, 5): (batch, width)"
    ),
    Listing: "it gives a list; expected a tensor",
    Greedy: "forward changes the field in place, which other parts see too; use operations",
    Seedless: "two networks made under one seed differ in the weight mix.bias; draw weights by",
    Dicing: "two passes in evaluation mode give the condition",
    Neighborly: "in evaluation mode the condition of a sample is",
    Idle: "no gradient reaches the weight unused.weight, shape (2, 2); use it in forward without",
    Deaf: "no gradient reaches the field, which inverse design follows; leave out detach()",
    Forgetful: "restored from its saved weights it gives the condition",
    Rooted: "moved to another device, it still uses a tensor on the CPU; make tensors with device=",
    Coarse: "in double precision it gives the condition in torch.float32; make tensors with dtype",
    Boastful: "any_shape is true, and on a grid of 12 cells it fails",
    Unready: "making it fails with ValueError: no crystal; what it cannot serve is refused with",
    listed: "it makes a list; expected a torch.nn.Module",
    open_ended: "it takes **kwargs; the signature is the schema, so every option must be named",
    demanding: "its option 'waves' has no default; expected one, as 'use: NAME' alone is to work",
}


class TestBreachesOfSmoothers:
    def test_the_sound_one_passes(self):
        check_smoother(Mix)

    @pytest.mark.parametrize("smoother", SMOOTHERS, ids=lambda s: s.__name__)
    def test_are_refused_in_their_own_words(self, smoother):
        with pytest.raises(PluginError) as caught:
            check_smoother(smoother)
        assert SMOOTHERS[smoother] in str(caught.value)
        assert str(caught.value).startswith(f"smoother {smoother.__name__}")


class Reader(nn.Module):
    def __init__(self, outputs, grid, latent, conditions):
        super().__init__()
        self.latent, self.conditions = latent, conditions

    def forward(self, outputs):
        first = next(iter(outputs.values()))
        law = torch.zeros(len(first), *self.latent.shape(self.grid_of(first)))
        return Encoding(DiagonalGaussian(law, law), {})

    def grid_of(self, field):
        from fieldvae import Grid

        return Grid(tuple(field.shape[2:]))


class Tuple(Reader):
    def forward(self, outputs):
        return tuple(outputs.values())


class Pointed(nn.Module):
    def __init__(self, outputs, grid, latent, conditions):
        super().__init__()
        self.fields = {field.name: (field.channels, *grid.shape3) for field in outputs}

    def forward(self, latent, conditions):
        return {n: torch.zeros(len(latent), *shape) for n, shape in self.fields.items()}


class Partial(Pointed):
    def forward(self, latent, conditions):
        zeros = torch.zeros(len(latent), *self.fields["stress"], dtype=latent.dtype)
        return {"stress": DiagonalGaussian(zeros)}


class Torn(Pointed):
    def forward(self, latent, conditions):
        return self.laws(latent, 0.0)

    def given(self, conditions):
        return lambda latent: self.laws(latent, 1.0)

    def laws(self, latent, value):
        return {
            n: DiagonalGaussian(torch.full((len(latent), *shape), value, dtype=latent.dtype))
            for n, shape in self.fields.items()
        }


class Bare(nn.Module):
    def __init__(self, grid, latent, conditions):
        super().__init__()

    def forward(self, conditions):
        return next(iter(conditions.values()))


class TestBreachesOfOtherNetworks:
    @pytest.mark.parametrize(
        ("check", "network", "words"),
        [
            (check_encoder, Reader, "expected the posterior's mean, the posterior's log-variance"),
            (check_encoder, Tuple, "it gives a tuple; expected a fieldvae.Encoding"),
            (
                check_decoder,
                Pointed,
                "of 'stress' is a Tensor; expected a fieldvae.DiagonalGaussian",
            ),
            (
                check_decoder,
                Partial,
                "it gives the mean of 'stress'; expected the mean of 'stress'",
            ),
            (
                check_decoder,
                Torn,
                "given(conditions)(latent) and forward(latent, conditions) differ",
            ),
            (check_prior, Bare, "the law is a Tensor; expected a fieldvae.DiagonalGaussian"),
        ],
    )
    def test_are_refused_in_their_own_words(self, check, network, words):
        with pytest.raises(PluginError) as caught:
            check(network)
        assert words in str(caught.value)
        assert network.__name__ in str(caught.value)


def spread(forward):
    return forward.outputs["stress"].var(0)


def plain(forward):
    return 3.0


def constant(forward):
    return forward.realize(2)["stress"].detach().mean()


def lone(forward):
    return forward.realize(2)["stress"].var(1).mean()


def wild(forward):
    return forward.realize(2)["strain"].mean() * torch.randn(())


def spoiling(forward):
    forward.outputs["stress"].add_(1)
    return forward.realize(2)["strain"].mean()


def hopeful(forward):
    return forward.encoding.posterior.mean.square().mean()


def steep(forward):
    drawn = forward.realize(2)["stress"]
    return (drawn - drawn.detach()).abs().sqrt().mean()


LOSSES = {
    spread: "it gives a tensor of shape (6, 6, 1, 1); expected a scalar: take the mean over",
    plain: "it gives a float; expected a scalar tensor",
    constant: "no gradient of it reaches the model; compute it with torch from what the forward",
    lone: "it gives nan for a batch of 1; expected a finite number",
    wild: "draw from forward.generator, or by forward.realize(count), so that the seed fixes all",
    spoiling: "it changes forward.outputs['stress'] in place, which other losses see too",
    hopeful: "(in a model without encoder, where forward.encoding and forward.reconstruction are",
    steep: "its gradient is not finite; the slope of a root at zero is infinite",
}


class TestBreachesOfLosses:
    @pytest.mark.filterwarnings("ignore:var\\(\\)")
    @pytest.mark.parametrize("loss", LOSSES, ids=lambda f: f.__name__)
    def test_are_refused_in_their_own_words(self, loss):
        with pytest.raises(PluginError) as caught:
            check_loss(loss)
        assert LOSSES[loss] in str(caught.value)
        assert str(caught.value).startswith(f"loss {loss.__name__} on a grid of 6 cells: ")


def raw(fields):
    return fields["heat"]


def flat(fields):
    return QuantityField(fields["heat"].flatten(0, 1).squeeze(-4), "K")


def unheard_of(fields):
    return QuantityField(fields["heat"].squeeze(-4), "kelvins_or_so")


def rounded(fields):
    return QuantityField(fields["heat"].squeeze(-4).float(), "K")


def relative(fields):
    heat = fields["heat"].squeeze(-4)
    return QuantityField(heat - heat.mean(0), "K")


def still(fields):
    return QuantityField(fields["heat"].detach().squeeze(-4), "K")


def heating(fields):
    return QuantityField(fields["heat"].detach().add_(1).squeeze(-4), "K")


QUANTITIES = {
    raw: "it gives a Tensor; expected a fieldvae.QuantityField",
    flat: "it gives values of shape (6, 6, 1, 1); expected (3, 2, 6, 1, 1): (sample, realization",
    unheard_of: "what it gives is in 'kelvins_or_so', which is no unit that pint can read",
    rounded: "of fields in double precision it gives torch.float32; make tensors with the fields'",
    relative: "apart from those of the same sample among others; expected the same: no chance",
    still: "no gradient reaches the fields, which inverse design follows; compute with torch",
    heating: "it changes the field 'heat' in place; use operations without a trailing _",
}


class TestBreachesOfQuantities:
    @pytest.mark.parametrize("quantity", QUANTITIES, ids=lambda f: f.__name__)
    def test_are_refused_in_their_own_words(self, quantity):
        with pytest.raises(PluginError) as caught:
            check_quantity(quantity)
        assert QUANTITIES[quantity] in str(caught.value)
        assert str(caught.value).startswith(f"quantity {quantity.__name__} on a grid of 6 cells: ")


@dataclass
class Noise:
    samples: int = 2
    units: str = "K"
    attributes: object = None
    shared: object = None
    growing: bool = False

    def __post_init__(self):
        self.attributes = self.attributes or {"periodic": [True]}

    def __len__(self):
        return self.samples

    def __getitem__(self, index):
        chance = self.shared or np.random.default_rng(index)
        cells = 4 + index * self.growing
        return xr.Dataset({"heat": ("x", chance.standard_normal(cells), {"units": self.units})})


class TestBreachesOfSources:
    def test_the_sound_one_passes(self):
        def noise(*, samples: int = 2):
            return Noise(samples)

        check_source(noise)

    @pytest.mark.parametrize(
        ("source", "words"),
        [
            ([], "it gives a list without attributes; expected a fieldvae.Source"),
            (Noise(0), "its source has no samples; expected one at least"),
            (Noise(units=""), "field 'heat' of sample 0 has the units ''; expected such as GPa"),
            (Noise(growing=True), "sample 1 has other fields or another shape than sample 0"),
            (Noise(attributes={"made": {1, 2}}), "its attributes cannot be kept in a store"),
            (Noise(attributes={"periodic": [True, True]}), "describe no grid of its samples"),
            (Noise(shared=np.random.default_rng(0)), "asked for in another order, is another one"),
        ],
    )
    def test_are_refused_in_their_own_words(self, source, words):
        def made():
            return source

        with pytest.raises(PluginError) as caught:
            check_source(made)
        assert words in str(caught.value)

    def test_a_source_that_no_other_process_can_read(self):
        def made():
            source = Noise()
            source.shared = lambda: 3
            source.__class__ = type("Local", (Noise,), {"__getitem__": Noise(2).__getitem__})
            return source

        with pytest.raises(PluginError, match="its source cannot be pickled"):
            check_source(made)


class TestBreachesOfDeclarations:
    @pytest.mark.parametrize(
        ("field", "words"),
        [
            ("heat", "it is a str; expected a fieldvae.FieldSpec, or a YAML file"),
            (
                FieldSpec(name="heat", units="caloric"),
                "field heat is in 'caloric', which is no unit that pint can read",
            ),
            (
                FieldSpec(name="heat", units="K", bounds=(-1.0, 1.0), scaling=("log",)),
                "field heat on a grid of 6 cells: ",
            ),
        ],
    )
    def test_fields_are_refused_in_their_own_words(self, field, words):
        with pytest.raises(PluginError) as caught:
            check_field(field)
        assert words in str(caught.value)

    def test_a_field_bears_the_name_of_its_entry_point(self):
        with pytest.raises(PluginError, match="its entry point is named 'warmth'; expected one"):
            check_field(FieldSpec(name="heat", units="K"), name="warmth")

    @pytest.mark.parametrize(
        ("task", "words"),
        [
            ({}, "task: it is a dict; expected a fieldvae.Task"),
            (Task(("heat",), ("cold",)), "task: it has no description; say in a sentence"),
            (Task(("heat",), ("cold",), "Cold."), "no field is named 'heat'"),
            (
                Task(("a",), ("b",), "B.", presets={"papers": {}}),
                "task: there is no preset 'papers'; presets: default, paper",
            ),
            (
                Task(
                    ("a",), ("b",), "B.",
                    defaults={"fields": {"a": {"units": "K"}, "b": {"units": "K"}}, "trainin": {}},
                ),
                "task under the preset 'default': task:1:1: unknown key 'trainin'; did you mean",
            ),
        ],
    )  # fmt: skip
    def test_tasks_are_refused_in_their_own_words(self, task, words):
        with pytest.raises(PluginError) as caught:
            check_task(task)
        assert words in str(caught.value)
