"""Libraries of an extra are imported, or named with the command that installs them."""

import os
import sys

import pytest

from skdeep.runtime.requirements import needed

MODULE = "a_library_that_sets_variables"


def test_modules_are_imported():
    """A dotted name gives the module itself."""
    assert needed("os.path") is os.path


def test_missing_library_is_named(monkeypatch):
    """The error has the command that installs the extra."""
    monkeypatch.setitem(sys.modules, MODULE, None)
    with pytest.raises(
        ModuleNotFoundError, match=rf"{MODULE}, .* install \"scikit-deep\[onnx\]\""
    ) as caught:
        needed(f"{MODULE}.inner")
    assert caught.value.name.startswith(MODULE)


def test_environment_is_kept(tmp_path, monkeypatch):
    """What a library does to environment variables is undone."""
    monkeypatch.setenv("SKDEEP_CHANGED", "before")
    monkeypatch.setenv("SKDEEP_REMOVED", "before")
    monkeypatch.delenv("SKDEEP_ADDED", raising=False)
    (tmp_path / f"{MODULE}.py").write_text(
        "import os\n"
        "os.environ.update(SKDEEP_CHANGED='after', SKDEEP_ADDED='after')\n"
        "del os.environ['SKDEEP_REMOVED']\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    before = dict(os.environ)
    try:
        needed(MODULE)
    finally:
        sys.modules.pop(MODULE, None)
    assert dict(os.environ) == before
