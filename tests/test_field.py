import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from fieldvae.field import VOIGT, FieldSpec

STRESS = FieldSpec(name="stress", units="GPa", tensor_kind="symmetric")
FLOW = FieldSpec(name="flow", units="m/s", tensor_kind="vector")
STIFFNESS = FieldSpec(
    name="moduli",
    units="GPa",
    tensor_kind="stiffness",
    components=tuple(f"{i}{j}" for i in range(1, 7) for j in range(i, 7)),
)

ANGLES = st.tuples(*[st.floats(0, 6.28)] * 3)


def rotation(angles) -> np.ndarray:
    matrix = np.eye(3)
    for axis, angle in enumerate(angles):
        turn = np.eye(3)
        i, j = (axis + 1) % 3, (axis + 2) % 3
        turn[[i, i, j, j], [i, j, i, j]] = (
            np.cos(angle),
            -np.sin(angle),
            np.sin(angle),
            np.cos(angle),
        )
        matrix = matrix @ turn
    return matrix


def as_matrix(stress: np.ndarray) -> np.ndarray:
    full = np.empty((3, 3))
    for value, label in zip(stress, VOIGT, strict=True):
        i, j = ("xyz".index(letter) for letter in label)
        full[i, j] = full[j, i] = value
    return full


class TestRotation:
    @given(ANGLES)
    def test_turns_a_symmetric_tensor_as_matrices_do(self, angles):
        turn, stress = rotation(angles), np.arange(1.0, 7.0)
        turned = as_matrix(STRESS.rotation(turn) @ stress)
        np.testing.assert_allclose(turned, turn @ as_matrix(stress) @ turn.T, atol=1e-10)

    @pytest.mark.parametrize("field", [STRESS, FLOW, STIFFNESS], ids=lambda f: f.tensor_kind)
    @given(first=ANGLES, second=ANGLES)
    def test_is_a_representation(self, field, first, second):
        one, two = rotation(first), rotation(second)
        np.testing.assert_allclose(
            field.rotation(one @ two), field.rotation(one) @ field.rotation(two), atol=1e-10
        )

    @given(ANGLES)
    def test_leaves_an_isotropic_stiffness_alone(self, angles):
        lame, shear = 2.0, 1.5
        isotropic = np.array(
            [
                (lame + 2 * shear if i == j else lame) if max(i, j) <= 3 else shear * (i == j)
                for i in range(1, 7)
                for j in range(i, 7)
            ]
        )
        np.testing.assert_allclose(
            STIFFNESS.rotation(rotation(angles)) @ isotropic, isotropic, atol=1e-10
        )

    def test_leaves_a_set_alone(self):
        field = FieldSpec(name="c", units="1", tensor_kind="set", components=("A", "B"))
        np.testing.assert_array_equal(field.rotation(rotation((1, 2, 3))), np.eye(2))

    def test_refuses_to_leave_the_components(self):
        plane = FieldSpec(name="p", units="1", tensor_kind="vector", components=("x", "y"))
        with pytest.raises(ValueError, match="carries 'p' out of its components"):
            plane.rotation(rotation((1, 0, 0)))


class TestFieldSpec:
    def test_drops_the_last_component_of_a_simplex(self):
        field = FieldSpec(
            name="c", units="1", tensor_kind="set", components=("A", "B", "C"), closure="simplex"
        )
        assert field.channels == 2

    def test_does_not_know_components_left_to_the_store(self):
        field = FieldSpec(name="c", units="1", tensor_kind="set")
        with pytest.raises(ValueError, match="not known before a store is read"):
            _ = field.labels
        assert field.with_components(["A", "B"]).channels == 2

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"tensor_kind": "vector", "components": ["x", "w"]}, "component 'w' is none of"),
            ({"components": ["a", "b"]}, "is it a 'set'"),
            ({"tensor_kind": "set", "components": ["a", "a"]}, "must be distinct"),
            ({"bounds": [1, 0]}, "leave nothing between"),
            ({"closure": "simplex"}, "needs tensor_kind 'set'"),
            ({"name": "two words"}, "pattern"),
        ],
    )
    def test_refuses(self, options, message):
        with pytest.raises(ValidationError, match=message):
            FieldSpec.model_validate({"name": "f", "units": "1", **options})


class TestSolenoidal:
    def test_keeps_the_mean_too(self):
        field = FieldSpec(name="stress", units="GPa", tensor_kind="symmetric", closure="solenoidal")
        assert field.zero_mean

    @pytest.mark.parametrize("other", [{"tensor_kind": "vector"}, {"on": "sample"}])
    def test_needs_a_symmetric_tensor_on_a_grid(self, other):
        given = {"name": "stress", "units": "GPa", "tensor_kind": "symmetric", **other}
        with pytest.raises(ValidationError, match="needs tensor_kind 'symmetric' on a grid"):
            FieldSpec(**given, closure="solenoidal")
