"""Carry points along a velocity that depends on time."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

Velocity = Callable[[Tensor, Tensor], Tensor]
"""``velocity(points, time)``; time has one number for all points, shape ``(1,)``, or one each."""


def transport(velocity: Velocity, start: Tensor, *, steps: int) -> Tensor:
    r"""Integrate from time 0 to time 1 by the explicit midpoint rule.

    .. math:: x_{n+1} = x_n + h\, v\big(x_n + \tfrac h2 v(x_n, t_n),\; t_n + \tfrac h2\big),
              \qquad h = 1 / \mathrm{steps}

    Its error falls with the square of the step; straight paths are followed exactly. The velocity
    is evaluated twice a step, and never at time 1.

    Parameters
    ----------
    velocity
        From points and time to their velocity.
    start
        Points at time 0, any shape.
    steps
        Number of equal steps.

    Returns
    -------
    Tensor
        Points at time 1, shape of ``start``; gradients reach ``start`` and the velocity's weights.

    Examples
    --------
    >>> import torch
    >>> transport(lambda points, time: 3 * time**2, torch.zeros(1), steps=100)
    tensor([1.0000])
    """
    points, step = start, 1 / steps
    for number in range(steps):
        time = start.new_tensor([number * step])
        halfway = points + 0.5 * step * velocity(points, time)
        points = points + step * velocity(halfway, time + 0.5 * step)
    return points
