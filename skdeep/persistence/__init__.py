"""Models in files that cannot run code.

A file holds one estimator of skdeep, or one of scikit-learn that holds some. Unlike a
pickle it is data: it says which classes of scikit-learn and skdeep to make and which
numbers to put into them, and everything that it says is checked before it is believed.

Format, version 1
-----------------
A zip archive without compression, of which only the one form that `archive` writes is
accepted. Its members are

``manifest.json``
    ``format``, ``format_version``, the ``versions`` of everything that took part, and
    the size and SHA-256 digest of every other member;
``schema.json``
    the tree of objects as skops describes it (its protocol 2), with public names for
    classes of skdeep, and numbers in the order of appearance;
``0.npy``, ``1.npy``, ...
    arrays in NumPy's format; ``.npz`` for sparse matrices, which are such an archive
    again. Large dicts from texts to integers are kept as three arrays, long lists of
    floats as one.

skops can read these files too, given the names of skdeep's classes to trust.

Changing the format
-------------------
Files are for ever. The tests keep a file of the first version, and it must load to the
same predictions in every later release.

- The archive never changes, nor do ``format``, ``format_version`` and ``versions`` in
  the manifest: an older skdeep needs them to say that a file is too new for it.
- A new estimator, and a new attribute of an old one, change nothing.
- A new parameter of an old estimator needs a default with which the estimator does what
  it did before. Files without the parameter get that default.
- Whatever else an older skdeep would misread raises ``FORMAT_VERSION``; `load` then
  turns schemas of the earlier version into those of the new one before it checks them,
  and a file of each version joins the first in ``tests/persistence/data``.
"""

from skdeep.encoding.checkpoint_file import CheckpointError
from skdeep.persistence.errors import ModelFileError
from skdeep.persistence.model_file import load, save
from skdeep.persistence.packed_mapping import PackedMapping as PackedMapping
from skdeep.persistence.packed_numbers import PackedNumbers as PackedNumbers

__all__ = ["CheckpointError", "ModelFileError", "load", "save"]
