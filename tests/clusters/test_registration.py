"""Backends under names that joblib knows."""

import importlib.util
import sys

import joblib
import pytest

from skdeep.clusters import register_dask, register_ray

REGISTER = {"dask": register_dask, "ray": register_ray}
LIBRARY = {"dask": "distributed", "ray": "ray"}


@pytest.fixture(autouse=True)
def names_kept(monkeypatch):
    """Give joblib its own backends back afterwards."""
    monkeypatch.setattr(joblib.parallel, "BACKENDS", dict(joblib.parallel.BACKENDS))


@pytest.mark.parametrize("name", REGISTER)
def test_a_missing_extra_is_named(name, monkeypatch):
    """Without the library there is an error that has the command to run."""
    monkeypatch.setitem(sys.modules, LIBRARY[name], None)
    with pytest.raises(ModuleNotFoundError, match=rf"scikit-deep\[{name}\]"):
        REGISTER[name]()


@pytest.mark.parametrize("name", REGISTER)
def test_a_cluster_must_be_started_first(name):
    """Without a cluster there is an error that says how to get one."""
    if importlib.util.find_spec(LIBRARY[name]) is None:
        pytest.skip(f"the extra `{name}` is missing")
    REGISTER[name]()
    with pytest.raises(ValueError, match="There is no connection"):
        joblib.parallel_config(backend=name)
