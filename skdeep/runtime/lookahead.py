"""An optimizer for short trainings: descent with momentum that looks ahead."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
from keras import ops

__all__ = ["LookaheadSGD"]


class _Average:
    """A variable and its average, in an object whose content Keras does not track.

    Otherwise the variable, which is the network's, became a part of the optimizer's
    state.
    """

    def __init__(self, fast: Any, slow: Any) -> None:
        self.fast = fast
        self.slow = slow


@keras.saving.register_keras_serializable(package="skdeep")
class LookaheadSGD(keras.optimizers.Optimizer):
    """Stochastic gradient descent with Nesterov's momentum and lookahead.

    Every `lookahead_steps` steps the weights are pulled back towards slow ones, which
    are their moving average, and go on from there [1]_. How much counts from how far
    training has come: hardly anything at the start, where the weights must still
    travel, and ``lookahead_decay ** lookahead_steps`` of the slow weights at the end,
    where averaging removes the noise of large steps [2]_. Without a known end, as with
    a constant learning rate, nothing is averaged.

    Parameters
    ----------
    learning_rate : float, default=0.1
        Step size. Unlike in `keras.optimizers.SGD` it multiplies the velocity, not
        the gradients in it, so a lower rate also slows down what already moves.
    momentum : float in [0, 1), default=0.85
        Share of the velocity that is kept at each step.
    l2 : float, default=0.0
        Coefficient of the weights that is added to their gradient, at least 0.
    rate_factors : mapping of str to float, default=None
        Factors of the learning rate by the name of a variable, such as
        ``{"beta": 64.0}`` for the biases of batch normalisations. `l2` is divided by
        them, so that these weights decay as fast as the others.
    lookahead_steps : int, default=5
        Steps between two averages; 0 for none at all.
    lookahead_decay : float in [0, 1), default=0.95
        What is kept of the slow weights, at the end of training, for each step.
    **kwargs : object
        Passed to `keras.optimizers.Optimizer`.

    Raises
    ------
    ValueError
        If a parameter is out of its range.

    Notes
    -----
    The runtime calls :meth:`average_also` and :meth:`plan`; other training loops must
    do so to look ahead.

    References
    ----------
    .. [1] Zhang, M. R., Lucas, J., Hinton, G. & Ba, J. (2019). Lookahead optimizer: k
       steps forward, 1 step back. :doi:`10.48550/arXiv.1907.08610`
    .. [2] Jordan, K. (2024). 94% on CIFAR-10 in 3.29 seconds on a single GPU.
       :doi:`10.48550/arXiv.2404.00498`
    """

    def __init__(
        self,
        learning_rate: float = 0.1,
        momentum: float = 0.85,
        l2: float = 0.0,
        rate_factors: Mapping[str, float] | Sequence[tuple[str, float]] | None = None,
        lookahead_steps: int = 5,
        lookahead_decay: float = 0.95,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate=learning_rate, **kwargs)
        for name, value, below in (
            ("momentum", momentum, 1),
            ("l2", l2, float("inf")),
            ("lookahead_steps", lookahead_steps, float("inf")),
            ("lookahead_decay", lookahead_decay, 1),
        ):
            if not 0 <= value < below:
                raise ValueError(
                    f"{name} must be at least 0 and below {below}, got {value!r}."
                )
        self.momentum = momentum
        self.l2 = l2
        self.rate_factors = dict(rate_factors or {})
        self.lookahead_steps = lookahead_steps
        self.lookahead_decay = lookahead_decay
        self._averages: list[_Average] = []

    def build(self, variables: list[Any]) -> None:
        """Make what the optimizer remembers of each variable."""
        if self.built:
            return
        super().build(variables)
        self._velocities = self.add_optimizer_variables(variables, "velocity")
        self._factors = [float(self.rate_factors.get(v.name, 1.0)) for v in variables]
        self._first_step = self.add_variable((), dtype="int", name="first_step")
        self._n_steps = self.add_variable((), dtype="int", name="n_steps")
        self.average_also(variables)

    def average_also(self, variables: Sequence[Any]) -> None:
        """Average more variables than those that have a gradient.

        Parameters
        ----------
        variables : sequence of keras.Variable
            State that belongs to the weights, such as the moving statistics of batch
            normalisations. Those that are no floats are left alone.
        """
        if not self.lookahead_steps:
            return
        new = [
            _Average(variable, self.add_variable_from_reference(variable, "slow"))
            for variable in variables
            if "float" in str(variable.dtype)
        ]
        self._averages = [*self._averages, *new]

    def plan(self, n_steps: int) -> None:
        """Begin a training, from the weights as they are.

        Parameters
        ----------
        n_steps : int
            Number of steps that it will take; 0 if that is not known, in which case
            nothing is averaged.
        """
        self._first_step.assign(self._iterations)
        self._n_steps.assign(n_steps)
        for average in self._averages:
            average.slow.assign(average.fast)

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Change a variable and its velocity."""
        index = self._get_variable_index(variable)
        factor, velocity = self._factors[index], self._velocities[index]
        gradient = ops.cast(gradient, variable.dtype)
        if self.l2:
            gradient = gradient + variable * (self.l2 / factor)
        moved = velocity * self.momentum + gradient
        self.assign(velocity, moved)
        rate = ops.cast(learning_rate, variable.dtype) * factor
        self.assign_sub(variable, rate * (gradient + self.momentum * moved))

    def apply(self, grads: Any, trainable_variables: Any = None) -> None:
        """Make a step, and an average where one is due."""
        super().apply(grads, trainable_variables)
        if not self._averages:
            return
        step = self._iterations - self._first_step
        # The last average must not leave out the steps after the one before.
        due = (step % self.lookahead_steps == 0) | (step == self._n_steps)
        known = self._n_steps.value > 0
        ops.cond(ops.logical_and(due, known), lambda: self._average(step), lambda: None)

    def _average(self, step: Any) -> None:
        progress = ops.cast(step, "float32") / ops.cast(self._n_steps, "float32")
        kept = self.lookahead_decay**self.lookahead_steps * progress**3
        for average in self._averages:
            fast, slow = average.fast, average.slow
            mean = fast + ops.cast(kept, fast.dtype) * (slow.value - fast.value)
            slow.assign(mean)
            fast.assign(mean)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the constructor."""
        return super().get_config() | {
            "momentum": self.momentum,
            "l2": self.l2,
            "rate_factors": self.rate_factors,
            "lookahead_steps": self.lookahead_steps,
            "lookahead_decay": self.lookahead_decay,
        }
