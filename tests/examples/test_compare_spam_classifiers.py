"""The comparison of spam filters: its data, its options, what it prints and draws."""

import importlib.util
import socket
from pathlib import Path

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline

from skdeep.datasets import make_messages

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def example():
    """Give the program as a module."""
    path = EXAMPLES / "compare_spam_classifiers.py"
    specification = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.fixture
def quick(example, monkeypatch):
    """Give the program with little data and classifiers that take no time."""
    bayes = make_pipeline(CountVectorizer(), MultinomialNB())
    models = {"bayes": bayes, "majority": DummyClassifier()}
    monkeypatch.setattr(example, "make_classifiers", lambda cell, fast: models)
    monkeypatch.setattr(example, "N_GENERATED", 300)
    return example


@pytest.fixture
def offline(example, monkeypatch):
    """Let the real messages be out of reach, and count the attempts."""
    attempts = []

    def fetch_sms_spam(**options):
        attempts.append((options, socket.getdefaulttimeout()))
        raise OSError("SMSSpamCollection is not here.")

    monkeypatch.setattr(example, "fetch_sms_spam", fetch_sms_spam)
    return attempts


@pytest.mark.slow
def test_networks_are_compared(example, monkeypatch, capsys, tmp_path):
    """With all three classifiers, the table, the test and the picture come out."""
    monkeypatch.setattr(example, "N_GENERATED", 80)
    monkeypatch.setattr(example, "TRAINING_FAST", {"epochs": 1})
    output = tmp_path / "curves.png"
    arguments = ["--data", "generated", "--fast", "--folds", "2", "--cell", "gru"]
    example.main([*arguments, "--output", str(output)])
    text = capsys.readouterr().out
    assert text.startswith("Data: generated messages: ")
    for name in ("GRU", "character CNN", "TF-IDF + linear SVC"):
        assert f"\n{name}" in text
    assert "Paired test of f1" in text
    assert text.rstrip().endswith(f"ROC curves: {output}")
    assert output.read_bytes().startswith(PNG)


def test_a_machine_without_internet_continues_with_generated_messages(
    quick, offline, capsys, tmp_path
):
    """There is one short attempt, and the first line says what is used instead."""
    before = socket.getdefaulttimeout()
    quick.main(["--output", str(tmp_path / "curves.png")])
    first, second, *_ = capsys.readouterr().out.splitlines()
    assert first.startswith("Data: generated messages: ")
    assert "not at hand: SMSSpamCollection is not here." in second
    [(options, timeout)] = offline
    assert options["n_retries"] == 1
    assert 0 < timeout <= 5
    assert socket.getdefaulttimeout() == before


def test_real_messages_that_cannot_be_had_are_no_other_messages(quick, offline):
    """Asked for by name, they are not replaced."""
    with pytest.raises(SystemExit, match="SMSSpamCollection is not here"):
        quick.main(["--data", "sms"])


@pytest.mark.slow
def test_real_messages_are_used_when_they_lie_in_the_data_home(
    quick, data_home, monkeypatch, capsys, tmp_path
):
    """All 5171 different messages are compared, in groups of near-duplicates."""
    if not (data_home / "SMSSpamCollection").is_file():
        pytest.skip(f"SMSSpamCollection is not in {data_home}.")
    monkeypatch.setenv("SKDEEP_DATA", str(data_home))
    quick.main(["--output", str(tmp_path / "curves.png")])
    first, *_ = capsys.readouterr().out.splitlines()
    assert "SMS Spam Collection (real messages): 5171 without exact repeats" in first
    assert "653 of class 'spam'" in first


def test_own_messages_come_from_a_file(quick, capsys, tmp_path):
    """Repeats are dropped, and the second label in sorted order is positive."""
    messages = make_messages(80, spam_fraction=0.5, random_state=0)
    rows = [*range(80), *range(20)]
    lines = [f"{'ab'[messages.target[row]]}\t{messages.data[row]}" for row in rows]
    path = tmp_path / "messages.csv"
    path.write_text("\n".join(["label\ttext", *lines]), encoding="utf-8")
    output = tmp_path / "curves.png"
    quick.main(["--data", str(path), "--markdown", "--output", str(output)])
    text = capsys.readouterr().out
    n_different = len(set(messages.data))
    expected = f"Data: messages of {path}: {n_different} without exact repeats"
    assert text.startswith(expected)
    assert "of class 'b'" in text
    assert "| classifier | f1 |" in text
    assert output.exists()


def test_files_with_more_classes_are_refused(quick, tmp_path):
    """The message says how many there are."""
    path = tmp_path / "messages.csv"
    lines = [f"{kind};number {n} is {kind}" for n in range(9) for kind in "abc"]
    path.write_text("\n".join(["label;text", *lines]), encoding="utf-8")
    with pytest.raises(SystemExit, match=r"two classes, but found \['a', 'b', 'c'\]"):
        quick.main(["--data", str(path)])


def test_the_picture_goes_to_the_current_folder_by_default(quick, capsys):
    """Its name is the one the documentation gives."""
    quick.main(["--data", "generated"])
    picture = Path("roc_spam_classifiers.png")
    assert picture.read_bytes().startswith(PNG)
    picture.unlink()


def test_fast_runs_take_fewer_messages_and_folds(quick, monkeypatch, capsys, tmp_path):
    """A number of folds that was asked for stays."""
    monkeypatch.setattr(quick, "N_FAST", 100)
    output = ["--output", str(tmp_path / "curves.png")]
    quick.main(["--data", "generated", "--fast", *output])
    text = capsys.readouterr().out
    assert "100 without exact repeats" in text
    assert "of 3 folds" in text
    quick.main(["--data", "generated", "--fast", "--folds", "4", *output])
    assert "of 4 folds" in capsys.readouterr().out


def test_groups_stay_together(quick, monkeypatch, tmp_path):
    """No near-duplicates stand on both sides, and no message comes twice."""
    seen = {}
    compare = quick.compare_classifiers

    def spy(estimators, texts, labels, *, groups, **options):
        seen.update(texts=texts, groups=groups)
        seen["comparison"] = compare(
            estimators, texts, labels, groups=groups, **options
        )
        return seen["comparison"]

    monkeypatch.setattr(quick, "compare_classifiers", spy)
    quick.main(["--data", "generated", "--output", str(tmp_path / "curves.png")])
    assert len(set(seen["texts"])) == len(seen["texts"])
    assert len(np.unique(seen["groups"])) < len(seen["groups"])
    for train, test in seen["comparison"].folds:
        assert not set(seen["groups"][train]) & set(seen["groups"][test])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--folds", "1"], "--folds must be at least 2, but is 1"),
        (["--output", "no/such/folder/curves.png"], "no folder"),
        (["--data", "no_such_file.csv"], "no_such_file.csv is no file"),
        (["--cell", "transformer"], "invalid choice"),
    ],
)
def test_options_are_checked_before_anything_is_done(
    example, capsys, arguments, message
):
    """Mistakes are named at once, not after minutes of fitting."""
    with pytest.raises(SystemExit):
        example.main(arguments)
    assert message in capsys.readouterr().err


def test_classifiers_are_those_of_the_story(example):
    """Networks over words and characters, and a linear model over TF-IDF."""
    models = example.make_classifiers("lstm", fast=False)
    assert list(models) == ["LSTM", "character CNN", "TF-IDF + linear SVC"]
    assert models["LSTM"].get_params()["cell"] == "lstm"
    words, pieces = (
        step.get_params()
        for _, step in models["TF-IDF + linear SVC"][0].transformer_list
    )
    assert words["ngram_range"] == (1, 2)
    assert (pieces["analyzer"], pieces["ngram_range"]) == ("char_wb", (2, 5))
    assert words["sublinear_tf"]
    assert pieces["sublinear_tf"]
