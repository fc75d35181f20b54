"""Quantities that a prediction is asked for: from the words of the command line to variables."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fieldvae import registry
from fieldvae.document import parse_document
from fieldvae.errors import OptionError, PluginError, PredictionWarning, nearest
from fieldvae.quantities.levels import QUANTILES

if TYPE_CHECKING:
    import xarray as xr

    from fieldvae.data.samples import Samples
    from fieldvae.workflow.trained import TrainedModel

_LABELED = re.compile(r"([A-Za-z]\w*)=(.*)", re.DOTALL)


@dataclass(frozen=True)
class Request:
    """A quantity whose reliability is wanted.

    Parameters
    ----------
    name
        What its variables are called.
    choice
        The quantity, ``{"use": name, option: value, ...}``.
    level
        What it may exceed, as :func:`fieldvae.exceedance` takes it; ``None`` for quantiles alone.
    """

    name: str
    choice: Mapping[str, Any]
    level: float | str | None = None


def read_requests(quantities: Sequence[str], levels: Sequence[str]) -> tuple[Request, ...]:
    """Read ``[LABEL=]QUANTITY`` and ``[LABEL=]LEVEL``, without importing torch.

    Parameters
    ----------
    quantities
        A quantity's name or, as YAML, ``{use: name, option: value}``; :func:`check_names` sees
        whether there are such. The label, the name where left out, names its variables.
    levels
        One for all quantities, or one a label.

    Raises
    ------
    OptionError
        If a level belongs to no quantity, two quantities have one label, or two levels one.

    Examples
    --------
    >>> read_requests(["von_mises_stress"], ["0.5 GPa"])
    (Request(name='von_mises_stress', choice={'use': 'von_mises_stress'}, level='0.5 GPa'),)
    """
    found: dict[str, Mapping[str, Any]] = {}
    for text in quantities:
        label, words = _split(text)
        choice = _choice(words)
        name = label or str(choice["use"])
        if name in found:
            raise OptionError(
                f"--quantity: two are called {name!r}; give one a name of its own, as in "
                f"other={text!r}"
            )
        found[name] = choice
    wanted: dict[str, str] = {}
    for text in levels:
        label, level = _split(text)
        if not found:
            raise OptionError("--exceed needs a quantity; name it by --quantity")
        if label and label not in found:
            raise OptionError(
                f"--exceed: {label!r} is no quantity asked for"
                f"{nearest(label, list(found), aside=True)}; there are {', '.join(found)}"
            )
        for name in [label] if label else found:
            if name in wanted:
                raise OptionError(
                    f"--exceed: {name!r} has two levels, {wanted[name]} and {level}; give one "
                    "(call predict's result with fieldvae.exceedance for more)"
                )
            wanted[name] = level
    return tuple(Request(name, choice, wanted.get(name)) for name, choice in found.items())


def read_quantiles(text: str | None, quantities: Sequence[str]) -> tuple[float, ...]:
    """Read ``0.05,0.5,0.95``; an empty text is for none, ``None`` for the default.

    Raises
    ------
    OptionError
        If a part is no number, or there is no quantity.
    """
    if text is None:
        return QUANTILES
    if not quantities:
        raise OptionError("--quantiles needs a quantity; name it by --quantity")
    try:
        return tuple(float(part) for part in text.split(",") if part.strip())
    except ValueError:
        raise OptionError(
            f"--quantiles {text!r}: expected numbers between 0 and 1, as in 0.05,0.5,0.95"
        ) from None


def _split(text: str) -> tuple[str, str]:
    found = _LABELED.fullmatch(text.strip())
    return (found[1], found[2].strip()) if found else ("", text.strip())


def _choice(text: str) -> Mapping[str, Any]:
    choice: Mapping[str, Any] = {"use": text}
    if text.startswith("{"):
        choice = parse_document(text, name="--quantity").data
    name = choice.get("use")
    if not isinstance(name, str):
        joined = any(":" in str(key) for key in choice)
        raise OptionError(
            f"--quantity {text}: expected a name, or 'use' with options, as in "
            "{use: resolved_shear_stress, plane: [1, 1, 1]}"
            + ("; a blank follows each colon" if joined else "")
        )
    return choice


def check_names(requests: Sequence[Request], outputs: Sequence[str]) -> None:
    """Refuse what is neither the name of a quantity nor that of an output.

    Parameters
    ----------
    requests
        What is wanted.
    outputs
        Names of the model's outputs; an output's name stands for the output itself.

    Raises
    ------
    PluginError
        With the names that there are.
    """
    for request in requests:
        name = request.choice["use"]
        trouble = registry.unknown("quantities", name)
        if trouble is not None and name not in outputs:
            listed = ", ".join(outputs)
            raise PluginError(f"--quantity: {trouble}. Outputs, which may be named too: {listed}")


def rehearse(
    model: TrainedModel,
    samples: Samples,
    requests: Sequence[Request],
    quantiles: Sequence[float],
) -> None:
    """Find what is wrong with requests on one realization of one sample, before the real work.

    Raises
    ------
    InputError
        If options, fields or levels are wrong.
    """
    if not requests:
        return
    first = samples.take([0])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PredictionWarning)
        drawn = model.predict(first.dataset, realizations=1, self_check=False)
        with_reliability(drawn, first, requests, quantiles)


def with_reliability(
    predictions: xr.Dataset,
    samples: Samples,
    requests: Sequence[Request],
    quantiles: Sequence[float],
) -> xr.Dataset:
    """Add exceedance probabilities and quantiles of every request to realizations.

    Parameters
    ----------
    predictions
        Of the samples, in their order.
    samples
        The inputs.
    requests
        What is wanted.
    quantiles
        Probabilities of the quantiles; none for none.

    Raises
    ------
    InputError
        If options, fields or levels are wrong.
    """
    from fieldvae.quantities.reliability import reliability

    for request in requests:
        found = reliability(
            predictions,
            request.choice,
            level=request.level,
            probabilities=quantiles,
            inputs=samples.dataset,
            name=request.name,
        )
        for dim in (str(dim) for dim in found.dims if dim in predictions.coords):
            if not found[dim].equals(predictions[dim]):  # two quantities call different things so
                found = found.rename({dim: f"{request.name}_{dim}"})
        predictions = predictions.merge(
            found, join="exact", compat="no_conflicts", combine_attrs="override"
        )
    return predictions
