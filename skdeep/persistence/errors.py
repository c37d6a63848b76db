"""What goes wrong with model files."""

from skdeep.encoding.malformed_file import MalformedFileError


class ModelFileError(MalformedFileError):
    """A file that is no model that can be loaded, or a model that cannot be saved.

    The message says what is wrong, where, and what to do.

    See Also
    --------
    save : Write an estimator to a file.
    load : Read it back.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from skdeep.persistence import ModelFileError, load
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "model.skdeep")
    ...     _ = path.write_bytes(b"something else")
    ...     try:
    ...         load(path)
    ...     except ModelFileError as error:
    ...         print(str(error).replace(folder, "FOLDER"))
    FOLDER/model.skdeep cannot be loaded: it does not start as files written by
    skdeep do.
    """
