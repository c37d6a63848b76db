"""SMS Spam Collection: text messages, wanted and unwanted."""

import hashlib
import os
import zipfile
import zlib
from os import PathLike
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sklearn.utils import Bunch
from sklearn.utils._param_validation import validate_params

from skdeep.datasets.data_home import get_data_home
from skdeep.datasets.download import (
    FETCHER_CONSTRAINTS,
    RemoteFile,
    download,
    missing_file_error,
    unreadable_by_user,
    verify_sha256,
)
from skdeep.datasets.messages import assemble_messages

# The zip is packed by the server, so it is its content that is verified.
ARCHIVE = RemoteFile(
    url="https://archive.ics.uci.edu/static/public/228/sms+spam+collection.zip",
    filename="sms+spam+collection.zip",
    sha256=None,
)
FILENAME = "SMSSpamCollection"
SHA256 = "7d039a24a6083ed9ef0f806ebad56bbb976e3aeb8de05669173bfdc4996c239d"
_N_BYTES = 477_907

TARGET_NAMES = ("ham", "spam")

DESCRIPTION = """\
SMS Spam Collection
-------------------

5,574 text messages in English: 4,827 wanted ones ("ham", 0) and 747 unwanted ones
("spam", 1), from a British forum about unwanted messages, a corpus of the National
University of Singapore, a doctoral thesis and the earlier SMS Spam Corpus.

403 messages repeat an earlier one word for word, and many spam messages differ from
another one in a name, a number or an amount only. A random split therefore puts a
quarter of the spam messages it tests on into the training part as well. Split by
`groups`, for example with scikit-learn's StratifiedGroupKFold, or at least leave out
the exact repeats with drop_duplicates=True.

Licensed under Creative Commons Attribution 4.0.

T. A. Almeida, J. M. Gómez Hidalgo, A. Yamakami (2011). "Contributions to the study of
SMS spam filtering: new collection and results". Proceedings of the 11th ACM Symposium
on Document Engineering. https://doi.org/10.1145/2034691.2034742

UCI Machine Learning Repository: https://doi.org/10.24432/C5CC84
"""


@validate_params(
    {
        **FETCHER_CONSTRAINTS,
        "drop_duplicates": ["boolean"],
        "as_frame": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def fetch_sms_spam(
    *,
    data_home: str | PathLike[str] | None = None,
    drop_duplicates: bool = False,
    download_if_missing: bool = True,
    return_X_y: bool = False,
    as_frame: bool = False,
    n_retries: int = 3,
    delay: float = 1.0,
) -> Bunch | tuple[Any, Any]:
    """Load the SMS Spam Collection (classification).

    Download it if necessary (0.2 MB).

    =================   ========================
    Classes                                    2
    Samples total       5574 (4827 ham, 747 spam)
    Dimensionality                             1
    Features                                text
    =================   ========================

    Parameters
    ----------
    data_home : str or path-like, default=None
        Folder that holds the file or receives it. By default the environment
        variable ``SKDEEP_DATA`` or else ``~/skdeep_data``.

    drop_duplicates : bool, default=False
        Whether to leave out messages that repeat an earlier one exactly, which
        leaves 5171 of them (4518 ham, 653 spam).

    download_if_missing : bool, default=True
        If False, raise an OSError if the file is not in the data home instead of
        downloading it.

    return_X_y : bool, default=False
        If True, return ``(data, target)`` instead of a Bunch.

    as_frame : bool, default=False
        If True, `data` and `target` are pandas Series, and `frame` holds both.

    n_retries : int, default=3
        Number of retries when the server does not answer.

    delay : float, default=1.0
        Seconds between retries.

    Returns
    -------
    bunch : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, with the following attributes.

        data : ndarray of object of shape (n_samples,), or Series
            The messages, as str, in the order of the file.
        target : ndarray of int64 of shape (n_samples,), or Series
            0 for ham, 1 for spam.
        target_names : list of str
            ``["ham", "spam"]``.
        groups : ndarray of int64 of shape (n_samples,)
            Group of near-duplicates of each message, from
            :func:`group_near_duplicates`.
        frame : DataFrame with the columns "text" and "label", or None
            Only if `as_frame` is True.
        DESCR : str
            Description of the data set.

    (data, target) : tuple if `return_X_y` is True
        The two arrays, or Series.

    Raises
    ------
    OSError
        If the file is missing and was not downloaded, cannot be read, or has not
        the SHA-256 digest of the original.

    Notes
    -----
    The data home may hold the file ``SMSSpamCollection`` or the zip archive of the
    UCI repository, ``sms+spam+collection.zip``; what is read from either is compared
    with the SHA-256 digest of the original file.

    References
    ----------
    .. [1] T. A. Almeida, J. M. Gómez Hidalgo, A. Yamakami (2011). "Contributions to
       the study of SMS spam filtering: new collection and results", ACM Symposium
       on Document Engineering. :doi:`10.1145/2034691.2034742`

    Examples
    --------
    >>> from skdeep.datasets import fetch_sms_spam
    >>> messages = fetch_sms_spam()  # doctest: +SKIP
    >>> messages.data.shape, messages.target.sum()  # doctest: +SKIP
    ((5574,), 747)
    """
    folder = Path(get_data_home(data_home))
    path = folder / FILENAME
    archive = folder / ARCHIVE.filename
    if path.exists():
        verify_sha256(path, SHA256)
        content = path.read_bytes()
    elif archive.exists():
        content = _read_archive(archive)
    else:
        content = _download_collection(folder, download_if_missing, n_retries, delay)
    texts, target = _parse(content)
    return assemble_messages(
        texts,
        target,
        TARGET_NAMES,
        DESCRIPTION,
        drop_duplicates=drop_duplicates,
        return_X_y=return_X_y,
        as_frame=as_frame,
    )


def _download_collection(
    folder: Path, download_if_missing: bool, n_retries: int, delay: float
) -> bytes:
    """Download the archive, and keep the verified collection in the folder."""
    if not download_if_missing:
        raise _missing(folder, "download_if_missing is False")
    # In a folder of its own, so that neither a torn archive nor half a file is ever
    # found by another process, or by the next call.
    try:
        scratch = TemporaryDirectory(prefix=f"{FILENAME}.part_", dir=folder)
    except OSError as error:
        raise _missing(folder, f"a download cannot be kept there ({error})") from error
    with scratch:
        archive = download(
            ARCHIVE,
            folder,
            folder=Path(scratch.name),
            download_if_missing=True,
            n_retries=n_retries,
            delay=delay,
            accepted=(FILENAME,),
        )
        try:
            content = _read_member(archive)
        except OSError as error:
            raise _missing(folder, f"what was downloaded {error}") from error
        part = Path(scratch.name, FILENAME)
        part.write_bytes(content)
        os.replace(part, folder / FILENAME)
    return content


def _missing(folder: Path, reason: str) -> OSError:
    """Build the error that tells how to get the archive by hand."""
    return missing_file_error(ARCHIVE, folder, reason, (FILENAME,))


def _read_archive(archive: Path) -> bytes:
    """Return the collection from an archive in the data home, verified."""
    try:
        return _read_member(archive)
    except PermissionError as error:
        raise unreadable_by_user(archive, error) from error
    except OSError as error:
        raise OSError(
            f"{archive} {error}. Delete it to have it downloaded again."
        ) from error


def _read_member(archive: Path) -> bytes:
    """Return the collection from the archive, verified; nothing is extracted.

    Errors say what is wrong with the archive, which the caller names.
    """
    try:
        with zipfile.ZipFile(archive) as members, members.open(FILENAME) as file:
            # One byte more than expected is enough to see that it is another file.
            content = file.read(_N_BYTES + 1)
    except PermissionError:
        raise
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        KeyError,
        NotImplementedError,
        RuntimeError,
        OSError,
    ) as error:
        raise OSError(
            f"is not a readable zip archive with the file {FILENAME}: {error}"
        ) from error
    found = hashlib.sha256(content).hexdigest()
    if found != SHA256:
        raise OSError(
            f"holds another file {FILENAME}, torn or changed: its SHA-256 digest is "
            f"{found}, but {SHA256} was expected"
        )
    return content


def _parse(content: bytes) -> tuple[list[str], list[int]]:
    """Return the messages and their labels, 0 or 1."""
    # Some messages hold characters that str.splitlines takes for ends of lines.
    lines = content.decode("utf-8").removesuffix("\n").split("\n")
    labels, texts = zip(*(line.split("\t", 1) for line in lines), strict=True)
    return list(texts), [TARGET_NAMES.index(label) for label in labels]
