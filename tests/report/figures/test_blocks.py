"""Block views: what is seen of a box whose nearest corner is cut away."""

from __future__ import annotations

import io

import numpy as np
import pytest
import xarray as xr
from matplotlib.image import imread

from fieldvae.evaluation.details import VOLUME_CELLS
from fieldvae.field import FieldSpec
from fieldvae.report.figures.blocks import block_views, cut_surface, projected

SHAPES = [(4, 4, 4), (5, 3, 2), (2, 2, 7), (3, 1, 4), (1, 1, 1)]


def numbered(shape: tuple[int, ...]) -> np.ndarray:
    """A field whose values are all different."""
    return np.arange(np.prod(shape), dtype=float).reshape(shape)


def area(polygons: np.ndarray) -> np.ndarray:
    """Areas of polygons ``(polygon, corner, 2)``, positive where corners run one way around."""
    x, y = np.moveaxis(polygons, -1, 0)
    return abs((x * np.roll(y, -1, -1) - y * np.roll(x, -1, -1)).sum(-1)) / 2


@pytest.mark.parametrize("shape", SHAPES, ids=str)
class TestCutSurface:
    def test_has_one_face_for_every_line_of_cells(self, shape):
        x, y, z = shape
        surface = cut_surface(numbered(shape))
        assert np.bincount(surface.axis).tolist() == [y * z, x * z, x * y]

    def test_shows_the_first_cell_that_is_left(self, shape):
        """Behind a face is its cell; before it nothing, the cell that was cut, or the outside."""
        values = numbered(shape)[:, ::-1]
        half = np.array(shape) // 2 if min(shape) > 1 else np.zeros(3, int)
        left = np.ones(shape, bool)
        left[
            tuple(slice(n - h, n) if h else slice(0, 0) for n, h in zip(shape, half, strict=True))
        ] = 0
        surface = cut_surface(numbered(shape))
        for corners, value, axis in zip(surface.faces, surface.values, surface.axis, strict=True):
            middle = corners.mean(axis=0)
            behind = np.floor(middle - 0.5 * np.eye(3)[axis]).astype(int)
            before = behind + np.eye(3, dtype=int)[axis]
            assert values[tuple(behind)] == value
            assert left[tuple(behind)]
            assert before[axis] == shape[axis] or not left[tuple(before)]

    def test_covers_the_outline_once(self, shape):
        """Seen from the eye the faces neither overlap nor leave a gap, whatever the spacing."""
        spacing = np.array([1.0, 0.4, 2.5])
        x, y, z = spacing * shape
        outline = [[x, 0, 0], [x, y, 0], [0, y, 0], [0, y, z], [0, 0, z], [x, 0, z]]
        seen = projected(cut_surface(numbered(shape)).faces * spacing)
        assert area(seen).sum() == pytest.approx(float(area(projected(np.array([outline])))[0]))

    def test_draws_every_line_of_the_outline(self, shape):
        ends = {
            tuple(map(int, place)) for place in cut_surface(numbered(shape)).edges.reshape(-1, 3)
        }
        x, y, z = shape
        assert {(x, 0, 0), (x, y, 0), (0, y, 0), (0, y, z), (0, 0, z), (x, 0, z)} <= ends


class TestProjected:
    def test_turns_x_right_y_back_and_z_up(self):
        x, against_y, z = projected(np.eye(3))
        assert x[0] > 0
        assert against_y[0] < 0  # y runs to the right too,
        assert against_y[1] < 0  # and up, as what is farther lies higher
        assert z[0] == 0
        assert z[1] > 0


def details(shape: tuple[int, int, int], cells: tuple[int, int, int] | None = None) -> xr.Dataset:
    values = np.random.default_rng(0).standard_normal((4, 2, *shape)).astype(np.float32)
    dims = ("volume", "share_component", "volume_x", "volume_y", "volume_z")
    attributes = {"units": "1", "cells": list(cells or shape)}
    return xr.Dataset(
        {"share.volume": (dims, values, attributes)},
        coords={
            "volume": ["truth", "realization 1", "realization 2", "mean"],
            "share_component": ["Ni", "Co"],
            "shown": [7, 3, 5],
        },
        attrs={"spacing": [1.0, 1.0, 2.0]},
    )


class TestBlockViews:
    field = FieldSpec(name="share", units="1", tensor_kind="set", components=("Ni", "Co"))

    def test_show_the_first_component_of_the_median_sample(self):
        plot = block_views(self.field, details((4, 3, 3)))
        assert plot is not None
        assert plot.name == "blocks-share"
        assert plot.caption.startswith("Share Ni of sample 3, the one of median energy score.")
        picture = imread(io.BytesIO(plot.png))
        assert len(np.unique(picture.reshape(-1, picture.shape[-1]), axis=0)) > 50

    def test_of_a_part_say_so(self):
        part, whole = (VOLUME_CELLS, 4, 4), (2 * VOLUME_CELLS, 4, 4)
        plot = block_views(self.field, details(part, whole))
        assert plot is not None
        assert "Of the grid's 64 x 4 x 4 cells, 32 x 4 x 4 at the corner nearest" in plot.caption
        plain = block_views(self.field, details((4, 4, 4)))
        assert plain is not None
        assert "Of the grid's" not in plain.caption

    def test_are_of_three_dimensions_only(self):
        assert block_views(self.field, xr.Dataset()) is None
