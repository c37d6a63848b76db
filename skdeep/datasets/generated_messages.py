"""Generated text messages, wanted and unwanted."""

import random
from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.utils import Bunch, check_random_state
from sklearn.utils._param_validation import Interval, validate_params

from skdeep.datasets.message_grammar import (
    AMBIGUOUS,
    CHAT,
    CHEATING_CONTACT,
    HONEST_CONTACT,
    SALE,
    PhraseFiller,
)
from skdeep.datasets.messages import assemble_messages

_TARGET_NAMES = ("ham", "spam")

_ABBREVIATIONS = {
    "you": "u",
    "your": "ur",
    "are": "r",
    "see": "c",
    "to": "2",
    "for": "4",
    "tonight": "2nite",
    "tomorrow": "tmrw",
    "please": "pls",
    "thanks": "thx",
    "and": "n",
    "because": "cos",
    "what": "wat",
    "message": "msg",
    "text": "txt",
}

# Letters and digits that are taken for each other by people, but not by filters.
_DISGUISES = {"o": "0", "i": "1", "e": "3", "a": "4", "s": "5", "l": "1"}

_DESCRIPTION = """\
Generated text messages
-----------------------

{n_samples} generated messages, {n_spam} of them spam: nobody ever wrote or received
them. make_messages fills phrases with random names, times, amounts, telephone numbers
from ranges kept for drama and addresses ending in ".example", and adds abbreviations,
typing errors and disguised words.

The class is that of the author, honest (0, "ham") or a cheat (1, "spam"), so no label
is wrong. But the texts of both overlap: with noise={noise}, that share of each class
takes words from the other or from phrases that both use, and what tells such messages
apart, if anything does, is a telephone number or an address.
"""


@validate_params(
    {
        "n_samples": [Interval(Integral, 1, None, closed="left")],
        "spam_fraction": [Interval(Real, 0, 1, closed="both")],
        "noise": [Interval(Real, 0, 1, closed="both")],
        "random_state": ["random_state"],
        "return_X_y": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def make_messages(
    n_samples: int = 1000,
    *,
    spam_fraction: float = 0.134,
    noise: float = 0.2,
    random_state: int | np.random.RandomState | None = None,
    return_X_y: bool = False,
) -> Bunch | tuple[Any, Any]:
    """Generate text messages, some of them spam.

    A problem of text classification that needs no download. It has what makes the
    real one hard: few spam messages, abbreviations, typing errors, disguised words,
    near-duplicates, honest messages that look like spam and spam that looks honest.

    Parameters
    ----------
    n_samples : int, default=1000
        Number of messages.

    spam_fraction : float in [0, 1], default=0.134
        Share of spam, exact up to rounding; at least one message of each class is
        generated if the share is neither 0 nor 1. The default is that of the SMS
        Spam Collection.

    noise : float in [0, 1], default=0.2
        Share of each class that is written like the other one or in phrases that
        both use. With 0, the classes can be told apart without error. With the
        default, TF-IDF and a linear classifier reach an area under the ROC curve of
        about 0.95. The labels are right whatever the noise.

    random_state : int, RandomState instance or None, default=None
        Determines the messages. Pass an int for the same messages in every call.

    return_X_y : bool, default=False
        If True, return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    bunch : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, with the attributes of :func:`fetch_sms_spam`.

        data : ndarray of object of shape (n_samples,)
            The messages, as str, in random order.
        target : ndarray of int64 of shape (n_samples,)
            0 for ham, 1 for spam.
        target_names : list of str
            ``["ham", "spam"]``.
        groups : ndarray of int64 of shape (n_samples,)
            Group of near-duplicates of each message, from
            :func:`group_near_duplicates`.
        frame : None
            There is none.
        DESCR : str
            Description of the messages, which says that they are generated.

    (data, target) : tuple if `return_X_y` is True
        The two arrays.

    Raises
    ------
    ValueError
        If a parameter is out of its range.

    See Also
    --------
    fetch_sms_spam : Real messages.

    Examples
    --------
    >>> from skdeep.datasets import make_messages
    >>> messages = make_messages(100, random_state=0)
    >>> messages.data.shape, messages.target.sum()
    ((100,), np.int64(13))
    """
    generator = check_random_state(random_state)
    n_spam = _n_spam(n_samples, spam_fraction)
    target = generator.permutation(np.arange(n_samples) < n_spam).astype(np.int64)
    # Choosing among strings is many times faster with Python's own generator.
    writer = _Writer(random.Random(int(generator.randint(2**31 - 1))), noise)
    texts = [writer.spam() if label else writer.ham() for label in target]
    return assemble_messages(
        texts,
        target.tolist(),
        _TARGET_NAMES,
        _DESCRIPTION.format(n_samples=n_samples, n_spam=n_spam, noise=noise),
        return_X_y=return_X_y,
    )


def _n_spam(n_samples: int, spam_fraction: float) -> int:
    """Return the number of spam messages: both classes appear, unless ruled out."""
    n_spam = round(n_samples * spam_fraction)
    if 0 < spam_fraction < 1 and n_samples > 1:
        n_spam = min(max(n_spam, 1), n_samples - 1)
    return n_spam


class _Writer:
    """Writes messages of both classes."""

    def __init__(self, chooser: random.Random, noise: float) -> None:
        self._chooser = chooser
        self._noise = noise
        self._filler = PhraseFiller(chooser)

    def ham(self) -> str:
        """Return a message of an honest sender."""
        if not self._happens(self._noise):
            text = self._chat()
        elif self._happens(0.7):
            text = self._filler.fill(self._chooser.choice(AMBIGUOUS), HONEST_CONTACT)
        else:
            # Told by a friend, an advertisement is no spam.
            text = self._join(self._sale(HONEST_CONTACT), self._chat())
        return self._misspelt(text)

    def spam(self) -> str:
        """Return a message of a cheat."""
        if not self._happens(self._noise):
            text = self._disguised(self._sale(CHEATING_CONTACT))
        elif self._happens(0.6):
            text = self._filler.fill(self._chooser.choice(AMBIGUOUS), CHEATING_CONTACT)
        else:
            # A cheat who poses as a friend wants an answer, nothing else.
            text = self._chat()
            if self._happens(0.5):
                text = self._join(
                    text, self._filler.fill("{contact}", CHEATING_CONTACT)
                )
        return self._misspelt(text)

    def _happens(self, probability: float) -> bool:
        """Return True with a given probability."""
        return self._chooser.random() < probability

    def _join(self, *parts: str) -> str:
        """Join parts of a message, as people do."""
        return self._chooser.choice((". ", " ", ", ", "... ", "! ")).join(parts)

    def _chat(self) -> str:
        """Return what a friend would write."""
        parts = [self._chooser.choice(CHAT)]
        if self._happens(0.35):
            parts.insert(0, self._chooser.choice(("{greeting}", "{greeting} {name}")))
        if self._happens(0.5):
            parts.append(self._chooser.choice(CHAT))
        if self._happens(0.3):
            parts.append("{laugh}")
        text = self._filler.fill(self._join(*parts))
        if self._happens(0.4):
            text = self._abbreviated(text)
        return text[0].upper() + text[1:] if self._happens(0.5) else text

    def _sale(self, contacts: tuple[str, ...]) -> str:
        """Return what a mass message would say."""
        parts = [self._chooser.choice(SALE), "{contact}"]
        if self._happens(0.5):
            parts.insert(self._chooser.randint(0, 1), "{hurry}")
        if self._happens(0.5):
            parts.append("{cost}")
        return self._filler.fill(self._join(*parts), contacts)

    def _abbreviated(self, text: str) -> str:
        """Return the text with some words as they are spelt on a keypad."""
        words = text.split(" ")
        return " ".join(
            _ABBREVIATIONS.get(word, word) if self._happens(0.7) else word
            for word in words
        )

    def _disguised(self, text: str) -> str:
        """Return the text with some words shouted, spaced out or spelt with digits."""
        words = text.split(" ")
        for position, word in enumerate(words):
            if word.isalpha() and len(word) > 2 and self._happens(0.25):
                words[position] = self._chooser.choice(
                    (
                        word.upper(),
                        "".join(_DISGUISES.get(letter, letter) for letter in word),
                        "-".join(word),
                    )
                )
        return " ".join(words)

    def _misspelt(self, text: str) -> str:
        """Return the text with a typing error in some of its words."""
        words = text.split(" ")
        for position, word in enumerate(words):
            if word.isalpha() and len(word) > 3 and self._happens(0.04):
                at = self._chooser.randrange(len(word) - 1)
                swapped = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
                words[position] = self._chooser.choice(
                    (
                        swapped,
                        word[:at] + word[at + 1 :],
                        word[:at] + word[at] + word[at:],
                    )
                )
        return " ".join(words)
