"""Layers that hand a code on and charge the training for how it looks."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers, ops

from skdeep.networks.activation_derivatives import DERIVATIVES
from skdeep.networks.references import check_has_kernel, reference_to, referred_layer

__all__ = ["ContractivePenalty", "SparsityPenalty"]

# Mean activations are kept this far from 0 and 1, where the divergence is infinite.
_MARGIN = 1e-6


@keras.saving.register_keras_serializable(package="skdeep")
class SparsityPenalty(layers.Layer):
    """Hand a code on; in training, add a loss that few of its units are active.

    With "l1" the loss is `weight` times the sum of the absolute activations of a
    row, mean over the rows of the batch. With "kl" it is `weight` times the sum over
    units of the Kullback-Leibler divergence from a coin that shows heads with
    probability `target` to one that does so with the unit's mean activation over the
    batch; activations must then lie between 0 and 1. The divergence is Ng's [2]_, in
    place of the squared difference of both that Lee et al. [1]_ use.

    Parameters
    ----------
    kind : {"l1", "kl"}
        Which loss.
    weight : float
        Factor of the loss.
    target : float in (0, 1), default=0.1
        Wanted mean activation; for "kl" only.
    **kwargs : object
        Passed to `keras.layers.Layer`.

    Raises
    ------
    ValueError
        If `kind` is unknown or `target` is not between 0 and 1.

    References
    ----------
    .. [1] Lee, H., Ekanadham, C. & Ng, A. Y. (2008). Sparse deep belief net model for
       visual area V2. Advances in Neural Information Processing Systems 20, 873-880.
    .. [2] Ng, A. (2011). Sparse autoencoder. Lecture notes of CS294A, Stanford
       University.

    Examples
    --------
    >>> import numpy as np
    >>> from skdeep.networks.penalties import SparsityPenalty
    >>> penalty = SparsityPenalty("l1", weight=0.5)
    >>> codes = penalty(np.array([[1.0, -3.0], [0.0, 4.0]]), training=True)
    >>> float(penalty.losses[0])
    2.0
    """

    def __init__(
        self, kind: str, weight: float, target: float = 0.1, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        if kind not in ("l1", "kl"):
            raise ValueError(f'kind must be "l1" or "kl", got {kind!r}.')
        if not 0 < target < 1:
            raise ValueError(f"target must be between 0 and 1, got {target!r}.")
        self.kind = kind
        self.weight = weight
        self.target = target
        self.built = True

    def call(self, codes: Any, training: bool = False) -> Any:
        """Return the codes unchanged."""
        if training:
            measure = self._l1 if self.kind == "l1" else self._divergence
            self.add_loss(self.weight * measure(codes))
        return codes

    @staticmethod
    def _l1(codes: Any) -> Any:
        return ops.mean(ops.sum(ops.abs(codes), axis=-1))

    def _divergence(self, codes: Any) -> Any:
        wanted = self.target
        found = ops.clip(ops.mean(codes, axis=0), _MARGIN, 1 - _MARGIN)
        heads = wanted * ops.log(wanted / found)
        tails = (1 - wanted) * ops.log((1 - wanted) / (1 - found))
        return ops.sum(heads + tails)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the codes."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Return the constructor arguments."""
        own = {"kind": self.kind, "weight": self.weight, "target": self.target}
        return {**super().get_config(), **own}


@keras.saving.register_keras_serializable(package="skdeep")
class ContractivePenalty(layers.Layer):
    """Hand a code on; in training, add the squared norm of its Jacobian to the loss.

    The added loss is `weight` times the squared Frobenius norm of the derivatives of
    the code with respect to the input of the first dense layer [1]_, mean over the
    rows of the batch. It is exact for any number of dense layers.

    Called on a list: the code, then the weighted sums of every dense layer, in the
    order of the layers.

    Parameters
    ----------
    weight : float
        Factor of the loss.
    sources : sequence of keras.layers.Dense
        The dense layers between input and code, without activations of their own.
    activations : sequence of str
        Names of the Keras activations that follow each of them.
    **kwargs : object
        Passed to `keras.layers.Layer`.

    Raises
    ------
    ValueError
        If the derivative of an activation is not known.

    References
    ----------
    .. [1] Rifai, S., Vincent, P., Muller, X., Glorot, X. & Bengio, Y. (2011).
       Contractive auto-encoders: explicit invariance during feature extraction.
       ICML 2011, 833-840.

    Examples
    --------
    >>> import keras
    >>> from skdeep.networks.penalties import ContractivePenalty
    >>> dense = keras.layers.Dense(2, kernel_initializer="ones")
    >>> penalty = ContractivePenalty(0.5, [dense], ["linear"])
    >>> codes = dense(keras.ops.zeros((1, 3)))
    >>> same = penalty([codes, codes], training=True)
    >>> float(penalty.losses[0])
    3.0
    """

    sources: tuple[layers.Dense, ...]

    def __init__(
        self,
        weight: float,
        sources: Sequence[layers.Dense],
        activations: Sequence[str],
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        for activation in activations:
            if activation not in DERIVATIVES:
                raise ValueError(
                    f"The contractive penalty needs the derivative of the activation "
                    f"{activation!r}, which is not known here. Use one of "
                    f"{', '.join(sorted(DERIVATIVES))}, or leave the penalty out."
                )
        self.weight = weight
        self.activations = tuple(activations)
        # Past Keras' tracking of attributes: these layers are no part of this one.
        self.__dict__["sources"] = tuple(sources)
        self.built = True

    def call(self, inputs: Sequence[Any], training: bool = False) -> Any:
        """Return the first of the inputs, the code, unchanged."""
        for source in self.sources:
            check_has_kernel(source, self)
        codes, *sums = inputs
        if training:
            self.add_loss(self.weight * ops.mean(self.squared_norms(sums)))
        return codes

    def squared_norms(self, sums: Sequence[Any]) -> Any:
        """Return the squared Frobenius norm of the Jacobian of each row.

        Parameters
        ----------
        sums : sequence of tensors of shape (n_rows, n_units)
            What each dense layer returns.

        Returns
        -------
        squared_norms : tensor of shape (n_rows,)
        """
        slopes = [
            DERIVATIVES[name](z) for name, z in zip(self.activations, sums, strict=True)
        ]
        kernels = [ops.cast(s.kernel, slopes[0].dtype) for s in self.sources]
        if len(slopes) == 1:
            lengths = ops.sum(ops.square(kernels[0]), axis=0)
            return ops.matmul(ops.square(slopes[0]), lengths)
        # Derivatives of the code by the sums of the first layer, from the code down.
        # The input itself, usually the widest layer, enters through a Gram matrix.
        jacobian = slopes[-1][:, :, None] * ops.transpose(kernels[-1])
        for slope, kernel in zip(slopes[-2:0:-1], kernels[-2:0:-1], strict=True):
            jacobian = ops.matmul(jacobian * slope[:, None, :], ops.transpose(kernel))
        jacobian = jacobian * slopes[0][:, None, :]
        gram = ops.matmul(ops.transpose(kernels[0]), kernels[0])
        return ops.sum(ops.matmul(jacobian, gram) * jacobian, axis=(1, 2))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the codes."""
        return input_shape[0]

    def get_config(self) -> dict[str, Any]:
        """Return the constructor arguments."""
        own = {
            "weight": self.weight,
            "sources": [reference_to(source) for source in self.sources],
            "activations": self.activations,
        }
        return {**super().get_config(), **own}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "ContractivePenalty":
        """Return the layer of a configuration."""
        sources = [referred_layer(source) for source in config["sources"]]
        return cls(**{**config, "sources": sources})
