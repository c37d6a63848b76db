"""From data and weights to the outputs of the network."""

from typing import Any

import keras
import numpy as np
from scipy.sparse import issparse
from sklearn.utils import gen_batches
from sklearn.utils.validation import check_is_fitted

from skdeep import runtime
from skdeep.runtime.custom_models import watches_predictions
from skdeep.runtime.descriptions import NetworkDescription
from skdeep.wrappers._encoded_rows import as_network_numbers, is_array
from skdeep.wrappers._training import ModelTrainer

# What `keras.Model.predict` takes that does not change its result.
_WITHOUT_EFFECT = {"batch_size", "verbose"}
# Sparse rows that are filled with zeros at once.
_DENSE_ROWS = 4096


class ModelPredictor(ModelTrainer):
    """Asks the user's network, row by row the same bits where it can be described."""

    def _predict_raw(self, X: Any, **kwargs: Any) -> Any:
        """Return the outputs of the network."""
        check_is_fitted(self)
        rows = self._encoded(self.feature_encoder_, self._valid_inputs(X, reset=False))
        routed = self._routed("predict", self._predict_kwargs)
        arguments = {
            k: v
            for k, v in routed.items()
            if "__" not in k and not k.startswith("callbacks")
        } | kwargs
        if arguments.get("batch_size") == -1:
            arguments["batch_size"] = self._all_rows(rows, "batch_size")
        callbacks = self._new_callbacks("predict")
        plain = not kwargs and set(arguments) <= _WITHOUT_EFFECT
        plain = plain and not any(watches_predictions(c) for c in callbacks)
        description = self._description() if plain and is_array(rows) else None
        if description is not None:
            return self._inferred(description, self.weights_, rows)
        self._leave_changed_model()
        try:
            return self.model_.predict(x=rows, callbacks=callbacks, **arguments)
        finally:
            for callback in callbacks:
                keras.callbacks.Callback.set_model(callback, None)

    def _inferred(
        self, description: NetworkDescription, weights: list[np.ndarray], rows: Any
    ) -> Any:
        """Return what a described network says of rows, bit for bit row by row."""
        rows = as_network_numbers(rows, description.precision)
        batches = [slice(None)]
        if issparse(rows):
            batches = list(gen_batches(rows.shape[0], _DENSE_ROWS))
        outputs = [
            runtime.infer(
                description.network,
                weights,
                runtime.ArrayFeed(
                    rows[batch].toarray() if issparse(rows) else rows[batch]
                ),
                precision=description.precision,
            )
            for batch in batches
        ]
        if len(outputs) == 1:
            return outputs[0]
        return keras.tree.map_structure(lambda *parts: np.concatenate(parts), *outputs)
