import numpy as np
import pytest
import torch

from fieldvae import VOIGT, FieldSpec, Grid, OptionError, PhysicalFields, QuantityField, ShapeError
from fieldvae.data.scaling import Scaling
from fieldvae.spec import ScalingSpec

GRID = Grid(shape=(2, 1, 1))


def fields_of(**specs):
    found = {name: FieldSpec(name=name, **spec) for name, spec in specs.items()}
    tensors = {name: torch.zeros(1, len(spec.labels), 2, 1, 1) for name, spec in found.items()}
    return PhysicalFields(tensors, found, GRID)


STRESS = {"units": "MPa", "tensor_kind": "symmetric"}
STRAIN = {"units": "1", "tensor_kind": "symmetric"}
HEAT = {"units": "K"}


class TestPhysicalFields:
    def test_names_the_nearest_field_and_all_there_are(self):
        with pytest.raises(OptionError, match=r"no field 'stres'; did you mean 'stress'\? .* heat"):
            fields_of(stress=STRESS, heat=HEAT)["stres"]

    def test_finds_the_only_stress_among_other_symmetric_tensors(self):
        assert fields_of(strain=STRAIN, stress=STRESS, heat=HEAT).stress() == "stress"

    def test_takes_any_symmetric_tensor_that_is_named(self):
        assert fields_of(strain=STRAIN, stress=STRESS).stress("strain") == "strain"

    def test_asks_which_of_two_stresses_is_meant(self):
        with pytest.raises(OptionError, match=r"a and b are a symmetric tensor .* option 'of'"):
            fields_of(a=STRESS, b=STRESS).stress()

    def test_says_where_there_is_no_stress(self):
        with pytest.raises(
            OptionError, match="none of strain, heat is a symmetric tensor in units"
        ):
            fields_of(strain=STRAIN, heat=HEAT).stress()

    def test_refuses_a_field_that_is_no_symmetric_tensor(self):
        with pytest.raises(OptionError, match="'heat' is a scalar; expected a symmetric tensor"):
            fields_of(heat=HEAT).stress("heat")

    def test_names_the_components_that_a_plane_tensor_lacks(self):
        plane = fields_of(stress={**STRESS, "components": ("xx", "yy", "xy")})
        with pytest.raises(OptionError, match="lacks the components zz, xz, yz"):
            plane.matrices("stress")

    def test_matrices_follow_labels_in_any_order(self, make_symmetric):
        (matrix,) = make_symmetric(1, seed=0)
        shuffled = ("yz", "xx", "xy", "zz", "yy", "xz")
        spec = FieldSpec(name="stress", components=shuffled, **STRESS)
        values = torch.tensor([matrix["xyz".index(a), "xyz".index(b)] for a, b in shuffled])
        fields = PhysicalFields(
            {"stress": values[:, None, None, None]}, {"stress": spec}, Grid(shape=(1, 1, 1))
        )
        np.testing.assert_array_equal(fields.matrices("stress")[0, 0, 0].numpy(), matrix)

    def test_crystal_axes_undo_the_rotation_into_the_frame(
        self, make_fields, make_symmetric, make_rotation
    ):
        in_crystal, frame = make_symmetric(3, seed=1), make_rotation(2)
        fields = make_fields(frame @ in_crystal @ frame.T, frame=frame)
        turned = fields.matrices("stress", crystal=True)[:, 0, 0, 0].numpy()
        np.testing.assert_allclose(turned, in_crystal, rtol=0, atol=1e-12)

    def test_a_contraction_is_that_of_the_matrices_in_crystal_axes(
        self, make_fields, make_symmetric, make_rotation
    ):
        frame = make_rotation(2)
        fields = make_fields(frame @ make_symmetric(3, seed=1) @ frame.T, frame=frame)
        tensors = torch.randn(2, 3, 3, generator=torch.Generator().manual_seed(3)).double()
        turned = fields.matrices("stress", crystal=True)
        expected = torch.einsum("nxyzij,kij->nkxyz", turned, tensors)
        torch.testing.assert_close(fields.contracted("stress", tensors), expected)

    def test_factor_refuses_another_dimension(self):
        fields = fields_of(heat=HEAT, stress=STRESS)
        assert fields.factor("stress", "GPa") == 1e-3
        with pytest.raises(OptionError, match="'heat' is in K; expected units that convert to GPa"):
            fields.factor("heat", "GPa")

    def test_unscales_what_a_model_sees_with_its_gradient(self, foreign):
        data = foreign(samples=6).isel(sample=slice(0, 6))[["fraction", "stress"]]
        specs = {
            "fraction": FieldSpec(
                name="fraction",
                units="1",
                tensor_kind="set",
                closure="simplex",
                components=("sand", "clay", "silt"),
            ),
            "stress": FieldSpec(name="stress", units="GPa", tensor_kind="symmetric"),
        }
        scaling = Scaling.fit(data, specs, np.arange(6), ScalingSpec())
        batch = scaling.to_model(data, tuple(specs))
        batch["stress"].requires_grad_()
        grid = Grid(shape=(4, 4, 4))
        fields = PhysicalFields.from_model(batch, scaling=scaling, grid=grid)
        np.testing.assert_allclose(fields["fraction"].numpy(), data.fraction.values, atol=1e-5)
        (slope,) = torch.autograd.grad(fields["stress"].sum(), batch["stress"])
        scale = scaling.fields["stress"].scale.to(slope)
        torch.testing.assert_close(slope, scale.expand_as(slope))


class TestQuantityField:
    def test_refuses_values_without_cells(self):
        with pytest.raises(ShapeError, match=r"shape \(4, 4\); expected \(\.\.\., x, y, z\)"):
            QuantityField(torch.zeros(4, 4), "1")

    def test_refuses_labels_of_another_number_than_components(self):
        with pytest.raises(ShapeError, match=r"expected \(\.\.\., component=6, x, y, z\)"):
            QuantityField(torch.zeros(3, 4, 4, 4), "1", components=VOIGT)
