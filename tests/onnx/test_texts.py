"""Texts become the same token ids in a file as in Python."""

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skdeep import CharCNNClassifier, RNNClassifier
from skdeep.encoding.vocabulary import (
    TextEncoding,
    learn_text_encoding,
    printable_text_encoding,
)
from skdeep.onnx import to_onnx
from skdeep.onnx.graph import Graph
from skdeep.onnx.texts import add_token_ids
from tests.common.instances import TEXTS

SPECIAL = "İΣ"
TRAINING = [
    "Free entry, call 0800-123 now!!",
    "see you at 10 or 11 ... ünï² STRASSE straße",
    "日本語 टेक्स्ट x_y ǅ ⅷ ٣٤ \U0001d7d8\U0001d7d9 a\0b\u2028c 0",
    "the the the cat",
]

# Real words, digits and white space of several scripts, and any character at all.
pieces = st.sampled_from(
    [*" ".join(TRAINING).split(" "), "FREE", "Straße", "12", "1" * 40, " ", "\t", "_"]
)
anything = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters=SPECIAL), max_size=12
)
texts = st.lists(
    st.lists(pieces | anything, max_size=8).map("".join), min_size=1, max_size=5
)

ENCODINGS = {
    f"{analyzer}-{lowercase}-{truncation}-{max_length}": (
        analyzer,
        lowercase,
        truncation,
        max_length,
    )
    for analyzer in ("word", "char")
    for lowercase in (False, True)
    for truncation in ("first", "last")
    for max_length in (3, 10)
}


def encoder(encoding):
    """Return a function from texts to padded ids that runs a file."""
    graph = Graph()
    ids = add_token_ids(graph, graph.input("X", object, [None]), encoding)
    graph.output("ids", ids, np.int32, [None, None])
    model = graph.model("ids", {"skdeep_version": "0"})
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    return lambda X: session.run(None, {"X": np.array(X, dtype=object)})[0]


@pytest.fixture(scope="module", params=ENCODINGS.values(), ids=list(ENCODINGS))
def pair(request):
    """Give an encoding and the same in a file."""
    analyzer, lowercase, truncation, max_length = request.param
    encoding = learn_text_encoding(
        TRAINING,
        analyzer=analyzer,
        lowercase=lowercase,
        truncation=truncation,
        max_length=100,
    )
    encoding = TextEncoding(**{**vars(encoding), "max_length": max_length})
    return encoding, encoder(encoding)


def assert_same_ids(encoding, encode, X):
    """Compare ids but for how far they are padded."""
    expected, found = encoding.encode(X).to_padded(), encode(X)
    assert found.dtype == np.int32
    assert found.shape[1] >= 8
    width = max(expected.shape[1], found.shape[1])
    expected, found = (
        np.pad(ids, ((0, 0), (0, width - ids.shape[1]))) for ids in (expected, found)
    )
    np.testing.assert_array_equal(found, expected)


@settings(max_examples=40, deadline=None)
@given(X=texts)
def test_ids_are_those_of_the_encoding(pair, X):
    """Any text gets the ids that Python gives, whatever stands beside it."""
    assert_same_ids(*pair, X)


def test_texts_without_tokens(pair):
    """Empty and blank texts are one unknown token each, also among themselves."""
    assert_same_ids(*pair, [""])
    assert_same_ids(*pair, ["", " ", "\n"])
    assert_same_ids(*pair, ["", *TRAINING])


@pytest.mark.parametrize("max_length", [5, 100])
@settings(max_examples=40, deadline=None)
@given(X=texts)
def test_printable_characters(max_length, X):
    """EXpose's alphabet: the last characters, those that are unknown left out."""
    encoding = printable_text_encoding(max_length)
    if max_length not in PRINTABLE:
        PRINTABLE[max_length] = encoder(encoding)
    assert_same_ids(encoding, PRINTABLE[max_length], X)


PRINTABLE = {}


def test_every_character(pair):
    """Each character of Unicode is read as Python reads it."""
    encoding, encode = pair
    numbers = [n for n in range(0x110000) if not 0xD800 <= n <= 0xDFFF]
    characters = [chr(n) for n in numbers if chr(n) not in SPECIAL][::17]
    assert_same_ids(encoding, encode, [f"a{c}b" for c in characters])


@pytest.mark.parametrize(
    "estimator",
    [
        RNNClassifier(units=3, embedding_size=4, lowercase=True),
        RNNClassifier("gru", units=3, embedding_size=4, pooling="last", n_layers=2),
        RNNClassifier("simple", units=3, embedding_size=4, analyzer="char"),
        CharCNNClassifier(filters=3, embedding_size=4, lowercase=True),
        CharCNNClassifier("kim", filters=3, embedding_size=4, analyzer="word"),
        CharCNNClassifier("expose", filters=3, embedding_size=4),
    ],
    ids=["lstm", "gru", "simple", "parallel", "kim", "expose"],
)
def test_probabilities_do_not_depend_on_padding(estimator, written):
    """A text beside a long one has the probabilities that it has alone."""
    estimator.set_params(epochs=1, random_state=0).fit(TEXTS.X, TEXTS.y)
    file, X = written(estimator), [*TEXTS.new[:20], "", "Free 12", "win " * 40]
    expected = estimator.predict_proba(X)
    found = file(X)["probabilities"]
    np.testing.assert_allclose(found, expected, atol=1e-5, rtol=0)
    alone = np.concatenate([file([text])["probabilities"] for text in X])
    np.testing.assert_allclose(alone, expected, atol=1e-5, rtol=0)


def test_files_name_the_operator_that_they_need(tmp_path):
    """Texts are cut by an operator of onnxruntime's, which the file asks for."""
    estimator = CharCNNClassifier(filters=3, embedding_size=4, epochs=1)
    to_onnx(estimator.fit(TEXTS.X, TEXTS.y), tmp_path / "model.onnx")
    model = onnx.load(tmp_path / "model.onnx")
    assert "com.microsoft" in {entry.domain for entry in model.opset_import}
    used = {node.op_type for node in model.graph.node if node.domain == "com.microsoft"}
    assert used == {"Tokenizer"}


def test_callable_analyzers_are_refused(tmp_path):
    """Python code that cuts texts cannot be written."""
    estimator = CharCNNClassifier(
        analyzer=str.split, filters=3, embedding_size=4, epochs=1
    )
    estimator.fit(TEXTS.X, TEXTS.y)
    with pytest.raises(ValueError, match="callable analyzer"):
        to_onnx(estimator, tmp_path / "model.onnx")
