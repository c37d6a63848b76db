"""Data sets: fetched and verified (`fetch_`), from files (`load_`), generated (`make_`).

Every function returns a :class:`~sklearn.utils.Bunch`, or the pair ``(data, target)``
with ``return_X_y=True``.
"""

from skdeep.datasets.cifar10 import fetch_cifar10
from skdeep.datasets.data_home import clear_data_home, get_data_home
from skdeep.datasets.generated_shapes import make_shapes
from skdeep.datasets.image_folder import ImageFolder, load_image_folder
from skdeep.datasets.mnist import fetch_mnist
from skdeep.datasets.near_duplicates import group_near_duplicates
from skdeep.datasets.sms_spam import fetch_sms_spam

__all__ = [
    "ImageFolder",
    "clear_data_home",
    "fetch_cifar10",
    "fetch_mnist",
    "fetch_sms_spam",
    "get_data_home",
    "group_near_duplicates",
    "load_image_folder",
    "make_shapes",
]
