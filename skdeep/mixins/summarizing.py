"""What an estimator says of its network."""

from collections.abc import Collection
from numbers import Integral
from typing import Any

from sklearn.utils.validation import check_is_fitted

from skdeep import runtime
from skdeep.mixins.network_summary import NetworkSummary
from skdeep.networks.layer_costs import at_length, input_bytes, layer_costs


class SummaryMixin:
    """What the network is made of, and what it costs."""

    # Of a network with several outputs, those that the loss looks at.
    _trained_outputs: Collection[str] | None = None

    def summary(self, batch_size=None):
        """Summarise the fitted network: layers, multiply-adds, memory.

        Parameters
        ----------
        batch_size : int, default=None
            Rows in a batch to count the memory of; None for the batch size that the
            estimator is trained with.

        Returns
        -------
        summary : NetworkSummary
            Numbers, printed as a table; `to_frame()` returns it as a data frame. For
            texts, at the length of the longest, `max_length_`.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        ValueError
            If `batch_size` is no positive integer, or parameters that decide the
            network were changed after `fit`.
        """
        check_is_fitted(self)
        wrong = not isinstance(batch_size, Integral) or isinstance(batch_size, bool)
        if batch_size is not None and (wrong or batch_size < 1):
            raise ValueError(
                f"batch_size must be an integer of at least 1, got {batch_size!r}. "
                "Leave it out for the batch size of the training."
            )
        whole, trained = self._networks_to_describe()
        costs = layer_costs(whole, self._trained_outputs)
        of_training = costs
        if trained is not whole:
            of_training = [] if trained is None else layer_costs(trained)
        kept = [cost.kept_bytes for cost in of_training]
        if trained is not None:
            kept.append(input_bytes(trained))
            batch_size = int(batch_size or self._batch_size_of_training())
        return NetworkSummary(
            estimator=type(self).__name__,
            input_shape=_input_shape(whole),
            layers=tuple(costs),
            batch_size=None if trained is None else batch_size,
            optimizer_bytes=self._optimizer_bytes(trained),
            trained_bytes=sum(cost.weight_bytes for cost in of_training),
            gradient_bytes=sum(cost.trainable_bytes for cost in of_training),
            row_bytes=None if None in kept else sum(kept),
        )

    def _networks_to_describe(self) -> tuple[Any, Any]:
        """Return the whole network and the one that is trained, None if none is."""
        model = runtime.network_for_training(self._network(), self.precision)
        runtime.check_weights(model.weights, self.weights_)
        if hasattr(self, "max_length_"):
            model = at_length(model, self.max_length_)
        return model, model

    def _batch_size_of_training(self) -> int:
        """Return the batch size, which may have been routed to the fit."""
        routed = vars(self).get("fit__batch_size")
        return routed or self._setting("batch_size")

    def _optimizer_bytes(self, trained: Any) -> int | None:
        if trained is None:
            return None
        return runtime.optimizer_bytes(self._optimizer()[0], trained)


def _input_shape(model: Any) -> tuple[int | None, ...] | None:
    inputs = getattr(model, "inputs", None) or ()
    return tuple(inputs[0].shape[1:]) if len(inputs) == 1 else None
