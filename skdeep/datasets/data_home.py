"""The folder in which downloaded data sets are kept."""

import os
import shutil
from os import PathLike
from pathlib import Path

from sklearn.utils._param_validation import validate_params

_ENVIRONMENT_VARIABLE = "SKDEEP_DATA"
_DEFAULT_FOLDER = "~/skdeep_data"


@validate_params(
    {"data_home": [str, PathLike, None]}, prefer_skip_nested_validation=True
)
def get_data_home(data_home: str | PathLike[str] | None = None) -> str:
    """Return the path of the folder in which data sets are kept.

    The folder is, in this order: `data_home`, the environment variable
    ``SKDEEP_DATA``, ``~/skdeep_data``. It is created if it does not exist.

    Parameters
    ----------
    data_home : str or path-like, default=None
        The folder. ``~`` stands for the user's home folder.

    Returns
    -------
    data_home : str
        The path of the folder.

    Raises
    ------
    OSError
        If the folder does not exist and cannot be created.

    See Also
    --------
    clear_data_home : Delete the folder and everything in it.

    Examples
    --------
    >>> import os, tempfile
    >>> from skdeep.datasets import get_data_home
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     os.path.isdir(get_data_home(os.path.join(folder, "data")))
    True
    """
    if data_home is None:
        data_home = os.environ.get(_ENVIRONMENT_VARIABLE) or _DEFAULT_FOLDER
    folder = os.path.expanduser(data_home)
    os.makedirs(folder, exist_ok=True)
    return folder


@validate_params(
    {"data_home": [str, PathLike, None]}, prefer_skip_nested_validation=True
)
def clear_data_home(data_home: str | PathLike[str] | None = None) -> None:
    """Delete the folder in which data sets are kept, and everything in it.

    Parameters
    ----------
    data_home : str or path-like, default=None
        The folder, found as :func:`get_data_home` finds it. If it is a symbolic link,
        the folder that it points to is emptied.

    Raises
    ------
    ValueError
        If the folder is the user's home folder, the working directory, or a
        folder that contains one of them: that is never a folder of data sets only.

    See Also
    --------
    get_data_home : The path of the folder.

    Examples
    --------
    >>> from skdeep.datasets import clear_data_home
    >>> clear_data_home()  # doctest: +SKIP
    """
    named = Path(get_data_home(data_home))
    folder = named.resolve()
    for precious in (Path.home().resolve(), Path.cwd().resolve()):
        if precious.is_relative_to(folder):
            raise ValueError(
                f"data_home={str(folder)!r} contains {str(precious)!r}, so it is not "
                "deleted. Pass the folder that holds the data sets only, or delete "
                "the files yourself."
            )
    shutil.rmtree(folder)
    if named.is_symlink():
        # A link to nothing could not be made a folder again.
        folder.mkdir()
