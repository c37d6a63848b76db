"""Models that are kept for as long as they are used."""

import gc

import keras
import numpy as np
import pytest

from skdeep.runtime import processes
from skdeep.runtime.live_models import LiveModels, load_weights


class Owner:
    """Something that can be referred to weakly."""


def model():
    """Return a new model."""
    return keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])


def test_models_used_last_are_kept():
    """Models that nobody else holds stay until others have been used."""
    live = LiveModels(max_models=2)
    owners = [Owner() for _ in range(3)]
    for owner in owners[:2]:
        live.put(owner, model(), None, {})
    assert live.get(owners[0]).model() is not None
    live.put(owners[2], model(), None, {})
    gc.collect()
    kept = [live.get(owner).model() is not None for owner in owners]
    assert kept == [True, False, True]


def test_held_models_stay():
    """A model that somebody holds is found again, however many follow."""
    live, owner, held = LiveModels(max_models=1), Owner(), model()
    live.put(owner, held, None, {})
    live.put(Owner(), model(), None, {})
    assert live.get(owner).model() is held


def test_owners_are_not_kept():
    """Neither an owner that is gone nor a forgotten one is remembered."""
    live, owner = LiveModels(), Owner()
    live.put(owner, model(), None, {})
    live.forget(owner)
    assert live.get(owner) is None
    live.forget(owner)
    live.put(owner, model(), None, {})
    del owner
    gc.collect()
    assert len(live._of) == 0


def test_forked_processes(monkeypatch):
    """A model of the process that this one was forked from is refused, not run."""
    live, owner, held = LiveModels(), Owner(), model()
    processes.check_process()
    monkeypatch.setattr(processes.os, "getpid", lambda: 12345)
    assert live.get(owner) is None
    live.put(owner, held, None, {})
    with pytest.raises(RuntimeError, match="was forked from"):
        live.get(owner)


def test_weights_must_fit():
    """Weights of another network are refused."""
    one = model()
    load_weights(one, [np.ones((2, 1)), np.zeros(1)])
    np.testing.assert_array_equal(one.get_weights()[0], np.ones((2, 1)))
    with pytest.raises(ValueError, match="changed after fit"):
        load_weights(one, [np.ones((3, 1)), np.zeros(1)])
