"""Pipelines around estimators become one file."""

import numpy as np
import onnx
import pandas as pd
import pytest
from sklearn.base import is_classifier
from sklearn.cluster import DBSCAN, KMeans
from sklearn.compose import ColumnTransformer
from sklearn.cross_decomposition import PLSRegression
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import RandomForestRegressor
from sklearn.exceptions import NotFittedError
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import (
    FunctionTransformer,
    MinMaxScaler,
    PolynomialFeatures,
    StandardScaler,
)

from skdeep import (
    BackboneTransformer,
    CharCNNClassifier,
    DeepCNNClassifier,
    SemanticHashingTransformer,
    StackedAutoencoderTransformer,
)
from skdeep.onnx import to_onnx
from tests.common.instances import IMAGES, TEXTS, backbone

FLAT = IMAGES.X.reshape(60, -1)
NEW = IMAGES.new.reshape(len(IMAGES.new), -1)


def coder(n_components=2):
    """Return a small autoencoder."""
    return StackedAutoencoderTransformer(
        (4,), n_components=n_components, epochs=1, random_state=0
    )


def classifier():
    """Return a small deep classifier of flat images."""
    return DeepCNNClassifier(width=0.125, epochs=2, image_shape=(8, 8), random_state=0)


PIPELINES = {
    "before": make_pipeline(MinMaxScaler(), classifier()),
    "before, transformer": make_pipeline(StandardScaler(), coder()),
    "behind": make_pipeline(coder(), LogisticRegression()),
    "behind, transformer": make_pipeline(coder(4), StandardScaler(), PCA(2)),
    "both": make_pipeline(
        StandardScaler(), PCA(20), coder(3), PolynomialFeatures(), GaussianNB()
    ),
    "two of ours": make_pipeline(coder(16), coder(2), LogisticRegression()),
    "alone": make_pipeline(classifier()),
    "passthrough": make_pipeline("passthrough", coder(), "passthrough"),
    "nested": make_pipeline(
        make_pipeline(StandardScaler(), coder()), LogisticRegression()
    ),
    "bits": make_pipeline(
        SemanticHashingTransformer(
            6, hidden_layer_sizes=(8,), noise_scale=0.0, epochs=20, random_state=0
        ),
        LogisticRegression(),
    ),
    "distances to clusters": make_pipeline(
        KMeans(5, random_state=0), coder(4), KMeans(4, random_state=0), PCA(2)
    ),
    "union": make_pipeline(make_union(StandardScaler(), PCA(2)), coder()),
    "columns": make_pipeline(
        ColumnTransformer([("few", MinMaxScaler(), [9, 3, 4])], remainder=PCA(2)),
        coder(),
    ),
    "neighbours": make_pipeline(coder(), KNeighborsClassifier(3)),
}


@pytest.mark.parametrize("name", PIPELINES)
def test_outputs_are_those_of_the_pipeline(name, written):
    """Steps of scikit-learn stand before, behind and between ours."""
    pipeline = PIPELINES[name].fit(FLAT, IMAGES.y)
    file = written(pipeline)
    outputs = file(NEW)
    assert file.input.shape[1:] == [64]
    if not is_classifier(pipeline):
        expected = pipeline.transform(NEW)
        np.testing.assert_allclose(outputs["variable"], expected, atol=1e-5, rtol=1e-5)
        return
    assert file.output_names == ["label", "probabilities"]
    np.testing.assert_allclose(
        outputs["probabilities"], pipeline.predict_proba(NEW), atol=1e-5, rtol=0
    )
    assert outputs["label"].tolist() == pipeline.predict(NEW).tolist()


def test_columns_with_names(written):
    """A file takes a matrix, whose columns are in the order of the data frame's."""
    names = [f"pixel_{number}" for number in range(64)]
    frame, new = (pd.DataFrame(X, columns=names) for X in (FLAT, NEW))
    columns = ColumnTransformer(
        [
            ("two", StandardScaler(), ["pixel_11", "pixel_10"]),
            ("range", "passthrough", slice("pixel_18", "pixel_22")),
            ("none", MinMaxScaler(), []),
            ("callable", PCA(2), lambda X: X.columns[40:50]),
            ("left out", "drop", ["pixel_3"]),
        ]
    )
    pipeline = make_pipeline(columns, coder()).fit(frame)
    found = written(pipeline)(NEW)["variable"]
    np.testing.assert_allclose(found, pipeline.transform(new), atol=1e-5, rtol=1e-5)


def test_regressor_behind(written):
    """Numbers are predicted from codes."""
    pipeline = make_pipeline(
        coder(), RandomForestRegressor(5, max_depth=3, random_state=0)
    )
    pipeline.fit(FLAT, FLAT.mean(axis=1))
    found = written(pipeline)(NEW)["variable"]
    np.testing.assert_allclose(found[:, 0], pipeline.predict(NEW), atol=1e-5)


def test_images_with_labels_of_text(written):
    """Features of images go to a classifier whose labels are strings."""
    pipeline = make_pipeline(BackboneTransformer(backbone), LogisticRegression())
    pipeline.fit(IMAGES.X, np.array(["zero", "one"])[IMAGES.y])
    file = written(pipeline)
    outputs = file(IMAGES.new)
    assert file.input.shape[1:] == [8, 8]
    assert outputs["label"].tolist() == pipeline.predict(IMAGES.new).tolist()


def test_texts(written):
    """A Pipeline of a text classifier alone takes strings."""
    pipeline = make_pipeline(
        CharCNNClassifier(filters=3, embedding_size=4, epochs=1, random_state=0)
    )
    pipeline.fit(TEXTS.X, TEXTS.y)
    found = written(pipeline)(TEXTS.new)["probabilities"]
    np.testing.assert_allclose(found, pipeline.predict_proba(TEXTS.new), atol=1e-5)


def test_steps_are_named_in_the_file(tmp_path):
    """The file says what it was made of."""
    path = tmp_path / "model.onnx"
    to_onnx(PIPELINES["behind"].fit(FLAT, IMAGES.y), path)
    metadata = {entry.key: entry.value for entry in onnx.load(path).metadata_props}
    assert (
        metadata["skdeep_steps"] == "StackedAutoencoderTransformer LogisticRegression"
    )


def test_python_functions_are_refused(tmp_path):
    """A step that is Python code cannot be written, and is named."""
    pipeline = make_pipeline(StandardScaler(), FunctionTransformer(np.tanh), coder())
    pipeline.fit(FLAT)
    with pytest.raises(ValueError, match=r"cannot convert .*FunctionTransformer"):
        to_onnx(pipeline, tmp_path / "model.onnx")


def test_steps_without_converter_are_refused(tmp_path):
    """A step that skl2onnx does not know is named."""
    pipeline = make_pipeline(coder(), DBSCAN()).fit(FLAT)
    with pytest.raises(ValueError, match="cannot convert DBSCAN"):
        to_onnx(pipeline, tmp_path / "model.onnx")


def test_scikit_learn_alone_is_refused(tmp_path):
    """What has nothing of ours is for skl2onnx."""
    pipeline = make_pipeline(StandardScaler(), LogisticRegression())
    with pytest.raises(TypeError, match="skl2onnx"):
        to_onnx(pipeline.fit(FLAT, IMAGES.y), tmp_path / "model.onnx")


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (make_union(coder(), PCA(2)), "FeatureUnion holds StackedAuto.* of its own"),
        (make_union(KMeans(2), PCA(2)), "FeatureUnion holds KMeans, .* as a step"),
        (LinearDiscriminantAnalysis(), "LinearDisc.* stands before other steps"),
        (PLSRegression(2), "PLSRegression stands before other steps"),
    ],
    ids=["ours", "clusters", "classifier", "regressor"],
)
def test_steps_that_would_be_written_wrongly_are_refused(step, message, tmp_path):
    """The message says which step it is, and what to do."""
    pipeline = make_pipeline(step, coder(1)).fit(FLAT, IMAGES.y)
    with pytest.raises(ValueError, match=message):
        to_onnx(pipeline, tmp_path / "model.onnx")


@pytest.mark.parametrize("first", [True, False])
def test_columns_of_missing_values_are_refused(first, tmp_path):
    """A file would go without the columns that an imputer adds."""
    X = FLAT.copy()
    X[::3, 5] = np.nan
    imputer = SimpleImputer(add_indicator=True)
    steps = [imputer, PCA(3), coder()] if first else [SimpleImputer(), coder(), imputer]
    pipeline = make_pipeline(*steps).fit(X)
    if first:
        with pytest.raises(ValueError, match="SimpleImputer adds columns"):
            to_onnx(pipeline, tmp_path / "model.onnx")
    else:
        # Codes miss nothing, so that there is nothing to add.
        to_onnx(pipeline, tmp_path / "model.onnx")


def test_rows_of_another_width_are_refused(tmp_path):
    """Whatever a converter leaves out, no file is written of it."""
    pipeline = make_pipeline(StandardScaler(), coder()).fit(FLAT)
    pipeline[0].mean_, pipeline[0].scale_ = (
        pipeline[0].mean_[:9],
        pipeline[0].scale_[:9],
    )
    pipeline[0].n_features_in_ = 9
    with pytest.raises(ValueError, match=r"fitted on 64 features, but .* gives 9"):
        to_onnx(pipeline, tmp_path / "model.onnx")


@pytest.mark.parametrize(
    "pipeline",
    [
        make_pipeline(StandardScaler(), coder()),
        make_pipeline(StandardScaler().fit(FLAT), coder()),
    ],
    ids=["scaler", "coder"],
)
def test_unfitted_steps_are_refused(pipeline, tmp_path):
    """Each step must be fitted."""
    with pytest.raises(NotFittedError):
        to_onnx(pipeline, tmp_path / "model.onnx")


def test_uint8_before_other_steps_is_refused(tmp_path):
    """Steps of scikit-learn take floats."""
    pipeline = make_pipeline(StandardScaler(), coder()).fit(FLAT)
    with pytest.raises(ValueError, match="StandardScaler"):
        to_onnx(pipeline, tmp_path / "model.onnx", pixels="uint8")
