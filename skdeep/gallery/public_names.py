"""What users can import, by room, and where the site describes it."""

import importlib
import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass

import skdeep

# Rooms that users do not import from themselves: their estimators are names of the
# package.
TITLES = {
    "autoencoders": "Autoencoders",
    "classifiers": "Classifiers",
    "hashing": "Binary codes",
    "wrappers": "Networks of your own",
    "datasets": "Data sets",
    "metrics": "Metrics",
    "model_comparison": "Comparison of models",
    "inspection": "Inspection",
    "plotting": "Plotting",
    "persistence": "Persistence",
    "onnx": "ONNX files",
    "clusters": "Clusters",
    "networks": "Networks",
}


@dataclass(frozen=True)
class PublicName:
    """One class or function, and the module that users import it from."""

    name: str
    module: str
    room: str

    @property
    def full_name(self) -> str:
        """The name with its module."""
        return f"{self.module}.{self.name}"

    @property
    def value(self) -> object:
        """The class or function itself."""
        return getattr(importlib.import_module(self.module), self.name)

    @property
    def directive(self) -> str:
        """What Sphinx's autodoc calls things of this kind."""
        value = self.value
        if not inspect.isclass(value):
            return "autofunction"
        return "autoexception" if issubclass(value, Exception) else "autoclass"


def public_names() -> dict[str, PublicName]:
    """Return every public class and function by its name.

    A name that is offered by the package and by one of its rooms appears once, as the
    package's.
    """
    found: dict[str, PublicName] = {}
    for public in [*_names_of_package(), *_names_of_rooms()]:
        before = found.setdefault(public.name, public)
        if before.value is not public.value:
            raise RuntimeError(
                f"{before.full_name} and {public.full_name} are different things of "
                "one name, and a page of the reference is named by it. Rename one."
            )
    return found


def by_room(names: dict[str, PublicName]) -> dict[str, list[PublicName]]:
    """Return the names of each room, rooms in the order of the site."""
    unknown = {public.room for public in names.values()} - TITLES.keys()
    if unknown:
        raise RuntimeError(
            f"The site has no title for the rooms {sorted(unknown)}. Add them to "
            "TITLES in skdeep/gallery/public_names.py."
        )
    ordered = sorted(names.values(), key=lambda public: public.name.lower())
    grouped = {room: [p for p in ordered if p.room == room] for room in TITLES}
    return {room: publics for room, publics in grouped.items() if publics}


def with_links(
    text: str, names: dict[str, PublicName], link: str, other: str = "`{code}`"
) -> str:
    """Return text in which each public name between backticks is a link.

    Parameters
    ----------
    text : str
        Prose in which code stands between single backticks.
    names : dict of str to PublicName
        What there is to link to.
    link : str
        The form of a link, with the fields ``{code}``, ``{name}`` and ``{full_name}``.
    other : str, default="`{code}`"
        The form of code that names nothing public, with the field ``{code}``.

    Returns
    -------
    text : str
        The same with links. A call is linked by its name. Code between double
        backticks, and what has a role already, is left as it is.
    """

    def linked(match: re.Match[str]) -> str:
        code = match[1]
        if code is None:
            return match[0]
        name = code.partition("(")[0].rpartition(".")[2]
        public = names.get(name)
        if public is None or code.partition("(")[0] not in _spellings(public):
            return other.format(code=code)
        return link.format(code=code, name=name, full_name=public.full_name)

    return re.sub(r"``.+?``|:[\w:]+:`[^`]+`|`([^`\n]+)`", linked, text)


def _spellings(public: PublicName) -> set[str]:
    """Return the ways in which prose names a public name."""
    room = f"{public.room}.{public.name}"
    return {public.name, public.full_name, room, f"skdeep.{room}"}


def _names_of_package() -> Iterator[PublicName]:
    for name in skdeep.__all__:
        value = getattr(skdeep, name)
        if inspect.isclass(value) or inspect.isfunction(value):
            yield PublicName(name, "skdeep", value.__module__.split(".")[1])


def _names_of_rooms() -> Iterator[PublicName]:
    for room in skdeep.__all__:
        module = getattr(skdeep, room)
        if inspect.ismodule(module):
            for name in module.__all__:
                yield PublicName(name, module.__name__, room)
