"""The report in one HTML file."""

import pickle
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import FitFailedWarning
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.model_selection import StratifiedKFold
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from skdeep.model_comparison import Comparison, compare_classifiers
from skdeep.model_comparison.confusions import confusions

X, Y = load_breast_cancer(return_X_y=True)
X, Y = X[:150], Y[:150]
HOSTILE = "</td><script src=//evil.example>'\"&amp; $x_$ --!> \u202e"
VOID = {"meta", "br", "img", "link", "input", "hr"}


class Page(HTMLParser):
    """What a browser would find in a page."""

    def __init__(self, path):
        super().__init__()
        self.source = path.read_text(encoding="utf-8")
        self.elements, self.places, self._open, self.unclosed = [], [], [], []
        self.feed(self.source)
        self.close()
        self.unclosed += self._open

    def handle_starttag(self, tag, attrs):
        assert len(dict(attrs)) == len(attrs), "An attribute is there twice."
        self.elements.append((tag, dict(attrs), list(self._open)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs), list(self._open)))

    def handle_endtag(self, tag):
        if not self._open or self._open.pop() != tag:
            self.unclosed.append(tag)

    def handle_data(self, data):
        if self._open and self._open[-1] != "style":
            self.places.append((data, list(self._open)))

    @property
    def text(self):
        return " ".join(text for text, _ in self.places)

    def of(self, tag):
        return [attrs for name, attrs, _ in self.elements if name == tag]


def check_page(page):
    """Check what holds of every report."""
    assert page.unclosed == []
    ids = [attrs["id"] for _, attrs, _ in page.elements if "id" in attrs]
    assert len(set(ids)) == len(ids)
    for _, attrs, _ in page.elements:
        for name, value in attrs.items():
            assert not name.startswith("on")
            if name in ("src", "srcset", "action", "data", "poster"):
                pytest.fail(f"{name}={value!r} would be fetched")
            if name.endswith("href"):
                assert value.startswith("#") and value[1:] in ids
            assert all(
                target in ids for target in re.findall(r"url\(#([^)]*)\)", value or "")
            )
    tags = {tag for tag, _, _ in page.elements}
    assert not tags & {"script", "link", "iframe", "object", "embed", "base", "img"}
    css = re.search("<style>(.*?)</style>", page.source, re.DOTALL)[1]
    assert "url(" not in css and "@import" not in css
    assert "http" not in re.sub("http-equiv", "", re.sub(">[^<]*<", "><", page.source))
    for tag, attrs, around in page.elements:
        if tag == "svg" and "svg" not in around:
            hidden = attrs.get("aria-hidden") == "true"
            assert hidden or (attrs["role"] == "img" and attrs["aria-label"])
            assert "width" not in attrs
        if tag == "table":
            assert around[-1] == "div"


def report(comparison, folder, **options):
    """Write a report, check it and return the page."""
    path = folder / "report.html"
    comparison.to_html(path, **options)
    page = Page(path)
    check_page(page)
    return page


@pytest.fixture(scope="module")
def comparison():
    """Give a comparison of classifiers of all kinds on two classes."""
    models = {
        "bayes": GaussianNB(),
        HOSTILE: DecisionTreeClassifier(max_depth=2, random_state=7),
        "ridge": RidgeClassifier(),
        "pipeline": make_pipeline(StandardScaler(), LogisticRegression(C=0.25)),
    }
    cv = StratifiedKFold(3, shuffle=True, random_state=11)
    return compare_classifiers(models, X, Y, cv=cv)


def test_everything_is_in_one_file(comparison, tmp_path):
    """Table, tests, pictures, parameters, data, seeds, versions and machine."""
    page = report(comparison, tmp_path)
    text = page.text
    for name, row in comparison.summary().iterrows():
        assert name in text
        for metric in comparison.metrics:
            cell = f"{row[f'mean_{metric}']:.3f} ± {row[f'std_{metric}']:.3f}"
            assert cell in text
    test = comparison.paired_test("f1")
    for _, row in test.iterrows():
        assert f"{row['mean_difference']:+.3f}" in text
        assert f"{row['p_holm']:.3f}" in text or "< 0.001" in text
    # ROC, precision-recall, calibration, cost, and a matrix of each classifier.
    assert len([a for a in page.of("svg") if a.get("role") == "img"]) == 8
    assert "logisticregression__C" in text and "0.25" in text
    provenance = comparison.provenance
    for value in (
        provenance.data.rows_digest,
        provenance.data.labels_digest,
        provenance.folds_digest,
        provenance.versions["numpy"],
        provenance.machine["processor"],
    ):
        assert value in text
    assert re.search(r"random_state\s+11", text) and re.search(
        r"random_state\s+7", text
    )
    assert "Without predict_proba:  ridge ." in text
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def test_what_users_name_is_escaped(comparison, tmp_path):
    """A hostile name of a classifier, a class or a metric is text and no more."""
    page = report(comparison, tmp_path)
    assert HOSTILE in page.text
    assert "<script" not in page.source
    assert "<!--" not in page.source
    labels = np.where(Y == 1, f"1{HOSTILE}", "0")
    scoring = {HOSTILE: lambda estimator, X, y: estimator.score(X, y)}
    hostile = compare_classifiers(
        {HOSTILE: GaussianNB(), "b": DummyClassifier()}, X, labels, scoring=scoring
    )
    page = report(hostile, tmp_path)
    assert f"The positive class is  1{HOSTILE} ." in page.text
    # A sign that turns the direction of writing around ends with the name.
    around = [tags[-1] for text, tags in page.places if "\u202e" in text]
    assert set(around) <= {"bdi", "td", "th"}


def test_equal_comparisons_give_equal_bytes(comparison, tmp_path):
    """The date is a part of the comparison, and nothing else changes by itself."""
    contents = []
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        copy = pickle.loads(pickle.dumps(comparison))
        contents.append(report(copy, tmp_path / name).source)
    assert contents[0] == contents[1]
    later = replace(comparison.provenance, started="2031-01-02T03:04:05+00:00")
    page = report(replace(comparison, provenance=later), tmp_path)
    old = comparison.provenance.started.replace("T", " ").replace("+00:00", " UTC")
    assert page.source.replace("2031-01-02 03:04:05 UTC", old) == contents[0]


def test_the_users_style_of_pictures_changes_nothing(comparison, tmp_path, pyplot):
    """Nor does the report change that style, or leave figures open."""
    before = report(comparison, tmp_path).source
    with pyplot.style.context("dark_background"):
        pyplot.rcParams["svg.fonttype"] = "none"
        style = dict(pyplot.rcParams)
        assert report(comparison, tmp_path).source == before
        assert dict(pyplot.rcParams) == style
    assert pyplot.get_fignums() == []


def test_one_classifier_and_one_fold(tmp_path):
    """Then there is no test, no spread and nothing to stress."""
    folds = [(np.arange(100), np.arange(100, 150))]
    single = compare_classifiers([GaussianNB()], X, Y, cv=folds)
    page = report(single, tmp_path)
    assert "A paired test needs two classifiers and two folds." in page.text
    assert "Scores of one fold" in page.text and " ± " not in page.text
    assert 'class="best"' not in page.source


def test_twenty_classifiers_of_three_classes(tmp_path):
    """Pictures of a few classifiers each, and no curves of two classes."""
    models = {
        f"tree {n}": DecisionTreeClassifier(max_depth=1 + n % 4, random_state=n)
        for n in range(20)
    }
    many = compare_classifiers(models, *load_iris(return_X_y=True), cv=2)
    page = report(many, tmp_path)
    assert "there are 3 here" in page.text
    pictures = [a["id"] for a in page.of("section") if "id" in a]
    assert "calibration" in pictures
    # Four times five curves of calibration, one picture of the cost, four matrices.
    assert len([a for a in page.of("svg") if a.get("role") == "img"]) == 9
    assert "Of the 4 best in  accuracy ." in page.text
    assert sum("open" in attrs for attrs in page.of("details")) == 1


def test_confusions_of_forty_classes_are_pairs(tmp_path):
    """There is no room for a picture, so the largest are told."""
    y = np.repeat(np.arange(40), 5)
    X = y[:, np.newaxis] + np.where(y == 7, 100.0, 0.0)[:, np.newaxis]
    folds = [(np.arange(200)[np.arange(200) % 5 > 0], np.arange(0, 200, 5))]
    many = compare_classifiers({"tree": DecisionTreeClassifier()}, X, y, cv=folds)
    assert confusions(many, "tree").tolist() == np.eye(40).tolist()
    guessed = many.fold_predictions["tree"][0].copy()
    guessed[[3, 7]] = 9, 9
    wrong = replace(many, fold_predictions={"tree": [guessed]})
    page = report(wrong, tmp_path)
    assert "too many classes for a small picture" in page.text
    rows = re.findall(r"<tr><th[^>]*><bdi>(\d+)</bdi></th><td>9</td>", page.source)
    assert rows == ["3", "7"]


def test_labels_that_are_no_class_are_told(tmp_path):
    """Pictures have a column for them, by name or as others; lists have their name."""

    def doubting(comparison, label):
        predictions = [
            np.where(np.arange(len(labels)) < 9, label, labels)
            for labels in comparison.fold_predictions["bayes"]
        ]
        return replace(comparison, fold_predictions={"bayes": predictions})

    words = compare_classifiers([("bayes", GaussianNB())], X, np.where(Y, "a", "b"))
    page = report(doubting(words, "unclear"), tmp_path)
    assert "Classes have the numbers" not in page.text
    page = report(doubting(words, "неясно"), tmp_path)
    assert "Classes have the numbers" in page.text
    y = np.repeat(np.arange(40), 5)
    folds = [(np.arange(200)[np.arange(200) % 5 > 0], np.arange(0, 200, 5))]
    many = compare_classifiers({"bayes": GaussianNB()}, y[:, None] + 0.0, y, cv=folds)
    page = report(doubting(many, -7), tmp_path)
    assert page.source.count("<td>-7</td>") == 9


def test_classes_without_plain_names_are_numbered(tmp_path):
    """The letters of a picture may lack those of a name; the page has all."""
    labels = np.array(["яблоко", "груша"])[Y]
    page = report(compare_classifiers([GaussianNB()], X, labels, cv=2), tmp_path)
    assert "Classes have the numbers that they have under Data." in page.text
    plain = report(compare_classifiers([GaussianNB()], X, Y, cv=2), tmp_path)
    assert "Classes have the numbers" not in plain.text


def test_without_probabilities_and_scores(tmp_path):
    """Classifiers that only predict have a table, a test and a cost."""

    class Plain(ClassifierMixin, BaseEstimator):
        def __init__(self, column=0):
            self.column = column

        def fit(self, X, y):
            self.classes_ = np.unique(y)
            self.threshold_ = np.median(X[:, self.column])
            return self

        def predict(self, X):
            return self.classes_[(X[:, self.column] < self.threshold_).astype(int)]

    plain = compare_classifiers(
        {"a": Plain(), "b": Plain(column=1)},
        X,
        Y,
        scoring="accuracy",
    )
    page = report(plain, tmp_path)
    assert "No classifier has probabilities." in page.text
    assert "No classifier has scores to draw a curve of." in page.text


@pytest.mark.parametrize("error_score", [np.nan, -np.inf])
def test_failed_fits_are_told(tmp_path, error_score):
    """A classifier that failed in a fold is left out of the test by name."""

    class Fragile(GaussianNB):
        def fit(self, X, y):
            if X[0, 0] == first:
                raise ValueError("no")
            return super().fit(X, y)

    first = X[0, 0]
    models = {"bayes": GaussianNB(), "fragile": Fragile(), "dummy": DummyClassifier()}
    cv = [
        (np.arange(0, 100), np.arange(100, 150)),
        (np.arange(50, 150), np.arange(0, 50)),
    ]
    with pytest.warns(FitFailedWarning):
        broken = compare_classifiers(models, X, Y, cv=cv, error_score=error_score)
    page = report(broken, tmp_path)
    assert "fragile : the fit failed in 1 fold." in page.text
    assert "Left out, because a fold has no score:  fragile ." in page.text


def test_classifiers_that_always_fail_are_not_said_to_lack_a_method(tmp_path):
    """They have the methods, and the page says that no fit came to an end."""
    models = {
        "broken": LogisticRegression(C=-1),
        "bayes": GaussianNB(),
        "ridge": RidgeClassifier(),
    }
    with pytest.warns(FitFailedWarning):
        broken = compare_classifiers(models, X, Y, cv=2, error_score=np.nan)
    text = report(broken, tmp_path).text
    assert "broken : the fit failed in 2 folds." in text
    assert "Without predict_proba:  ridge ." in text
    assert "Without predict_proba and decision_function" not in text


def test_old_comparisons_have_no_provenance(comparison, tmp_path):
    """A comparison of an earlier release, or made by hand, says what it knows."""
    assert Comparison.__dataclass_fields__["provenance"].default is None
    old = replace(comparison, provenance=None)
    page = report(old, tmp_path)
    assert page.text.count("Nobody wrote this down") == 4
    state = {k: v for k, v in vars(comparison).items() if k != "provenance"}
    unpickled = Comparison.__new__(Comparison)
    unpickled.__dict__.update(state)
    assert report(unpickled, tmp_path).source == page.source


def test_a_report_is_written_as_a_whole_or_not_at_all(comparison, tmp_path):
    """What was there stays if the metric is wrong or the folder does not exist."""
    path = tmp_path / "report.html"
    path.write_text("before", encoding="utf-8")
    with pytest.raises(ValueError, match="no metric 'f2'"):
        comparison.to_html(path, metric="f2")
    assert path.read_text(encoding="utf-8") == "before"
    with pytest.raises(FileNotFoundError):
        comparison.to_html(tmp_path / "nowhere" / "report.html")
    comparison.to_html(str(path), metric="roc_auc")
    assert "roc_auc over seconds of a fit" in Page(path).text


def test_frames_as_data(tmp_path):
    """The digest of a frame names its columns; the type says what it was."""
    frame = pd.DataFrame(X[:, :3], columns=["a", "b", "c"])
    compared = compare_classifiers([GaussianNB()], frame, Y, cv=2)
    page = report(compared, tmp_path)
    assert "DataFrame, shape (150, 3)" in page.text
