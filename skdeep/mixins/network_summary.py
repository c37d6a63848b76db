"""A summary of a network: its layers, what they compute, and the memory they take."""

from dataclasses import dataclass
from html import escape
from typing import Any

from skdeep.networks.layer_costs import LayerCost
from skdeep.runtime import readable

_HEADER = ("layer", "kind", "output", "trainable", "frozen", "multiply-adds")
_UNKNOWN = "unknown"
_STYLE = "text-align: right"


@dataclass(frozen=True, repr=False)
class NetworkSummary:
    """What the network of a fitted estimator is made of, and what it costs.

    Returned by the method `summary` of the estimators. It holds numbers and names
    only. Memory is in bytes; None stands for what is not known.

    Parameters
    ----------
    estimator : str
        Name of the estimator's class.
    input_shape : tuple or None
        Shape of one row, as the network takes it.
    layers : tuple of LayerCost
        The layers in the order of computation, each with `name`, `kind`,
        `output_shape`, `n_calls`, `trainable`, `frozen`, `multiply_adds` and
        `kept_bytes`, for one row.
    batch_size : int or None
        Rows in a batch of the training; None if nothing is trained.
    optimizer_bytes : int or None
        State of the optimizer.
    trained_bytes : int
        Weights that training holds, those of a frozen backbone left out.
    gradient_bytes : int
        Gradients of the weights that are trained.
    row_bytes : int or None
        What training keeps for one row.

    Attributes
    ----------
    n_trainable, n_frozen, n_parameters : int
        How many numbers training changes, how many not, and their sum.
    multiply_adds : int or None
        Of one pass through the network, for one row.
    weight_bytes : int
        Memory of all weights.
    training_bytes : int or None
        Least memory for a step of training, beside the data set.

    See Also
    --------
    skdeep.networks.multiply_adds : Says what is counted.

    Notes
    -----
    `training_bytes` is counted, not measured: weights, their gradients, the state of
    the optimizer, and for each row of a batch the input and what layers return, once,
    if the gradients need it: outputs of layers that only reshape are their inputs, and
    those of frozen layers are let go of, but for the last. A recurrent layer keeps its
    gates and states of all steps. Work space, copies, and gradients with respect to
    outputs come on top.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skdeep import StackedAutoencoderTransformer
    >>> autoencoder = StackedAutoencoderTransformer((20,), n_components=5, epochs=1)
    >>> summary = autoencoder.fit(load_digits().images[:100] / 16).summary()
    >>> summary.multiply_adds == 2 * (64 * 20 + 20 * 5)
    True
    >>> int(summary.to_frame().loc["encoder/code", "trainable"])
    105
    """

    estimator: str
    input_shape: tuple[int | None, ...] | None
    layers: tuple[LayerCost, ...]
    batch_size: int | None
    optimizer_bytes: int | None
    trained_bytes: int
    gradient_bytes: int
    row_bytes: int | None

    @property
    def n_trainable(self) -> int:
        """How many numbers training changes."""
        return sum(layer.trainable for layer in self.layers)

    @property
    def n_frozen(self) -> int:
        """How many numbers of the weights gradient descent does not change."""
        return sum(layer.frozen for layer in self.layers)

    @property
    def n_parameters(self) -> int:
        """How many numbers the weights are."""
        return self.n_trainable + self.n_frozen

    @property
    def multiply_adds(self) -> int | None:
        """Multiply-adds of one pass for one row, None if a layer's are not known."""
        counts = [layer.multiply_adds for layer in self.layers]
        return None if None in counts else sum(counts)

    @property
    def weight_bytes(self) -> int:
        """Memory of all weights, in bytes."""
        return sum(layer.weight_bytes for layer in self.layers)

    @property
    def training_bytes(self) -> int | None:
        """Least memory for a step of training, in bytes; None if not known."""
        if None in (self.batch_size, self.row_bytes, self.optimizer_bytes):
            return None
        fixed = self.trained_bytes + self.gradient_bytes + self.optimizer_bytes
        return fixed + self.batch_size * self.row_bytes

    def to_frame(self) -> Any:
        """Return the layers as a table.

        Returns
        -------
        frame : pandas.DataFrame
            One line for each layer, under its name; numbers that are not known are
            missing.
        """
        import pandas as pd

        rows = [vars(layer) for layer in self.layers]
        frame = pd.DataFrame(rows, columns=[*LayerCost.__dataclass_fields__])
        counts = ["multiply_adds", "kept_bytes"]
        frame[counts] = frame[counts].astype("Int64")
        return frame.set_index("name")

    def _table(self) -> list[tuple[str, ...]]:
        """Return the cells, with a last line of sums."""
        lines = [
            (
                f"{layer.name} (x{layer.n_calls})" if layer.n_calls > 1 else layer.name,
                layer.kind,
                _shape(layer.output_shape),
                f"{layer.trainable:,}",
                f"{layer.frozen:,}",
                _count(layer.multiply_adds),
            )
            for layer in self.layers
        ]
        sums = (f"{self.n_trainable:,}", f"{self.n_frozen:,}")
        return [*lines, ("total", "", "", *sums, _count(self.multiply_adds))]

    def _sentences(self) -> list[str]:
        """Return what else there is to say."""
        sentences = [f"Weights: {readable(self.weight_bytes)}."]
        if self.multiply_adds is None:
            names = [row.name for row in self.layers if row.multiply_adds is None]
            known = sum(row.multiply_adds or 0 for row in self.layers)
            sentences.append(
                f"Multiply-adds are not known of {', '.join(names)}; the other layers "
                f"have {known:,}."
            )
        if self.batch_size is None:
            return [*sentences, "Nothing is trained."]
        start = f"Training with batch_size={self.batch_size}"
        if self.training_bytes is None:
            return [*sentences, f"{start}: memory not known."]
        sentences.append(
            f"{start}: at least {readable(self.training_bytes)}, of which weights "
            f"{readable(self.trained_bytes)}, gradients "
            f"{readable(self.gradient_bytes)}, optimizer "
            f"{readable(self.optimizer_bytes)}, and {readable(self.row_bytes)} for "
            "each row (counted: input and layer outputs that gradients need; work "
            "space comes on top)."
        )
        return sentences

    def __str__(self) -> str:
        lines = [_HEADER, *self._table()]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        title = f"{self.estimator}: input {_shape(self.input_shape)}"
        text = [title]
        for line in lines:
            left = [c.ljust(w) for c, w in zip(line[:3], widths[:3], strict=True)]
            right = [c.rjust(w) for c, w in zip(line[3:], widths[3:], strict=True)]
            text.append("  ".join([*left, *right]))
        return "\n".join([*text, *self._sentences()])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{escape(name)}</th>" for name in _HEADER)
        body = ""
        for line in self._table():
            cells = [f"<td>{escape(cell)}</td>" for cell in line[:3]]
            cells += [f'<td style="{_STYLE}">{escape(c)}</td>' for c in line[3:]]
            body += f"<tr>{''.join(cells)}</tr>"
        title = f"{self.estimator}: input {_shape(self.input_shape)}"
        notes = "".join(f"<p>{escape(text)}</p>" for text in self._sentences())
        return (
            f"<table><caption>{escape(title)}</caption><thead><tr>{head}</tr></thead>"
            f"<tbody>{body}</tbody></table>{notes}"
        )


def _shape(shape: tuple[int | None, ...] | None) -> str:
    if shape is None:
        return _UNKNOWN
    return f"({', '.join('any' if size is None else str(size) for size in shape)})"


def _count(count: int | None) -> str:
    return _UNKNOWN if count is None else f"{count:,}"
