"""Every public name is documented as numpydoc asks."""

import importlib
import inspect
import pkgutil

import pytest
from numpydoc.validate import validate

import skdeep

# Codes of numpydoc.validate that are not asked for, and why.
NEVER = {
    "RT02",  # results have names here, so that two sentences can speak of one
}
# Asked of classes and functions, but not of their methods and properties.
NOT_OF_METHODS = {
    "ES01",  # an extended summary: the class's own explains the method
    "EX01",  # an example: the class's own calls the methods that matter
    "SA01",  # cross-references: the class's own list is enough
}
# Asked of estimators only: a function's summary often says all there is to say.
ONLY_OF_ESTIMATORS = {"ES01", "SA01"}
# A property has neither parameters nor results.
NOT_OF_PROPERTIES = {"PR01", "PR02", "RT01", "RT03"}

# `optimizer__...` and its like are accepted and documented, but a signature that showed
# them would make scikit-learn take `routed` for a parameter.
ROUTED = "PR02 Unknown parameters {'**routed'}"

# Rooms whose names users import; the others serve these.
PUBLIC_ROOMS = {
    "clusters",
    "datasets",
    "inspection",
    "metrics",
    "model_comparison",
    "networks",
    "onnx",
    "persistence",
    "plotting",
    "wrappers",
}
EXISTING_ROOMS = {module.name for module in pkgutil.iter_modules(skdeep.__path__)}


def methods_of(cls):
    """Return the public methods and properties that the package itself defines."""
    names = set()
    for base in cls.__mro__:
        if base.__module__.startswith("skdeep"):
            names |= {name for name in vars(base) if not name.startswith("_")}
    members = {name: inspect.getattr_static(cls, name) for name in sorted(names)}
    documented = (property, staticmethod, classmethod)
    return {
        name: member
        for name, member in members.items()
        if inspect.isfunction(member) or isinstance(member, documented)
    }


def faults(path, unasked):
    """Return what numpydoc finds wrong with one docstring."""
    errors = validate(path)["errors"]
    found = [f"{code} {text}" for code, text in errors if code not in unasked]
    return [f"{path}: {fault}" for fault in found if fault != ROUTED]


def faults_of_name(module, name):
    """Return what numpydoc finds wrong with a public name and with its methods."""
    value = getattr(importlib.import_module(module), name)
    if not (inspect.isclass(value) or inspect.isfunction(value)):
        return []
    is_estimator = inspect.isclass(value) and hasattr(value, "fit")
    found = faults(
        f"{module}.{name}", NEVER if is_estimator else NEVER | ONLY_OF_ESTIMATORS
    )
    for method, member in methods_of(value).items() if inspect.isclass(value) else ():
        unasked = NEVER | NOT_OF_METHODS
        if isinstance(member, property):
            unasked |= NOT_OF_PROPERTIES
        found += faults(f"{value.__module__}.{name}.{method}", unasked)
    return found


@pytest.mark.parametrize("name", skdeep.__all__)
def test_names_of_the_package(name):
    """What `import skdeep` offers exists and is documented."""
    assert faults_of_name("skdeep", name) == []


@pytest.mark.parametrize("room", sorted(PUBLIC_ROOMS & EXISTING_ROOMS))
def test_names_of_a_public_room(room):
    """A room that users import from lists its names, and each is documented."""
    module = importlib.import_module(f"skdeep.{room}")
    found = [
        fault
        for name in module.__all__
        for fault in faults_of_name(module.__name__, name)
    ]
    assert found == []


def test_public_rooms_can_be_reached():
    """Each public room that exists is an attribute of the package."""
    assert PUBLIC_ROOMS & EXISTING_ROOMS <= set(skdeep.__all__)
