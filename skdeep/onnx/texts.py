"""Texts to token ids, inside an ONNX graph.

ONNX has no operators that cut texts, so this takes one of onnxruntime's own,
`com.microsoft.Tokenizer`. What comes out is what `TextEncoding.encode` gives, padded on
the right with zeros.
"""

import sys
from collections.abc import Callable, Iterable, Mapping
from functools import cache

import numpy as np

from skdeep.encoding.tokens import UNKNOWN_ID
from skdeep.encoding.vocabulary import TextEncoding
from skdeep.onnx.graph import ML, RUNTIME, Graph

__all__ = ["add_token_ids", "check_encoding"]

# Inference never pads to less, see `skdeep.runtime.infer`.
_SHORTEST = 8
# Numbers of types in `onnx.TensorProto`, which is imported when it is needed only.
_INT32, _INT64 = 6, 7
# Far below zero, however many digits a token has beside the character that is none.
_NO_DIGIT = -(2**31)


def check_encoding(encoding: TextEncoding, name: str) -> None:
    """Refuse texts that are read by Python code.

    Raises
    ------
    ValueError
        If the analyzer is a callable.
    """
    if callable(encoding.analyzer):
        raise ValueError(
            f"{name} has a callable analyzer ({encoding.analyzer!r}), and Python code "
            "cannot be written to an ONNX file. Fit with analyzer='word' or 'char', "
            "or with texts that are prepared beforehand."
        )


def add_token_ids(graph: Graph, texts: str, encoding: TextEncoding) -> str:
    """Add what turns texts into token ids.

    Parameters
    ----------
    graph : Graph
        The graph to add to.
    texts : str
        Name of a tensor of strings of shape (n_samples,).
    encoding : TextEncoding
        The vocabulary and the rules.

    Returns
    -------
    ids : str
        Name of a tensor of int32 of shape (n_samples, length), padded on the right.
    """
    if encoding.analyzer == "char":
        ids = _ids_of_characters(graph, texts, encoding)
    else:
        ids = _ids_of_words(graph, texts, encoding)
    # Without any token there would be no column, and networks need some.
    shape = graph.add("Shape", ids)
    rows = graph.add("Slice", shape, *map(graph.constant, ([0], [1])))
    width = graph.add("Slice", shape, *map(graph.constant, ([1], [2])))
    missing = graph.add("Sub", graph.constant([_SHORTEST]), width)
    missing = graph.add("Max", missing, graph.constant([0]))
    ids = _with_zeros(graph, ids, rows, missing)
    if encoding.unknown == "drop":
        kept = graph.add("Greater", ids, graph.constant(UNKNOWN_ID))
        ids = _ends(graph, ids, kept, encoding)
    elif encoding.truncation == "last":
        kept = graph.add("Greater", ids, graph.constant(0))
        ids = _ends(graph, ids, kept, encoding)
    else:
        stop = graph.constant([encoding.max_length])
        ids = graph.add("Slice", ids, graph.constant([0]), stop, graph.constant([1]))
        ids = _padded(graph, ids, encoding.max_length)
    return graph.add("Cast", _never_empty(graph, ids), to=_INT32)


def _with_zeros(graph: Graph, ids: str, rows: str, columns: str) -> str:
    """Add columns of zeros on the right."""
    shape = graph.add("Concat", rows, columns, axis=0)
    value = _scalar_tensor(graph)
    zeros = graph.add("Expand", value, shape)
    return graph.add("Concat", ids, zeros, axis=1)


def _scalar_tensor(graph: Graph) -> str:
    return graph.constant(np.zeros((1, 1), np.int64))


def _padded(graph: Graph, ids: str, max_length: int) -> str:
    """Give texts that are cut below the shortest length that length again."""
    if max_length >= _SHORTEST:
        return ids
    missing = graph.constant([0, 0, 0, _SHORTEST - max_length])
    return graph.add("Pad", ids, missing)


def _ends(graph: Graph, ids: str, kept: str, encoding: TextEncoding) -> str:
    """Keep the first or last of the tokens that are `kept`, at the left end."""
    # Places count from one, and from the end that is cut less.
    ones = graph.add("Cast", kept, to=_INT64)
    everywhere = graph.add("Add", graph.add("Sub", ones, ones), graph.constant(1))
    place = graph.add("CumSum", everywhere, graph.constant(1))
    if encoding.truncation == "first":
        place = graph.add("Sub", graph.constant(2**40), place)
    key = graph.add("Mul", ones, place)
    width = graph.add(
        "Slice", graph.add("Shape", ids), *map(graph.constant, ([1], [2]))
    )
    k = graph.add("Min", width, graph.constant([max(encoding.max_length, _SHORTEST)]))
    best, where = graph.add_many("TopK", [key, k], [True, True], axis=1)
    ids = graph.add("GatherElements", ids, where, axis=1)
    # What is not kept has the key 0 and stands behind.
    present = graph.add("Greater", best, graph.constant(0))
    if encoding.max_length < _SHORTEST:
        kept = graph.add("Cast", present, to=_INT64)
        number = graph.add("CumSum", kept, graph.constant(1))
        fits = graph.add("LessOrEqual", number, graph.constant(encoding.max_length))
        present = graph.add("And", present, fits)
    ids = graph.add("Where", present, ids, graph.constant(0))
    if encoding.truncation == "first":
        return ids
    # The last token stands first: turn each row round, but not its padding.
    count = graph.add("Cast", present, to=_INT64)
    count = graph.add("ReduceSum", count, graph.constant([1]), keepdims=1)
    number = graph.add(
        "CumSum", graph.add("Cast", present, to=_INT64), graph.constant(1)
    )
    source = graph.add("Max", graph.add("Sub", count, number), graph.constant(0))
    turned = graph.add("GatherElements", ids, source, axis=1)
    return graph.add("Where", present, turned, graph.constant(0))


def _never_empty(graph: Graph, ids: str) -> str:
    """Make a row without any token one unknown token."""
    count = graph.add("ReduceMax", ids, axes=[1], keepdims=1)
    empty = graph.add("Equal", count, graph.constant(0))
    ones = graph.add("Add", graph.add("Mul", ids, graph.constant(0)), graph.constant(1))
    place = graph.add("CumSum", ones, graph.constant(1))
    first = graph.add("Equal", place, graph.constant(1))
    replaced = graph.add("And", empty, first)
    return graph.add("Where", replaced, graph.constant(UNKNOWN_ID), ids)


# -- characters ------------------------------------------------------------------------


def _ids_of_characters(graph: Graph, texts: str, encoding: TextEncoding) -> str:
    characters = _characters(graph, texts)
    vocabulary = encoding.vocabulary
    known = dict(vocabulary)
    if encoding.lowercase:
        known = {
            original: vocabulary[lower]
            for original, lower in _lower_cases(set(vocabulary)).items()
        }
    known = {token: id_ for token, id_ in known.items() if _is_valid(token)}
    return _lookup(graph, characters, {"": 0} | known, UNKNOWN_ID)


def _characters(graph: Graph, texts: str) -> str:
    """Cut strings into characters, with empty strings for padding."""
    return graph.add(
        "Tokenizer",
        texts,
        domain=RUNTIME,
        mark=0,
        mincharnum=1,
        pad_value="",
        separators=[""],
    )


def _lookup(graph: Graph, keys: str, table: Mapping[str, int], default: int) -> str:
    return graph.add(
        "LabelEncoder",
        keys,
        domain=ML,
        keys_strings=list(table),
        values_int64s=list(table.values()),
        default_int64=default,
    )


def _lookup_number(graph: Graph, keys: str, table: Mapping[int, int]) -> str:
    # An attribute of ONNX must not be an empty list.
    table = table or {-1: UNKNOWN_ID}
    return graph.add(
        "LabelEncoder",
        keys,
        domain=ML,
        keys_int64s=list(table),
        values_int64s=list(table.values()),
        default_int64=UNKNOWN_ID,
    )


def _is_valid(text: str) -> bool:
    """Tell whether a text can be written in UTF-8: it has no lone surrogates."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _all_characters() -> Iterable[str]:
    for number in range(sys.maxunicode + 1):
        if not 0xD800 <= number <= 0xDFFF:
            yield chr(number)


def _lower_cases(wanted: set[str]) -> dict[str, str]:
    """Return all characters whose lower case is wanted, and their lower case."""
    return {c: c.lower() for c in _all_characters() if c.lower() in wanted}


# -- words -----------------------------------------------------------------------------


@cache
def _word_expression() -> str:
    """Return the pattern of `word_tokens` as a regular expression of RE2.

    Its classes are Python's, written out: RE2's know another version of Unicode.
    """
    letters = _class(lambda c: c.isalnum() and not c.isdecimal())
    digits = _class(str.isdecimal)
    space = _class(str.isspace)
    return f"[{letters}]+|[{digits}]+|[^{space}]"


def _class(belongs: Callable[[str], bool]) -> str:
    inside = [ord(c) for c in _all_characters() if belongs(c)]
    numbers = np.array(inside)
    starts = np.flatnonzero(np.diff(numbers, prepend=-2) != 1)
    stops = np.append(starts[1:], len(numbers)) - 1
    return "".join(
        f"\\x{{{numbers[a]:x}}}-\\x{{{numbers[b]:x}}}"
        for a, b in zip(starts, stops, strict=True)
    )


def _ids_of_words(graph: Graph, texts: str, encoding: TextEncoding) -> str:
    tokens = graph.add(
        "Tokenizer",
        texts,
        domain=RUNTIME,
        mark=0,
        mincharnum=1,
        pad_value="",
        tokenexp=_word_expression(),
    )
    flat = graph.add("Reshape", tokens, graph.constant([-1]))
    # Two that are always there, so that nothing below is without rows or columns.
    always = graph.constant(np.array(["", "a"], dtype=object))
    flat = graph.add("Concat", always, flat, axis=0)
    distinct, inverse = graph.add_many("Unique", [flat], [True, False, True], sorted=1)
    characters = _characters(graph, distinct)
    words = {t: i for t, i in encoding.vocabulary.items() if _is_valid(t)}
    if encoding.lowercase:
        ids = _ids_by_hash(graph, characters, words)
    else:
        ids = _ids_by_spelling(graph, distinct, characters, words)
    ids = graph.add("Gather", ids, inverse)
    ids = graph.add("Slice", ids, *map(graph.constant, ([2], [2**62])))
    return graph.add("Reshape", ids, graph.add("Shape", tokens), allowzero=1)


def _ids_by_spelling(
    graph: Graph, tokens: str, characters: str, words: Mapping[str, int]
) -> str:
    """Look up words as they are written, and numbers by how many digits they have."""
    numbers = {len(t): i for t, i in words.items() if set(t) == {"0"}}
    others = {t: i for t, i in words.items() if set(t) != {"0"}}
    of_digit = {"": 0} | {c: 1 for c in _all_characters() if c.isdecimal()}
    digits = _lookup(graph, characters, of_digit, _NO_DIGIT)
    n_digits = graph.add("ReduceSum", digits, graph.constant([1]), keepdims=0)
    is_number = graph.add("Greater", n_digits, graph.constant(0))
    number_ids = _lookup_number(graph, n_digits, numbers)
    word_ids = _lookup(graph, tokens, {"": 0} | others, UNKNOWN_ID)
    return graph.add("Where", is_number, number_ids, word_ids)


def _ids_by_hash(graph: Graph, characters: str, words: Mapping[str, int]) -> str:
    """Look up words by two numbers made of their lower-case characters.

    ONNX can change the case of a text only by the rules of the machine that it runs on,
    and cannot put characters together again. The numbers of two words are both equal
    with a chance below 2**-60.
    """
    alphabet = sorted({character for word in words for character in word})
    codes = {character: code for code, character in enumerate(alphabet, start=1)}
    of_character = {
        original: codes[lower]
        for original, lower in _lower_cases(set(alphabet)).items()
    }
    if "0" in codes:
        digits = [c for c in _all_characters() if c.isdecimal()]
        of_character |= dict.fromkeys(digits, codes["0"])
    longest = max(map(len, words), default=0)
    # A word longer than all known ones differs by what stands behind their end.
    n_places, unknown = longest + 1, len(alphabet) + 1
    limit = 2**62 // (n_places * unknown)
    factors = np.random.default_rng(0).integers(1, limit, (n_places, 2))
    spelled = np.zeros((len(words), n_places), dtype=np.int64)
    for row, word in enumerate(words):
        spelled[row, : len(word)] = [codes[character] for character in word]
    numbers = spelled @ factors

    found = _lookup(graph, characters, {"": 0} | of_character, unknown)
    rows = graph.add(
        "Slice", graph.add("Shape", found), *map(graph.constant, ([0], [1]))
    )
    found = _with_zeros(graph, found, rows, graph.constant([n_places]))
    found = graph.add("Slice", found, *map(graph.constant, ([0], [n_places], [1])))
    product = graph.add("MatMul", found, graph.constant(factors))
    candidates = []
    for column in range(2):
        number = graph.add("Gather", product, graph.constant(column), axis=1)
        table = dict(zip(numbers[:, column].tolist(), words.values(), strict=True))
        candidates.append(_lookup_number(graph, number, {0: 0} | table))
    same = graph.add("Equal", *candidates)
    return graph.add("Where", same, candidates[0], graph.constant(UNKNOWN_ID))
