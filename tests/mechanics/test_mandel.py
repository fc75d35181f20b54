import numpy as np
from numpy.testing import assert_allclose

from fieldvae.data.pointgroup import cubic
from fieldvae.field import FieldSpec
from fieldvae.mechanics.mandel import WEIGHTS, turning

STRESS = FieldSpec(name="stress", units="GPa", tensor_kind="symmetric")


def test_turns_as_the_components_of_a_field_do():
    chance = np.random.default_rng(0)
    for seed in range(5):
        operation, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
        (turn,) = turning(operation[None])
        components = chance.normal(size=6)
        turned = STRESS.rotation(operation) @ components
        assert_allclose(turn @ (WEIGHTS * components), WEIGHTS * turned, atol=1e-12)


def test_keeps_lengths():
    for turn in turning(cubic()):
        assert_allclose(turn @ turn.T, np.eye(6), atol=1e-12)
