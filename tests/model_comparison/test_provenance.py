"""What a comparison writes down about its origin."""

import json
import sys
from types import SimpleNamespace

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skdeep.datasets import LazyRows
from skdeep.model_comparison import compare_classifiers
from skdeep.model_comparison import content_digest as digests
from skdeep.model_comparison.content_digest import content_digest, description
from skdeep.model_comparison.provenance import as_text, record_provenance

ROWS = np.arange(24.0).reshape(12, 2)
LABELS = np.arange(12) % 2
FOLDS = [(np.arange(6), np.arange(6, 12))]


def record(classifiers, **options):
    """Return the provenance of a comparison that is never run."""
    given = {"groups": None, "splitter": None, "folds": FOLDS, **options}
    return record_provenance(classifiers, ROWS, LABELS, **given)


def test_parameters_of_nested_estimators():
    """Those that differ from the default of their class are known."""
    model = make_pipeline(StandardScaler(), LogisticRegression(C=3.0))
    found = record({"model": model}).classifiers["model"]
    assert found.class_name == "Pipeline"
    assert found.parameters["logisticregression__C"] == "3.0"
    assert found.parameters["standardscaler"] == "StandardScaler()"
    assert "logisticregression__C" in found.changed
    assert "logisticregression__tol" not in found.changed
    assert found.seeds == {"logisticregression__random_state": "None"}


def test_texts_have_no_addresses_and_are_short():
    """A function, an object and a long list become the same text in each process."""
    model = FunctionTransformer(lambda X: X)
    assert " at 0x" not in as_text(model.func)
    assert " at 0x" not in as_text(object())
    assert len(as_text(list(range(10**6)))) < 100
    assert as_text(np.zeros((30, 2))) == "array of float64, shape (30, 2)"

    class Wicked:
        def __repr__(self):
            raise RuntimeError

    assert "Wicked" in as_text(Wicked())


def test_comparisons_record_their_origin():
    """Data, groups, folds, seeds, versions, machine and date are texts and numbers."""
    groups = np.arange(12) // 2
    compared = compare_classifiers([GaussianNB()], ROWS, LABELS, groups=groups, cv=2)
    origin = compared.provenance
    assert origin.data.n_groups == 6
    assert origin.data.description == "ndarray of float64, shape (12, 2)"
    assert origin.data.rows_digest == content_digest(ROWS)
    assert StratifiedGroupKFold.__name__ in origin.splitter
    assert origin.splitter_seeds == {"random_state": "0"}
    assert origin.versions["numpy"] == np.__version__
    assert set(origin.machine) == {"processor", "cores", "system"}
    assert np.datetime64(origin.started.removesuffix("+00:00")) > np.datetime64("2024")
    assert json.dumps(origin.machine | origin.versions)


def test_folds_have_a_digest():
    """Other folds of the same data are other folds."""
    other = [(np.arange(7), np.arange(7, 12))]
    assert record({}).folds_digest == record({}).folds_digest
    assert record({}).folds_digest != record({}, folds=other).folds_digest


def test_equal_content_has_equal_digests(monkeypatch):
    """Whether it lies in a list, an array or a file; other content has another."""
    texts = ["ham", "späm", ""]
    assert len({content_digest(t) for t in (texts, tuple(texts), np.array(texts))}) == 1
    frames = pd.Series(texts), pl.Series(texts)
    assert {content_digest(frame) for frame in frames} == {content_digest(texts)}
    assert content_digest(ROWS.tolist()) == content_digest(ROWS)
    assert content_digest(ROWS) != content_digest(ROWS + 1)
    assert content_digest(ROWS) != content_digest(ROWS.astype(np.float32))
    monkeypatch.setattr(digests, "_PIECE_BYTES", 64)
    assert content_digest(LazyRows(ROWS)) == content_digest(ROWS)


def test_digests_of_matrices_and_frames():
    """Sparse matrices count by their numbers, frames also by their columns."""
    matrix = sparse.csr_matrix(ROWS)
    as_columns = sparse.csc_matrix(ROWS)
    assert content_digest(matrix) == content_digest(as_columns)
    assert content_digest(matrix) != content_digest(sparse.csr_matrix(ROWS.T))
    mixed = pd.DataFrame({"n": [1, 2], "t": ["a", "b"]})
    assert content_digest(mixed) == content_digest(pl.DataFrame(mixed.to_dict("list")))
    assert content_digest(mixed) != content_digest(mixed.rename(columns={"n": "m"}))
    twins = pd.DataFrame([[1, 2], [3, 4]], columns=["a", "a"])
    assert content_digest(twins) != content_digest(twins.iloc[:, ::-1])


def test_a_comparison_needs_no_digest():
    """Rows that cannot be read here are left to the classifiers."""

    class Endless:
        def __len__(self):
            return 3

        def __getitem__(self, place):
            return place

    class Broken(Endless):
        def __getitem__(self, place):
            raise OSError("The file is gone.")

    assert content_digest(Endless()) == content_digest([0, 1, 2])
    assert content_digest(Broken()) is None
    assert description(Broken()) == "Broken, length 3"


def test_versions_of_the_packages_of_classifiers(monkeypatch):
    """Also of those inside of a pipeline, and from packages of any kind."""
    boosted = type("Boosted", (GaussianNB,), {"__module__": "boost.sklearn"})
    monkeypatch.setitem(sys.modules, "boost", SimpleNamespace(__version__="7.8"))
    versions = record({"b": make_pipeline(StandardScaler(), boosted())}).versions
    assert versions["boost"] == "7.8"
    assert "sklearn" not in versions and "scikit-learn" in versions


def test_given_folds_are_not_repeated():
    """Their digest stands for them."""
    compared = compare_classifiers([GaussianNB()], ROWS, LABELS, cv=FOLDS)
    assert compared.provenance.splitter == "row numbers that were given"


@pytest.mark.parametrize("X", [[object()], [None, "a"], np.array([object()])])
def test_unknown_content_has_no_digest(X):
    """Objects of unknown content are described, not digested."""
    assert content_digest(X) is None
    assert description(X)
