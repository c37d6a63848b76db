"""Files of earlier versions of the format load for ever.

The files in ``data`` were written by the first version, by

    python tests/persistence/test_first_version.py

and are never written again: a release that cannot read them is wrong, not they. When
the format changes, files of the new version join them under names of their own.
"""

import json
import warnings
from pathlib import Path

import numpy as np
import pytest
from sklearn.exceptions import InconsistentVersionWarning

from skdeep.persistence import load

FOLDER = Path(__file__).parent / "data"
NAMES = sorted(path.stem for path in FOLDER.glob("*.skdeep"))


def inputs(name):
    """Return what the models of the files predict: images or texts."""
    if name.startswith("texts"):
        return ["win a prize now", "see you later", "", "new words", "now or later"]
    return np.random.default_rng(5).random((5, 64), dtype=np.float32)


def outputs(model, X):
    """Return what a model computes, as lists."""
    names = ("transform", "predict_proba", "predict")
    return {n: getattr(model, n)(X).tolist() for n in names if hasattr(model, n)}


def make_models():
    """Return fitted models whose files have a part of every kind."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import make_pipeline, make_union

    from skdeep import (
        ConvAutoencoderTransformer,
        RNNClassifier,
        SemanticHashingTransformer,
    )

    X = np.random.default_rng(0).random((60, 64))
    texts = ["win a prize now", "see you later", "call now to win", "ok, at home"] * 15
    fast = {"epochs": 2, "batch_size": 16, "random_state": 0}
    images = ConvAutoencoderTransformer(
        3, filters=(4,), image_shape=(8, 8, 1), warm_start=True, **fast
    )
    bits = SemanticHashingTransformer(4, hidden_layer_sizes=(8,), **fast)
    search = GridSearchCV(
        make_pipeline(make_union(images, bits), LogisticRegression()),
        {"logisticregression__C": [0.1, 1.0]},
        scoring="roc_auc",
        cv=2,
    )
    many = [f"{text} word{n}" for n, text in enumerate(texts)]
    y = np.arange(60) % 2
    return {
        "images_version_1": images.fit(X),
        "images_search_version_1": search.fit(X, y),
        "texts_version_1": RNNClassifier("gru", units=4, embedding_size=4, **fast).fit(
            many, np.array(["ham", "spam"])[y]
        ),
        "texts_pipeline_version_1": make_pipeline(
            TfidfVectorizer(), LogisticRegression()
        ).fit(many, y),
    }


@pytest.mark.parametrize("name", NAMES)
def test_files_of_the_first_version(name):
    """A file of the first version predicts what it did when it was written."""
    with warnings.catch_warnings():
        # scikit-learn says so when its part of a file is older than it is.
        warnings.simplefilter("ignore", InconsistentVersionWarning)
        model = load(FOLDER / f"{name}.skdeep")
    wanted = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    found = outputs(model, inputs(name))
    assert found.keys() == wanted.keys()
    for method, values in wanted.items():
        if isinstance(values[0], str):
            assert found[method] == values
        else:
            # Not to the bit: processors and builds of TensorFlow round differently.
            np.testing.assert_allclose(found[method], values, rtol=1e-4, atol=1e-5)


def test_there_are_files():
    """The files are there, and small."""
    assert len(NAMES) == 4
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 500_000


def write_files():
    """Write the files of the present version, where there are none yet."""
    from skdeep.persistence import save

    FOLDER.mkdir(exist_ok=True)
    for name, model in make_models().items():
        if not (FOLDER / f"{name}.skdeep").exists():
            save(model, FOLDER / f"{name}.skdeep")
            text = json.dumps(outputs(model, inputs(name)))
            (FOLDER / f"{name}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    write_files()
