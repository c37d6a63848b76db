"""Messages and labels read from a CSV or TSV file."""

import csv
import io
import re
from os import PathLike
from pathlib import Path
from typing import Any

from sklearn.utils import Bunch
from sklearn.utils._param_validation import validate_params

from skdeep.datasets.messages import assemble_messages

# Names by which columns are recognized, whatever their case.
_TEXT_NAMES = ("text", "message", "sms")
_LABEL_NAMES = ("label", "target", "class")

# How columns are separated, the least ambiguous first: texts have many commas.
_SEPARATORS = ("\t", ";", ",")

# A field of a tab-separated line that is quoted as in a CSV file.
_QUOTED_FIELD = re.compile(r'"(?:[^"]|"")*"')

_WHOLE_NUMBER = re.compile(r"[+-]?[0-9]+")

DESCRIPTION = """\
{title}
{underline}

{n_samples} messages in {n_classes} classes. Texts are those of column {text_column!r},
labels those of column {label_column!r}.
"""


@validate_params(
    {
        "path": [str, PathLike],
        "text_column": [str, None],
        "label_column": [str, None],
        "encoding": [str],
        "drop_duplicates": ["boolean"],
        "return_X_y": ["boolean"],
        "as_frame": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def load_messages(
    path: str | PathLike[str],
    *,
    text_column: str | None = None,
    label_column: str | None = None,
    encoding: str = "utf-8-sig",
    drop_duplicates: bool = False,
    return_X_y: bool = False,
    as_frame: bool = False,
) -> Bunch | tuple[Any, Any]:
    r"""Load labelled messages from a CSV or TSV file.

    Columns are separated by tabs, semicolons or commas, whichever the first line
    has, and the first line names them. A file without names, such as the original
    ``SMSSpamCollection``, is read too if it has two columns.

    Parameters
    ----------
    path : str or path-like
        The file.

    text_column : str, default=None
        Name of the column of messages. If None, it is the one called "text",
        "message" or "sms" in any case, or else the other one of two columns, or else
        that of two columns with more different values.

    label_column : str, default=None
        Name of the column of labels. If None, it is the one called "label", "target"
        or "class" in any case, or else the other one of two columns.

    encoding : str, default="utf-8-sig"
        Encoding of the file; the default is UTF-8 with or without a byte order mark.

    drop_duplicates : bool, default=False
        Whether to leave out messages that repeat an earlier one exactly.

    return_X_y : bool, default=False
        If True, return ``(data, target)`` instead of a Bunch.

    as_frame : bool, default=False
        If True, `data` and `target` are pandas Series, and `frame` holds both.

    Returns
    -------
    bunch : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, with the attributes of :func:`fetch_sms_spam`.

        data : ndarray of object of shape (n_samples,), or Series
            The messages, as str, in the order of the file.
        target : ndarray of int64 of shape (n_samples,), or Series
            The class of each message: the position of its label in `target_names`.
        target_names : list of str
            The labels, sorted: by value if all are whole numbers, otherwise as text.
        groups : ndarray of int64 of shape (n_samples,)
            Group of near-duplicates of each message, from
            :func:`group_near_duplicates`.
        frame : DataFrame with the columns "text" and "label", or None
            Only if `as_frame` is True.
        DESCR : str
            Description of what was loaded.

    (data, target) : tuple if `return_X_y` is True
        The two arrays, or Series.

    Raises
    ------
    OSError
        If the file cannot be read.
    ValueError
        If it is not in the given encoding, its lines have different numbers of
        columns, a column is missing or cannot be guessed, or a label is empty.

    See Also
    --------
    fetch_sms_spam : A well-known file of this kind.
    group_near_duplicates : What `groups` are made by.

    Examples
    --------
    >>> import os, tempfile
    >>> from skdeep.datasets import load_messages
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "messages.csv")
    ...     with open(path, "w") as file:
    ...         _ = file.write("label,text\nspam,WIN now!\nham,see you at six\n")
    ...     messages = load_messages(path)
    >>> messages.data.tolist(), messages.target, messages.target_names
    (['WIN now!', 'see you at six'], array([1, 0]), ['ham', 'spam'])
    """
    file = Path(path)
    names, columns = _read_columns(file, encoding)
    text_at, label_at = _choose_columns(names, columns, text_column, label_column, file)
    names, columns = _without_header(names, columns, label_at)
    texts, labels = columns[text_at], [label.strip() for label in columns[label_at]]
    target_names = _sorted_labels(labels, names[label_at], file)
    numbers = {name: number for number, name in enumerate(target_names)}
    title = f"Messages of the file {file}"
    return assemble_messages(
        texts,
        [numbers[label] for label in labels],
        target_names,
        DESCRIPTION.format(
            title=title,
            underline="-" * len(title),
            n_samples=len(texts),
            n_classes=len(target_names),
            text_column=names[text_at],
            label_column=names[label_at],
        ),
        drop_duplicates=drop_duplicates,
        return_X_y=return_X_y,
        as_frame=as_frame,
    )


def _read_columns(file: Path, encoding: str) -> tuple[list[str], list[list[str]]]:
    """Return the first line of a table, and its columns without that line."""
    text = _decode(file, encoding)
    first_line = text.lstrip("\r\n").split("\n", 1)[0]
    separator = next((mark for mark in _SEPARATORS if mark in first_line), None)
    if separator is None:
        raise ValueError(
            f"{file} has a single column: there is no tab, semicolon or comma in its "
            f"first line {first_line[:80]!r}. Messages and labels need two."
        )
    is_unquoted = separator == "\t" and _has_stray_quotes(text)
    reader = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=separator,
        quoting=csv.QUOTE_NONE if is_unquoted else csv.QUOTE_MINIMAL,
        strict=True,
    )
    rows: list[list[str]] = []
    try:
        for row in filter(None, reader):
            rows.append(row)
            if len(row) != len(rows[0]):
                raise ValueError(
                    f"{file} is not a regular table: line {reader.line_num} has "
                    f"{len(row)} columns, but the first has {len(rows[0])}. Texts with "
                    "separators or ends of lines must stand in double quotes."
                )
    except csv.Error as error:
        if "field limit" in str(error):
            raise ValueError(
                f"{file} has a text of more than {csv.field_size_limit():,} characters "
                f"in line {reader.line_num}, or quotes that are not closed. Shorten "
                "it, or call csv.field_size_limit with a larger number first."
            ) from error
        raise ValueError(
            f"{file} is not a regular table: {error} in line {reader.line_num}. Double "
            "quotes inside of a quoted text must be doubled."
        ) from error
    if len(rows) < 2:
        raise ValueError(f"{file} has no messages below its first line.")
    return rows[0], [list(column) for column in zip(*rows[1:], strict=True)]


def _decode(file: Path, encoding: str) -> str:
    """Return the content of a text file."""
    try:
        return file.read_bytes().decode(encoding)
    except (UnicodeDecodeError, LookupError) as error:
        raise ValueError(
            f"{file} cannot be read as text: {error}. Pass the encoding of the file, "
            'for example encoding="latin-1" for old files of Western Europe.'
        ) from error


def _has_stray_quotes(text: str) -> bool:
    """Tell whether quotes in a tab-separated table are part of the messages.

    That is so if every line has the same number of columns although some field
    starts with a quote that it does not end with: taken as the start of a quoted
    field, that quote would swallow the lines that follow.
    """
    rows = [line.rstrip("\r").split("\t") for line in text.split("\n") if line.strip()]
    return len({len(row) for row in rows}) == 1 and any(
        field.startswith('"') and not _QUOTED_FIELD.fullmatch(field)
        for row in rows
        for field in row
    )


def _choose_columns(
    names: list[str],
    columns: list[list[str]],
    text_column: str | None,
    label_column: str | None,
    file: Path,
) -> tuple[int, int]:
    """Return the positions of the columns of messages and of labels."""
    text_at = _find_column(names, text_column, _TEXT_NAMES, "text_column", file)
    label_at = _find_column(names, label_column, _LABEL_NAMES, "label_column", file)
    if len(names) == 2:
        # With the first line, which may be a message; a name adds one to both.
        n_values = [len({*c, name}) for c, name in zip(columns, names, strict=True)]
        if text_at is None and label_at is None and n_values[0] != n_values[1]:
            text_at = 0 if n_values[0] > n_values[1] else 1
        # With one of two columns known, the other one is the other one.
        if text_at is None and label_at is not None:
            text_at = 1 - label_at
        elif label_at is None and text_at is not None:
            label_at = 1 - text_at
    if text_at is None or label_at is None or text_at == label_at:
        raise ValueError(
            f"Which columns of {file} hold messages and labels is unclear: its columns "
            f"are {names}. Pass text_column and label_column."
        )
    return text_at, label_at


def _find_column(
    names: list[str],
    wanted: str | None,
    usual_names: tuple[str, ...],
    parameter: str,
    file: Path,
) -> int | None:
    """Return the position of the column that is asked for or has a usual name."""
    if wanted is None:
        found = [
            n for n, name in enumerate(names) if name.strip().lower() in usual_names
        ]
        return found[0] if len(found) == 1 else None
    if names.count(wanted) != 1:
        raise ValueError(
            f"{parameter}={wanted!r} is the name of {names.count(wanted)} columns of "
            f"{file}, but it must be that of one. The columns are {names}."
        )
    return names.index(wanted)


def _without_header(
    names: list[str], columns: list[list[str]], label_at: int
) -> tuple[list[str], list[list[str]]]:
    """Take the first line for a message where it names no columns.

    A name of the column of labels that is also one of its labels is no name.
    """
    if len(names) > 2 or names[label_at] not in columns[label_at]:
        return names, columns
    columns = [[name, *column] for name, column in zip(names, columns, strict=True)]
    return [f"number {n + 1}" for n in range(len(names))], columns


def _sorted_labels(labels: list[str], column: str, file: Path) -> list[str]:
    """Return the different labels in the order of their class numbers."""
    if "" in labels:
        raise ValueError(
            f"The label of message {labels.index('') + 1} in {file} is empty. Fill it "
            "in, or delete the row."
        )
    names = set(labels)
    if len(names) == len(labels) > 2:
        raise ValueError(
            f"All {len(labels)} labels in column {column!r} of {file} differ from each "
            "other. Pass label_column if it is another column."
        )
    if all(_WHOLE_NUMBER.fullmatch(name) for name in names):
        return sorted(names, key=lambda name: (int(name), name))
    return sorted(names)
