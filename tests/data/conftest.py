import numpy as np
import pytest
import xarray as xr

from fieldvae import VOIGT, FieldSpec

FIELDS = {
    "concentration": FieldSpec(
        name="concentration", units="1", tensor_kind="set", bounds=(0, 1), closure="simplex"
    ),
    "stress": FieldSpec(name="stress", units="GPa", tensor_kind="symmetric", closure="zero-mean"),
    "flux": FieldSpec(name="flux", units="m/s", tensor_kind="vector"),
    "heat": FieldSpec(name="heat", units="K"),
    "load": FieldSpec(name="load", units="GPa", tensor_kind="symmetric", on="sample"),
    "time": FieldSpec(name="time", units="s", on="sample"),
}


def cell(*, samples=6, shape=(4, 4, 4), seed=0, **attributes):
    """A store of every kind of field, as somebody else may have made it."""
    generator = np.random.default_rng(seed)
    axes = ("x", "y", "z")[: len(shape)]
    concentration = generator.dirichlet(np.ones(3), (samples, *shape))
    stress = generator.normal(size=(samples, 6, *shape))
    stress -= stress.mean(axis=tuple(range(2, 2 + len(shape))), keepdims=True)
    return xr.Dataset(
        {
            "concentration": (("sample", *axes, "element"), concentration, {"units": "1"}),
            "stress": (("sample", "voigt", *axes), stress, {"units": "GPa"}),
            "flux": (
                ("sample", "axis", *axes),
                generator.normal(size=(samples, 3, *shape)),
                {"units": "m/s"},
            ),
            "heat": (
                ("sample", *axes),
                generator.uniform(280, 320, (samples, *shape)),
                {"units": "K"},
            ),
            "load": (("sample", "voigt"), generator.normal(size=(samples, 6)), {"units": "GPa"}),
            "time": (("sample",), generator.uniform(1, 2, samples), {"units": "s"}),
        },
        coords={
            "element": ["Co", "Cr", "Ni"],
            "voigt": list(VOIGT),
            "axis": ["x", "y", "z"],
            "temperature": ("sample", np.where(np.arange(samples) % 3, 600.0, np.nan)),
        },
        attrs={
            "spacing": [2.0] * len(shape),
            "spacing_units": "nm",
            "periodic": [True] * len(shape),
            **attributes,
        },
    )


@pytest.fixture
def dataset():
    return cell()
