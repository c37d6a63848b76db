"""MNIST: handwritten digits."""

from os import PathLike
from pathlib import Path

import numpy as np
from sklearn.utils import Bunch
from sklearn.utils._param_validation import validate_params

from skdeep.datasets.data_home import get_data_home
from skdeep.datasets.download import FETCHER_CONSTRAINTS, RemoteFile, download
from skdeep.datasets.image_splits import (
    SUBSET_CONSTRAINTS,
    Part,
    SplitLayout,
    assemble_images,
    read_npz_parts,
)

ARCHIVE = RemoteFile(
    url="https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz",
    filename="mnist.npz",
    sha256="731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
)

LAYOUT = SplitLayout(
    image_shape=(28, 28),
    n_samples={"train": 60_000, "test": 10_000},
    target_names=tuple("0123456789"),
)

DESCRIPTION = """\
MNIST database of handwritten digits
------------------------------------

70,000 grey images of 28 x 28 pixels, one digit each: 60,000 for training and 10,000
for testing, written by different people. A pixel is 0 where the paper is blank and
255 where the ink is darkest. The digits were scaled to fit 20 x 20 pixels and centred
by their centre of mass. About 10 % of the images belong to each class.

The original files, and with them this copy, are in no particular order within the
training part. In the test part the first 5,000 images are cleaner than the others, so
shuffle before you cut it.

Copyright Yann LeCun and Corinna Cortes, derived from data sets of NIST; Creative
Commons Attribution-ShareAlike 3.0.

Y. LeCun, L. Bottou, Y. Bengio, P. Haffner (1998). "Gradient-based learning applied to
document recognition". Proceedings of the IEEE 86(11), 2278-2324.
https://doi.org/10.1109/5.726791
"""


@validate_params(
    {**FETCHER_CONSTRAINTS, **SUBSET_CONSTRAINTS}, prefer_skip_nested_validation=True
)
def fetch_mnist(
    *,
    data_home: str | PathLike[str] | None = None,
    subset: str = "train",
    shuffle: bool = False,
    random_state: int | np.random.RandomState | None = None,
    download_if_missing: bool = True,
    return_X_y: bool = False,
    n_retries: int = 3,
    delay: float = 1.0,
) -> Bunch | Part:
    """Load the MNIST images of handwritten digits (classification).

    Download them if necessary (11 MB).

    =================   ==============================
    Classes                                         10
    Samples total       70000 (60000 train, 10000 test)
    Dimensionality                             28 x 28
    Features                   integers from 0 to 255
    =================   ==============================

    Parameters
    ----------
    data_home : str or path-like, default=None
        Folder that holds the file or receives it. By default the environment
        variable ``SKDEEP_DATA`` or else ``~/skdeep_data``.

    subset : {"train", "test", "all"}, default="train"
        The official training part, the official test part, or both, training
        first.

    shuffle : bool, default=False
        Whether to shuffle the samples. Otherwise they come in the order of the
        archive, which is that of the original files.

    random_state : int, RandomState instance or None, default=None
        Determines the order when `shuffle` is True. Pass an int for the same order
        in every call.

    download_if_missing : bool, default=True
        If False, raise an OSError if the file is not in the data home instead of
        downloading it.

    return_X_y : bool, default=False
        If True, return ``(data, target)`` instead of a Bunch.

    n_retries : int, default=3
        Number of retries when the server does not answer.

    delay : float, default=1.0
        Seconds between retries.

    Returns
    -------
    bunch : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, with the following attributes.

        data : ndarray of uint8 of shape (n_samples, 28, 28)
            The images; 0 is blank paper.
        target : ndarray of int64 of shape (n_samples,)
            The digits.
        target_names : list of str of length 10
            The names of the classes.
        DESCR : str
            Description of the data set.

    (data, target) : tuple if `return_X_y` is True
        The two arrays.

    Raises
    ------
    OSError
        If the file is missing and was not downloaded, or cannot be read.
    ValueError
        If a file ``mnist.npz`` in the data home holds something else.

    Notes
    -----
    A download is compared with the SHA-256 digest of the original. A file that was
    in the data home before may have been packed anew, so it is accepted when its
    arrays ``x_train``, ``y_train``, ``x_test`` and ``y_test`` have the right shapes,
    dtypes and labels. No pickle is ever loaded from it.

    References
    ----------
    .. [1] Y. LeCun, L. Bottou, Y. Bengio, P. Haffner (1998). "Gradient-based
       learning applied to document recognition", Proceedings of the IEEE 86(11).
       :doi:`10.1109/5.726791`

    Examples
    --------
    >>> from skdeep.datasets import fetch_mnist
    >>> X, y = fetch_mnist(subset="test", return_X_y=True)  # doctest: +SKIP
    >>> X.shape, y.shape  # doctest: +SKIP
    ((10000, 28, 28), (10000,))
    """
    folder = Path(get_data_home(data_home))
    path = folder / ARCHIVE.filename
    if not path.exists():
        download(
            ARCHIVE,
            folder,
            folder=folder,
            download_if_missing=download_if_missing,
            n_retries=n_retries,
            delay=delay,
        )
    return assemble_images(
        read_npz_parts(path, LAYOUT, subset),
        LAYOUT,
        DESCRIPTION,
        shuffle=shuffle,
        random_state=random_state,
        return_X_y=return_X_y,
    )
