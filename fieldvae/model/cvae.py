"""The conditional variational autoencoder: how its parts work together."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Literal, cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call

from fieldvae.contract import AffineScale, Batch, Encoding, ForwardPass, PhysicalOutputs
from fieldvae.errors import OptionError, ShapeError
from fieldvae.field import FieldSpec
from fieldvae.gaussian import DiagonalGaussian
from fieldvae.grid import Grid
from fieldvae.model.closure import ZeroMean, log_density
from fieldvae.model.missing import filled, hidden, known, masks, whole
from fieldvae.model.solenoidal import Solenoidal

CLEAREST = 1e-3
"""Least variance of scaled outputs that an encoder is trained by: without noise in single cells
the density of a reconstruction has no bound, and its gradient drowned all others."""

Laws = dict[str, DiagonalGaussian]


class ConditionalVAE(nn.Module):
    r"""Law of output fields given input fields, with a latent for what the inputs leave open.

    .. math:: p(y \mid x) = \int p\big(y \mid z, c(x)\big)\, p\big(z \mid c(x)\big)\, dz

    with smoothers :math:`c`, a decoder and a prior; an encoder gives the posterior
    :math:`q(z \mid y)` and its own estimate of :math:`c` (arXiv:2604.02281, section 2.1.1).

    Parameters
    ----------
    inputs, outputs
        The fields, with known components.
    grid
        The grid that the parts were built for.
    smoothers
        One for each input field.
    encoder
        ``None`` for a model that only realizes.
    decoder, prior
        From latent and conditions to the law of the outputs; from conditions to the latent's.
    scales
        Between scaled and physical values, by output; an output on a logarithmic scale has none.
    point_group
        Rotations and reflections that the law is invariant under, shape ``(operation, 3, 3)``;
        none but the identity where ``None``.
    project
        Whether means and realizations of the outputs are projected onto their closures.
    encoder_noise
        Standard deviation of the noise through which the encoder sees scaled outputs while it is
        trained. Without it an encoder relies on what hardly varies, however exact: components of
        a stress that add up to next to nothing along some waves. To it no realization is like a
        real field.
    decode
        Conditions that the decoder sees in a forward pass: the smoothers', or as in the paper
        those that the encoder recovers. Realizations always use the smoothers'.
    reconstruct
        What reconstruction and divergence of a forward pass have gradients for: ``joint``, all
        parts; ``encoder``, the encoder alone, which then learns the posterior of a decoder that
        is trained by its realizations. An encoder that sees the outputs alone and a diagonal
        posterior give a loose bound, and a decoder trained on it has less latent and more
        independent noise than the outputs' law.

    Raises
    ------
    OptionError
        If recovered conditions are to be decoded and there is no encoder.
    """

    def __init__(
        self,
        inputs: Sequence[FieldSpec],
        outputs: Sequence[FieldSpec],
        grid: Grid,
        *,
        smoothers: Mapping[str, nn.Module],
        encoder: nn.Module | None,
        decoder: nn.Module,
        prior: nn.Module,
        scales: Mapping[str, AffineScale] | None = None,
        point_group: np.ndarray | None = None,
        project: bool = True,
        encoder_noise: float = 0.0,
        decode: Literal["smoothed", "recovered"] = "smoothed",
        reconstruct: Literal["joint", "encoder"] = "joint",
    ) -> None:
        super().__init__()
        if encoder is None and decode == "recovered":
            raise OptionError(
                "decode: recovered needs an encoder; give one, or set decode: smoothed"
            )
        self.inputs = {field.name: field for field in inputs}
        self.outputs = {field.name: field for field in outputs}
        self.grid = grid
        self.smoothers = nn.ModuleList(smoothers[name] for name in self.inputs)
        self.encoder = encoder
        self.decoder = decoder
        self.prior = prior
        self.encoder_noise = encoder_noise
        self.recovers = decode == "recovered"
        self.joint = reconstruct == "joint"
        known = scales or {}
        self.scales = nn.ModuleDict({_key(name): _Scale(scale) for name, scale in known.items()})
        self.point_group = np.eye(3)[None] if point_group is None else point_group
        informed_by = getattr(decoder, "informed_by", None)
        if informed_by is not None:
            informed_by(self.physical)
        bound = [field for field in outputs if project and field.name in known]
        self.closures = nn.ModuleDict(
            {
                _key(field.name): (
                    Solenoidal(field, grid, known[field.name])
                    if field.closure == "solenoidal"
                    else ZeroMean(known[field.name])
                )
                for field in bound
                if field.zero_mean
            }
        )

    @property
    def parts(self) -> dict[str, nn.Module]:
        """The networks by kind, those that the model has."""
        settled = ("scales", "closures")
        return {name: part for name, part in self.named_children() if name not in settled}

    @property
    def physical(self) -> PhysicalOutputs:
        """What the scaled outputs are in the world."""
        scales = {
            name: AffineScale(*self.scales[_key(name)].buffers())
            for name in self.outputs
            if _key(name) in self.scales
        }
        return PhysicalOutputs(self.outputs, self.grid, scales, self.point_group)

    @property
    def any_shape(self) -> bool:
        """Whether the model serves grids of another shape than it was built for."""
        parts = [*self.smoothers, self.decoder, self.prior]
        parts += [] if self.encoder is None else [self.encoder]
        return all(getattr(part, "any_shape", False) for part in parts)

    def begin_with(self, inputs: Batch, outputs: Batch) -> None:
        """Show the training samples to a decoder that wants to see them before it is trained.

        Parameters
        ----------
        inputs, outputs
            Scaled fields by name, each ``(batch, component, x, y, z)``, missing values NaN.
        """
        begin_with = getattr(self.decoder, "begin_with", None)
        if begin_with is not None:
            begin_with(inputs, outputs)

    def smooth(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Smooth every input to its condition.

        Parameters
        ----------
        inputs
            Scaled fields, each ``(batch, component, x, y, z)``, missing values NaN; a field on no
            grid has one cell and is spread over the grid.

        Returns
        -------
        dict
            Conditions by input, ``(batch, *condition.shape)``.

        Raises
        ------
        ShapeError
            If an input has other components, or a grid that the model cannot serve.
        """
        on_grid = [inputs[n] for n, field in self.inputs.items() if field.on == "grid"]
        shape = on_grid[0].shape[2:] if on_grid else self.grid.shape3
        found = {}
        for smoother, (name, field) in zip(self.smoothers, self.inputs.items(), strict=True):
            value = inputs[name]
            if field.on == "sample":
                value = value.expand(*value.shape[:2], *shape)
            self._check_shape(name, value, field.channels)
            found[name] = _smoothed(smoother, field, value)
        return found

    def encode(self, outputs: Mapping[str, Tensor]) -> Encoding:
        """Read the latent's posterior and the recovered conditions off the outputs.

        Parameters
        ----------
        outputs
            Scaled fields, each ``(batch, component, x, y, z)``, missing values NaN.

        Raises
        ------
        OptionError
            If the model has no encoder.
        ShapeError
            If an output has other components, or a grid that the model cannot serve.
        """
        if self.encoder is None:
            raise OptionError("the model has no encoder; there is nothing to encode with")
        for name, field in self.outputs.items():
            self._check_shape(name, outputs[name], field.channels)
        given = {name: outputs[name] for name in self.outputs}
        mask = masks(given, self.outputs)
        told = (mask,) if mask and getattr(self.encoder, "sees_mask", False) else ()
        encoding: Encoding = self.encoder(whole(given, mask), *told)
        return encoding

    def decode(self, latent: Tensor, conditions: Mapping[str, Tensor]) -> Laws:
        """Give the law of every output; means are projected, variances are those before it.

        Parameters
        ----------
        latent
            Shape ``(batch, *latent.shape)``.
        conditions
            By input, ``(batch, *condition.shape)``.
        """
        return self._given(conditions)(latent, 1)

    def realize(
        self,
        conditions: Mapping[str, Tensor],
        count: int,
        generator: torch.Generator | None = None,
    ) -> Batch:
        """Draw realizations: a latent from the prior, decoded, with the law's noise, projected.

        Parameters
        ----------
        conditions
            Smoothed conditions by input.
        count
            Realizations a sample.
        generator
            Source of chance, on the model's device.

        Returns
        -------
        dict
            Scaled outputs, each ``(count, batch, component, x, y, z)``.
        """
        return self._realize(self.prior(conditions), self._given(conditions), count, generator)

    def realize_from(
        self,
        conditions: Mapping[str, Tensor],
        latent: Tensor,
        noise: Mapping[str, Tensor] | None = None,
    ) -> Batch:
        r"""Make the realizations that belong to given standard-normal numbers.

        .. math:: z = \mu + \sigma \odot \epsilon, \qquad y = \mu_y(z) + \sigma_y \odot \epsilon_y

        A fixed choice of numbers makes the realizations a smooth function of the conditions.

        Parameters
        ----------
        conditions
            Smoothed conditions by input.
        latent
            :math:`\epsilon`, shape ``(count, batch, *latent.shape)``.
        noise
            :math:`\epsilon_y` by output, each ``(count, batch, component, x, y, z)``; ``None``
            for the means of the outputs' laws.

        Returns
        -------
        dict
            Scaled outputs, each ``(count, batch, component, x, y, z)``.
        """
        prior = self.prior(conditions)
        drawn = (prior.mean + prior.stddev * latent).flatten(0, 1)
        made = {}
        for name, law in self._given(conditions)(drawn, len(latent)).items():
            field = law.mean
            if noise is not None and law.log_variance is not None:
                field = field + (0.5 * law.log_variance).exp() * noise[name].flatten(0, 1)
                field = self._closed(name, field)
            made[name] = torch.unflatten(field, 0, latent.shape[:2])
        return made

    def forward(
        self,
        inputs: Batch,
        outputs: Batch,
        generator: torch.Generator | None = None,
    ) -> ForwardPass:
        """Pass a batch through all parts, for the losses to look at.

        Parameters
        ----------
        inputs, outputs
            Scaled fields by name, each ``(batch, component, x, y, z)``, missing values NaN.
        generator
            Source of chance, on the model's device.
        """
        conditions = self.smooth(inputs)
        prior = self.prior(conditions)
        decode = self._given(conditions)
        encoding = reconstruction = None
        if self.encoder is not None:
            encoding = self.encode(self._noisy(outputs, generator))
            latent = encoding.posterior.sample(generator)
            seen = encoding.recovered if self.recovers else conditions
            if not self.joint:
                reconstruction = self._decode_unchanged(latent, seen)
            else:
                reconstruction = (self._given(seen) if self.recovers else decode)(latent, 1)
        mask = masks(outputs, self.outputs)
        truth = whole(outputs, mask)
        if reconstruction is not None:
            reconstruction = masked(reconstruction, mask)

        def density(name: str) -> Tensor:
            if reconstruction is None:
                raise OptionError("a model without encoder has no reconstruction")
            law, value, closure = reconstruction[name], truth[name], self._closure(name)
            if closure is None:
                return log_density(law, value, projected=False, known=mask.get(name))
            return closure.log_density(law, value)

        @cache
        def drawn(count: int) -> Batch:
            return hidden(self._realize(prior, decode, count, generator), mask)

        return ForwardPass(
            inputs=whole(inputs, masks(inputs, self.inputs)),
            outputs=truth,
            conditions=conditions,
            prior=prior if self.joint else prior.detach(),
            encoding=encoding,
            reconstruction=reconstruction,
            realize=drawn,
            log_density=density,
            decoder=self.decoder,
            generator=generator,
            physical=self.physical,
            known=mask,
        )

    def _noisy(
        self, outputs: Mapping[str, Tensor], generator: torch.Generator | None
    ) -> Mapping[str, Tensor]:
        """Return outputs as an encoder in training sees them; missing values stay missing."""
        if not self.training or not self.encoder_noise:
            return outputs
        spread = torch.tensor(2 * math.log(self.encoder_noise))
        return {
            name: DiagonalGaussian(value, spread).sample(generator)
            for name, value in outputs.items()
        }

    def _given(self, conditions: Mapping[str, Tensor]) -> Callable[[Tensor, int], Laws]:
        """Return the map from latents, count times the batch of the conditions, to laws.

        A decoder with a method ``given`` does once what depends on the conditions alone; any
        other sees the conditions repeated.
        """
        ordered = {name: conditions[name] for name in self.inputs}
        given = getattr(self.decoder, "given", None)
        prepared = None if given is None else given(ordered)

        def decode(latent: Tensor, count: int) -> Laws:
            if prepared is not None:
                laws = prepared(latent)
            else:
                laws = self.decoder(latent, {n: _repeat(c, count) for n, c in ordered.items()})
            return {name: self._project(name, laws[name]) for name in self.outputs}

        return decode

    def _decode_unchanged(self, latent: Tensor, conditions: Mapping[str, Tensor]) -> Laws:
        """Decode with no gradient for the decoder; what made latent and conditions has one.

        Smoothers have none either, unless the encoder recovers the conditions. A variance below
        :data:`CLEAREST` counts as this.
        """
        weights = {name: values.detach() for name, values in self.decoder.named_parameters()}
        given = {
            name: conditions[name] if self.recovers else conditions[name].detach()
            for name in self.inputs
        }
        laws = functional_call(self.decoder, weights, (latent, given))
        return {name: self._project(name, _clear(laws[name])) for name in self.outputs}

    def _project(self, name: str, law: DiagonalGaussian) -> DiagonalGaussian:
        self._check_shape(name, law.mean, self.outputs[name].channels)
        return DiagonalGaussian(self._closed(name, law.mean), law.log_variance)

    def _realize(
        self,
        prior: DiagonalGaussian,
        decode: Callable[[Tensor, int], Laws],
        count: int,
        generator: torch.Generator | None,
    ) -> Batch:
        latent = _repeated(prior, count).sample(generator)
        drawn = {}
        for name, law in decode(latent, count).items():
            field = self._closed(name, law.sample(generator))
            drawn[name] = torch.unflatten(field, 0, (count, -1))
        return drawn

    def _closed(self, name: str, field: Tensor) -> Tensor:
        """Project a scaled output onto its closure, where it has one."""
        closure = self._closure(name)
        return field if closure is None else closure.project(field)

    def _closure(self, name: str) -> ZeroMean | Solenoidal | None:
        key = _key(name)
        return cast(ZeroMean | Solenoidal, self.closures[key]) if key in self.closures else None

    def _check_shape(self, name: str, value: Tensor, channels: int) -> None:
        cells = ("x", "y", "z") if self.any_shape else self.grid.shape3
        fits = value.ndim == 5 and value.shape[1] == channels
        if not fits or not (self.any_shape or value.shape[2:] == self.grid.shape3):
            expected = f"(batch, component={channels}, {', '.join(map(str, cells))})"
            raise ShapeError(f"{name} has shape {tuple(value.shape)}; expected {expected}")


class _Scale(nn.Module):
    """A scale that moves with the model and is not among its weights."""

    def __init__(self, scale: AffineScale) -> None:
        super().__init__()
        self.register_buffer("offset", scale.offset, persistent=False)
        self.register_buffer("scale", scale.scale, persistent=False)


def _key(name: str) -> str:
    """Name of an output's part, which a module's own attributes cannot have."""
    return f"of_{name}"


def masked(laws: Mapping[str, DiagonalGaussian], mask: Mapping[str, Tensor]) -> Laws:
    """Set the means of laws to zero where a truth is missing, as :func:`.missing.hidden` does."""
    means = hidden({name: law.mean for name, law in laws.items()}, mask)
    return {name: DiagonalGaussian(means[name], law.log_variance) for name, law in laws.items()}


def _smoothed(smoother: nn.Module, field: FieldSpec, values: Tensor) -> Tensor:
    """Smooth an input, of which missing values are filled and, to whom can see it, told."""
    given: tuple[Tensor, ...] = (values,)
    if field.mask:
        given = (filled(values),)
        if getattr(smoother, "sees_mask", False):
            given = (*given, known(values))
    condition: Tensor = smoother(*given)
    return condition


def _clear(law: DiagonalGaussian) -> DiagonalGaussian:
    """Return a law with a variance of :data:`CLEAREST` at least, where it has one."""
    if law.log_variance is None:
        return law
    return DiagonalGaussian(law.mean, law.log_variance.clamp(min=math.log(CLEAREST)))


def _repeat(values: Tensor, count: int) -> Tensor:
    """Repeat a batch ``count`` times, one whole batch after the other."""
    return values if count == 1 else values.repeat(count, *[1] * (values.ndim - 1))


def _repeated(law: DiagonalGaussian, count: int) -> DiagonalGaussian:
    if law.log_variance is None:
        return DiagonalGaussian(_repeat(law.mean, count))
    spread = law.log_variance.expand_as(law.mean)
    return DiagonalGaussian(_repeat(law.mean, count), _repeat(spread, count))
