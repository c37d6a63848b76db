import io
import json
import os
import pickle
import zipfile
from functools import cache
from pathlib import PurePosixPath

import keras
import numpy as np
import pytest
import skops.io
from scipy.sparse import csr_array
from sklearn import config_context
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.callback import ProgressBar
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_digits
from sklearn.ensemble import (
    BaggingClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.feature_selection import SelectKBest, VarianceThreshold, f_classif
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.metrics import f1_score, make_scorer
from sklearn.model_selection import (
    GridSearchCV,
    RandomizedSearchCV,
    StratifiedKFold,
    TunedThresholdClassifierCV,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MinMaxScaler,
    StandardScaler,
)
from sklearn.svm import SVC, SVR, NuSVC, OneClassSVM

from skdeep import (
    CharCNNClassifier,
    CNNHashingTransformer,
    ConvAutoencoderTransformer,
    DenoisingAutoencoderTransformer,
    HammingNeighbors,
    RNNClassifier,
)
from skdeep.persistence import ModelFileError, load, save
from tests.common.model_files import (
    attributes_of,
    file_of,
    members_of,
    node_named,
    value_node,
)

SCHEMA = "schema.json"
FAST = {"epochs": 1, "batch_size": 32, "random_state": 0}
METHODS = ("predict", "predict_proba", "decision_function", "transform")


def small_code(**changes):
    """Return an autoencoder that is fitted in no time."""
    return DenoisingAutoencoderTransformer(
        3, hidden_layer_sizes=(4,), **(FAST | changes)
    )


@cache
def fitted_code():
    """Return a fitted network that is not fitted again in every fold of a search."""
    return FrozenEstimator(small_code().fit(load_digits().data[:60] / 16))


def logistic():
    """Return a pipeline with a network in it."""
    return Pipeline([("code", fitted_code()), ("class", LogisticRegression())])


def marks_of_words(text):
    """Cut a text into words, as an analyzer of the user's does."""
    return text.split()


def first_accuracy(estimator, X, y):
    """Score an estimator, as a scorer of the user's does."""
    return float((estimator.predict(X) == y).mean())


@pytest.fixture
def path(tmp_path):
    """Give a place for a file."""
    return tmp_path / "model.skdeep"


def saved_and_loaded(model, path, **options):
    """Return what comes back from a file."""
    save(model, path)
    return load(path, **options)


def assert_equal(model, other, X):
    """Check that two models are equal to whoever uses them."""
    assert type(other) is type(model)
    if "RandomState(" not in repr(model):
        assert repr(clone(other)) == repr(clone(model))
    methods = [name for name in METHODS if hasattr(model, name)]
    assert methods
    for name in methods:
        found, wanted = getattr(other, name)(X), getattr(model, name)(X)
        np.testing.assert_array_equal(found, wanted)
        assert found.dtype == wanted.dtype


def test_every_kind_of_model(models, contents, path):
    """What was saved predicts the same bits; our estimators save to the same bytes."""
    for name, (model, X) in models.items():
        path.write_bytes(contents[name])
        other = load(path)
        if name == "neighbors":
            np.testing.assert_array_equal(other.kneighbors(X), model.kneighbors(X))
        else:
            assert_equal(model, other, X)
        save(other, path)
        # The records of a decision tree have gaps, which hold what memory held before.
        if name not in ("forest", "words"):
            assert path.read_bytes() == contents[name]


FOLDS = StratifiedKFold(2, shuffle=True, random_state=0)
SEARCHES = {
    "by name": {"scoring": "roc_auc"},
    "by scorer": {"scoring": make_scorer(f1_score, pos_label=1)},
    "several": {"scoring": ["roc_auc", "neg_log_loss"], "refit": "roc_auc"},
    "several scorers": {
        "scoring": {"f1": make_scorer(f1_score), "auc": "roc_auc"},
        "refit": "f1",
    },
    "none": {},
    "folds": {"cv": FOLDS},
    "range": {"param_grid": {"class__max_iter": range(50, 60, 5)}},
    "array": {"param_grid": {"class__C": np.array([0.1, 1.0])}},
    "estimators": {"param_grid": {"class": [SVC(), GaussianNB()]}},
}


@pytest.mark.parametrize("name", SEARCHES)
def test_searches(name, digits, path):
    """A search keeps its scores, its scorers and its best estimator."""
    X, y = digits
    options = {"param_grid": {"class__C": [0.1, 1.0]}, "cv": 2}
    options |= SEARCHES[name]
    search = GridSearchCV(logistic(), **options).fit(X, y)
    other = saved_and_loaded(search, path)
    assert_equal(search, other, X)
    assert other.score(X, y) == search.score(X, y)
    assert other.best_index_ == search.best_index_
    assert other.cv_results_.keys() == search.cv_results_.keys()
    for key, values in search.cv_results_.items():
        if key != "params" and name != "estimators":
            np.testing.assert_array_equal(other.cv_results_[key], values)
    other.fit(X, y)


def test_randomized_search(digits, path):
    """A randomized search over lists is kept."""
    X, y = digits
    search = RandomizedSearchCV(
        logistic(), {"class__C": [0.1, 1.0, 10.0]}, n_iter=2, cv=2
    )
    assert_equal(search.fit(X, y), saved_and_loaded(search, path), X)


AROUND = {
    "calibrated": lambda: CalibratedClassifierCV(logistic(), cv=2),
    "isotonic": lambda: CalibratedClassifierCV(logistic(), method="isotonic", cv=2),
    "voting": lambda: VotingClassifier([("a", logistic()), ("b", GaussianNB())]),
    "stacking": lambda: StackingClassifier([("a", logistic()), ("b", SVC())], cv=2),
    "one versus rest": lambda: OneVsRestClassifier(logistic()),
    "bagging": lambda: BaggingClassifier(logistic(), 2, random_state=0),
    "threshold": lambda: TunedThresholdClassifierCV(logistic(), cv=2),
    "forest": lambda: make_pipeline(
        fitted_code(), RandomForestClassifier(3, random_state=0)
    ),
    "bagged trees": lambda: BaggingClassifier(n_estimators=3, max_features=0.5),
    "columns": lambda: make_pipeline(
        ColumnTransformer(
            [("a", MinMaxScaler(), slice(0, 8)), ("b", fitted_code(), list(range(64)))]
        ),
        SGDClassifier(loss="log_loss", random_state=0),
    ),
    "functions": lambda: make_pipeline(
        VarianceThreshold(0.01),
        FunctionTransformer(np.log1p),
        SelectKBest(f_classif, k=5),
        StandardScaler(),
        SVC(),
    ),
    "hashing": lambda: make_pipeline(
        CNNHashingTransformer(4, filters=(4,), image_shape=(8, 8, 1), **FAST),
        KNeighborsClassifier(metric="hamming", algorithm="brute"),
    ),
}


@pytest.mark.parametrize("name", AROUND)
def test_estimators_around_ours(name, digits, path):
    """Estimators of scikit-learn that hold ours are kept, and can be fitted again."""
    X, y = digits
    model = AROUND[name]().fit(X, y)
    other = saved_and_loaded(model, path)
    assert_equal(model, other, X)
    other.fit(X, y)


@pytest.mark.parametrize("kernel", ["rbf", "precomputed"])
@pytest.mark.parametrize("cls", [SVC, NuSVC, SVR, OneClassSVM])
@pytest.mark.parametrize("sparse", [False, True])
def test_support_vectors(cls, kernel, sparse, path):
    """All support vector machines pass the check of their sizes."""
    generator = np.random.default_rng(0)
    X, y = generator.random((40, 40)), np.arange(40) % 3
    if kernel == "precomputed":
        X = X @ X.T
    elif sparse:
        X = csr_array(X)
    model = cls(kernel=kernel, **({"nu": 0.2} if cls is NuSVC else {}))
    model.fit(X, *(() if cls is OneClassSVM else (y,)))
    other = saved_and_loaded(model, path)
    np.testing.assert_array_equal(other.predict(X), model.predict(X))


def test_frozen_estimators_and_columns_with_names(digits, path):
    """Frozen estimators stay frozen, and names of columns are kept."""
    pandas = pytest.importorskip("pandas")
    X = pandas.DataFrame(digits[0]).rename(columns=str)
    frozen = FrozenEstimator(small_code().set_output(transform="pandas").fit(X))
    other = saved_and_loaded(frozen, path)
    pandas.testing.assert_frame_equal(other.transform(X), frozen.transform(X))
    np.testing.assert_array_equal(other.feature_names_in_, X.columns)


@pytest.mark.parametrize("kind", ["slice", "index"])
def test_columns_chosen_by_name(kind, path):
    """Columns may be chosen by the first and last name, or by an index of pandas."""
    pandas = pytest.importorskip("pandas")
    X = pandas.DataFrame(np.arange(12.0).reshape(3, 4), columns=list("abcd"))
    columns = {"slice": slice("b", "c"), "index": X.columns[1:3]}[kind]
    model = ColumnTransformer([("scaled", MinMaxScaler(), columns)]).fit(X)
    other = saved_and_loaded(model, path)
    np.testing.assert_array_equal(other.transform(X), model.transform(X))
    np.testing.assert_array_equal(other.fit_transform(X), model.transform(X))
    assert model.transformers[0][2] is columns


def test_requests_of_metadata(digits, path):
    """Requests of metadata, which point back to their estimator, are kept."""
    X, y = digits
    with config_context(enable_metadata_routing=True):
        last = LogisticRegression().set_fit_request(sample_weight=True)
        first = small_code().set_fit_request(sample_weight=False)
        model = make_pipeline(first, last).fit(X, y, sample_weight=np.ones(len(y)))
        other = saved_and_loaded(model, path)
        assert_equal(model, other, X)
        assert repr(other.get_metadata_routing()) == repr(model.get_metadata_routing())
        other.fit(X, y, sample_weight=np.ones(len(y)))


def test_random_states(digits, path):
    """An instance of RandomState goes on where it stood."""
    state = np.random.RandomState(3)
    state.random_sample(5), state.standard_normal()
    model = small_code(random_state=state).fit(digits[0])
    other = saved_and_loaded(model, path)
    assert_equal(model, other, digits[0])
    assert other.random_state.random_sample() == state.random_sample()
    assert other.random_state.standard_normal() == state.standard_normal()


@pytest.mark.parametrize(
    "class_weight", [{0: 1.0, 1: 2}, {np.int64(0): 1, np.int64(1): np.float32(2)}, None]
)
def test_class_weights(class_weight, texts, path):
    """Dicts with integers as keys come back as such."""
    model = CharCNNClassifier("kim", class_weight=class_weight, **FAST)
    other = saved_and_loaded(model, path)
    assert other.class_weight == class_weight


def test_keys_that_are_booleans_are_refused(path):
    """A dict with booleans as keys would come back wrong: it is refused by place."""
    model = CharCNNClassifier("kim", class_weight={False: 1, True: 2})
    with pytest.raises(ModelFileError, match=r"CharCNNClassifier\.class_weight is a"):
        save(model, path)


@pytest.mark.parametrize(
    "labels", [np.array(["é", "日本"]), np.array([False, True]), np.array([-3, 2**40])]
)
def test_labels_of_all_kinds(labels, texts, path):
    """Classes keep their type and value."""
    y = labels[np.array(texts[1])]
    model = CharCNNClassifier("kim", filters=4, kernel_sizes=(2,), **FAST)
    assert_equal(model.fit(texts[0], y), saved_and_loaded(model, path), texts[0])


def test_vocabulary_of_any_characters(path):
    """Tokens may be anything that a text may hold."""
    odd = ["a\0b", "\ud800 x", "😀😀", "שלום", '{}[]"\\', " ", "\x7f"]
    X = [*odd, *(f"token{i}" for i in range(200))] * 2
    model = RNNClassifier("gru", units=2, embedding_size=2, **FAST)
    model.fit(X, np.arange(len(X)) % 2)
    other = saved_and_loaded(model, path)
    assert other.vocabulary_ == model.vocabulary_
    assert list(other.vocabulary_) == list(model.vocabulary_)
    assert_equal(model, other, X)


def test_large_vocabularies_are_small(path):
    """A vocabulary of 30,000 n-grams takes little more than its characters."""
    X = [" ".join(f"w{i:05d}" for i in range(start, 30_000, 2)) for start in (0, 1)]
    # Limited vocabularies have NumPy integers as values.
    model = TfidfVectorizer(max_features=20_000, min_df=1).fit(X)
    other = saved_and_loaded(model, path)
    assert other.vocabulary_ == model.vocabulary_
    assert len(path.read_bytes()) < 20_000 * (6 + 8 + 8 + 8) + 20_000
    assert (other.transform(X) != model.transform(X)).nnz == 0


def test_unfitted_models(path):
    """An estimator that was never fitted has its parameters only."""
    model = RNNClassifier("gru", optimizer__beta_1=0.8, callbacks=[])
    other = saved_and_loaded(model, path)
    assert repr(other) == repr(model)
    assert other.get_params() == model.get_params()
    assert not hasattr(other, "weights_")


def test_paths_among_parameters(digits, path):
    """A path is saved as text, and stays what it is in the model."""
    model = ConvAutoencoderTransformer(3, image_shape=(8, 8, 1), epochs=1)
    model.set_params(checkpoint=path.with_name("fit.ckpt")).fit(digits[0])
    save(model, path)
    assert load(path).checkpoint == str(model.checkpoint)
    assert model.checkpoint == path.with_name("fit.ckpt")


def test_paths_in_a_grid(digits, path):
    """Paths that a search tried are saved as texts wherever its results have them."""
    model = Pipeline([("f", FunctionTransformer()), ("class", LogisticRegression())])
    paths = [{"at": PurePosixPath("a")}, {"at": PurePosixPath("b")}]
    grid = [{"f__inv_kw_args": paths}, {"class__C": [1.0]}]
    search = GridSearchCV(model, grid, cv=2).fit(*digits)
    found = saved_and_loaded(search, path).cv_results_["param_f__inv_kw_args"]
    assert found[:2].tolist() == [{"at": "a"}, {"at": "b"}]
    assert np.ma.getmaskarray(found).tolist() == [False, False, True]
    assert search.cv_results_["param_f__inv_kw_args"][:2].tolist() == paths


def test_objects_in_arrays(path):
    """Arrays of objects keep their shape, and their paths become texts."""
    values = np.array([[PurePosixPath("a"), 1], ["b", None]], dtype=object)
    other = saved_and_loaded(FunctionTransformer(kw_args={"values": values}), path)
    assert other.kw_args["values"].tolist() == [["a", 1], ["b", None]]


def test_training_goes_on(digits, path):
    """A model that is to be trained further goes on as if it had never been saved."""
    model = small_code(warm_start=True).fit(digits[0])
    other = saved_and_loaded(model, path)
    for estimator in (model, other):
        estimator.partial_fit(digits[0])
    assert_equal(model, other, digits[0])


def test_classes_of_keras(digits, path):
    """Optimizers and harmless callbacks of Keras may be given as classes."""
    model = small_code(
        optimizer=keras.optimizers.RMSprop,
        callbacks=keras.callbacks.EarlyStopping,
        callbacks__monitor="loss",
    ).fit(digits[0])
    other = saved_and_loaded(model, path)
    assert other.optimizer is keras.optimizers.RMSprop
    assert_equal(model, other.fit(digits[0]), digits[0])


LIVE = {
    "optimizer": (keras.optimizers.Adam(), "optimizer='adam'"),
    "callbacks": ([keras.callbacks.TerminateOnNaN()], "callbacks=None"),
    "learning_rate": (
        keras.optimizers.schedules.CosineDecay(0.1, 10),
        "learning_rate_schedule",
    ),
}


@pytest.mark.parametrize("name", LIVE)
def test_live_objects_of_keras_are_refused(name, path):
    """What Keras made is refused by parameter, with what to give in its place."""
    value, advice = LIVE[name]
    model = make_pipeline(small_code(**{name: value}), LogisticRegression())
    place = rf"Pipeline\.steps\[0\]\[1\]\.{name}\b.*"
    with pytest.raises(ModelFileError, match=f"{place}{advice}"):
        save(model, path)
    assert not path.exists()


def test_callbacks_that_write_files_need_to_be_vouched_for(path):
    """A class of Keras that writes where a file says is not loaded unasked."""
    save(small_code(callbacks=keras.callbacks.ModelCheckpoint), path)
    with pytest.raises(ModelFileError, match=r"ModelCheckpoint, which the caller has"):
        load(path)
    other = load(path, trusted=[keras.callbacks.ModelCheckpoint])
    assert other.callbacks is keras.callbacks.ModelCheckpoint


def test_callbacks_of_scikit_learn_are_refused(digits, path):
    """Callbacks belong to a process: the error says how to take them off."""
    model = make_pipeline(small_code().set_callbacks(ProgressBar()), SVC())
    with pytest.raises(ModelFileError, match=r"steps\[0\]\[1\]\.set_callbacks\(\)"):
        save(model, path)
    model[0].set_callbacks()
    save(model, path)


class Doubling(TransformerMixin, BaseEstimator):
    """A transformer of the user's."""

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return X * 2


REFUSED = {
    "another class": (
        lambda: make_pipeline(Doubling(), SVC()),
        r"\.steps\[0\]\[1\] is a .*\.Doubling, which is neither",
    ),
    "gradient boosting": (
        lambda: make_pipeline(GradientBoostingClassifier(n_estimators=2)),
        "estimators_.* is a tree of gradient boosting.*random forest",
    ),
    "histograms": (
        lambda: make_pipeline(HistGradientBoostingClassifier(max_iter=2)),
        r"HistGradientBoostingClassifier, which .*random forest",
    ),
    "neighbors": (
        lambda: make_pipeline(KNeighborsClassifier(algorithm="kd_tree")),
        r"_tree is a .*KDTree, which .*algorithm='brute'",
    ),
    "lambda": (
        lambda: make_pipeline(FunctionTransformer(lambda X: X), SVC()),
        r"\.func is the function .*<lambda>.*top level of a module",
    ),
    "module": (
        lambda: make_pipeline(FunctionTransformer(kw_args={"a": json}), SVC()),
        "neither a number, a text",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_saved(name, digits, path):
    """What `load` would refuse is refused by `save`, by place, and nothing is lost."""
    make, message = REFUSED[name]
    model = make() if name == "module" else make().fit(*digits)
    path.write_bytes(b"what was there")
    with pytest.raises(ModelFileError, match=f"^Pipeline cannot be saved: .*{message}"):
        save(model, path)
    assert path.read_bytes() == b"what was there"
    assert os.listdir(path.parent) == [path.name]


def test_what_is_no_estimator(path):
    """Anything but an estimator is a mistake of type."""
    for thing in (None, [SVC()], "model", SVC, np.zeros(3)):
        with pytest.raises(TypeError, match="estimator must be an estimator"):
            save(thing, path)


def test_functions_are_named(texts, path):
    """A function is kept by its import path, and loaded when the caller passes it."""
    model = CharCNNClassifier("kim", analyzer=marks_of_words, **FAST).fit(*texts)
    save(model, path)
    assert marks_of_words.__name__ in json.dumps(members_of(path.read_bytes())[SCHEMA])
    with pytest.raises(ModelFileError, match=r"trusted=\[marks_of_words\]"):
        load(path)
    with pytest.raises(ModelFileError, match=r"analyzer is .*marks_of_words"):
        load(path, trusted=[first_accuracy])
    name = f"{marks_of_words.__module__}.marks_of_words"
    for trusted in ([marks_of_words], [name], [first_accuracy, marks_of_words]):
        other = load(path, trusted=trusted)
        assert other.analyzer is marks_of_words
        assert_equal(model, other, texts[0])


def test_functions_of_a_notebook(texts, path):
    """A function that was defined in a program is found where it is now."""
    model = CharCNNClassifier("kim", analyzer=marks_of_words, **FAST).fit(*texts)
    save(model, path)
    members = members_of(path.read_bytes())
    node = node_named(members, "marks_of_words")
    node["__module__"] = "__main__"
    path.write_bytes(file_of(members))
    with pytest.raises(ModelFileError, match=r"__main__\.marks_of_words"):
        load(path)
    other = load(path, trusted=[marks_of_words])
    assert other.analyzer is marks_of_words
    assert_equal(model, other, texts[0])


def test_scorers_of_the_user(digits, path):
    """A scorer that is a function of the user's is named, too."""
    search = GridSearchCV(logistic(), {"class__C": [1.0]}, cv=2)
    search.set_params(scoring=first_accuracy).fit(*digits)
    other = saved_and_loaded(search, path, trusted=[first_accuracy])
    assert other.score(*digits) == search.score(*digits)


@pytest.mark.parametrize("trusted", ["name", marks_of_words, [3], [None]])
def test_what_cannot_be_trusted(trusted, contents, path):
    """`trusted` is a list of functions or names."""
    path.write_bytes(contents["autoencoder"])
    with pytest.raises(TypeError, match="trusted must"):
        load(path, trusted=trusted)


def test_functions_without_a_path_cannot_be_trusted(contents, path):
    """A lambda has no name by which a file could mean it."""
    path.write_bytes(contents["autoencoder"])
    with pytest.raises(ValueError, match="top level of a module"):
        load(path, trusted=[lambda: None])


def test_skops_reads_the_files(models, contents, path):
    """A file is one of skops: who has no `load` can read it with skops alone."""
    model, X = models["autoencoder"]
    path.write_bytes(contents["autoencoder"])
    untrusted = skops.io.get_untrusted_types(file=path)
    assert untrusted == ["skdeep.ConvAutoencoderTransformer"]
    assert_equal(model, skops.io.load(path, trusted=untrusted), X)
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert archive.namelist()[:2] == ["manifest.json", SCHEMA]


def test_changed_parameters_are_noticed_when_saving(digits, path):
    """A model whose weights no longer suit its parameters is not saved."""
    model = small_code().fit(digits[0]).set_params(n_components=5)
    with pytest.raises(ModelFileError, match="changed after fit"):
        save(model, path)
    model.set_params(n_components="many")
    with pytest.raises(ModelFileError, match="n_components"):
        save(model, path)
    save(model.set_params(n_components=3, precision="float64"), path)
    assert_equal(model, load(path), digits[0])


def test_saving_leaves_the_model_alone(texts, path):
    """What is packed for the file stays as it is in the model."""
    model = make_pipeline(TfidfVectorizer(analyzer="char", ngram_range=(1, 3)), SVC())
    model.fit(*texts)
    before = pickle.dumps(model)
    save(model, path)
    assert pickle.dumps(model) == before
    assert type(model[0].vocabulary_) is dict


def test_paths(models, tmp_path):
    """A path may be text or a Path; missing files and folders are named."""
    model, X = models["autoencoder"]
    save(model, str(tmp_path / "a"))
    assert_equal(model, load(str(tmp_path / "a")), X)
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "b")
    with pytest.raises(IsADirectoryError):
        load(tmp_path)
    with pytest.raises(FileNotFoundError):
        save(model, tmp_path / "missing" / "c")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ModelFileError, match="no plain file"):
        load(tmp_path / "pipe")


def test_other_files_are_refused_without_reading_them(tmp_path):
    """A large file of another kind is refused by its first bytes."""
    path = tmp_path / "large"
    with open(path, "wb") as file:
        file.truncate(2**31 - 1)
    with pytest.raises(ModelFileError, match="does not start as files"):
        load(path)
    with open(path, "ab") as file:
        file.truncate(2**31)
    with pytest.raises(ModelFileError, match="2147483648 bytes"):
        load(path)


def test_pickles_are_not_read(models, path):
    """There is no other format: a pickle is refused whatever it holds."""
    path.write_bytes(pickle.dumps(models["autoencoder"][0]))
    with pytest.raises(ModelFileError, match="cannot be loaded: it does not start"):
        load(path)
    buffer = io.BytesIO()
    skops.io.dump(models["autoencoder"][0], buffer)
    path.write_bytes(buffer.getvalue())
    with pytest.raises(ModelFileError, match=r"model\.skdeep cannot be loaded"):
        load(path)


def test_other_versions_are_told(contents, path):
    """An error in a file of other versions says which those were."""
    members = members_of(contents["autoencoder"])
    attributes_of(members, "ConvAutoencoderTransformer")["new"] = value_node("1")
    key_types = node_named(members, "ConvAutoencoderTransformer")["content"]
    key_types["key_types"]["content"].append(key_types["key_types"]["content"][0])
    path.write_bytes(file_of(members, versions={"skdeep": "99.1", "numpy": "7"}))
    with pytest.raises(ModelFileError, match=r"'new'.*skdeep 99\.1 \(here"):
        load(path)


def test_neighbors_of_every_kind(digits, path):
    """All searches of codes are kept, packed codes too."""
    codes = np.random.default_rng(0).integers(0, 2**63, (50, 2), dtype=np.uint64)
    for model, X in (
        (HammingNeighbors(2, algorithm="brute"), digits[0] > 0.5),
        (HammingNeighbors(2, n_bits=100), codes >> np.uint64(28)),
    ):
        model.fit(X)
        np.testing.assert_array_equal(
            saved_and_loaded(model, path).kneighbors(X), model.kneighbors(X)
        )
