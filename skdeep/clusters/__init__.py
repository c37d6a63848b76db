"""Searches and cross-validation on a cluster of Dask or Ray, through joblib.

joblib has a backend for Dask, and Ray one for joblib. Both send data to workers again
and again or lose it with a worker: a search on Ray ends with an error when a worker
dies, and one on Dask does when nobody else held the data. The backends of this room
send data once, and do again what a lost worker was doing.

Needs the extra `dask` or `ray`: ``python -m pip install "scikit-deep[dask]"``.
"""

from skdeep.clusters.registration import register_dask, register_ray

__all__ = ["register_dask", "register_ray"]
