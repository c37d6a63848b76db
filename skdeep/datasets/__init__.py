"""Data sets: downloaded (`fetch_`), read from files (`load_`) or generated (`make_`).

Every function returns a :class:`~sklearn.utils.Bunch`, or the pair ``(data, target)``
with ``return_X_y=True``.
"""

from skdeep.datasets.cifar10 import fetch_cifar10
from skdeep.datasets.data_home import clear_data_home, get_data_home
from skdeep.datasets.generated_messages import make_messages
from skdeep.datasets.generated_shapes import make_shapes
from skdeep.datasets.image_folder import ImageFolder, load_image_folder
from skdeep.datasets.lazy_rows import LazyRows
from skdeep.datasets.messages_file import load_messages
from skdeep.datasets.mnist import fetch_mnist
from skdeep.datasets.near_duplicates import group_near_duplicates
from skdeep.datasets.sms_spam import fetch_sms_spam

__all__ = [
    "ImageFolder",
    "LazyRows",
    "clear_data_home",
    "fetch_cifar10",
    "fetch_mnist",
    "fetch_sms_spam",
    "get_data_home",
    "group_near_duplicates",
    "load_image_folder",
    "load_messages",
    "make_messages",
    "make_shapes",
]
