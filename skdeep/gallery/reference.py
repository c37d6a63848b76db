"""The pages of the reference: one for each public class and function."""

import importlib
import inspect
from pathlib import Path

from skdeep.gallery.public_names import TITLES, PublicName, by_room

ROOM = """
{title}
{underline}

{summary}

.. autosummary::
   :nosignatures:

{entries}
"""
PAGE = """\
{name}
{underline}

.. currentmodule:: {module}

.. {directive}:: {name}
{members}
.. minigallery:: {full_name}
   :add-heading: Examples that use it
   :heading-level: -
"""


def write_reference(folder: Path, names: dict[str, PublicName]) -> None:
    """Write the sources of the reference to a folder that exists.

    Parameters
    ----------
    folder : pathlib.Path
        Where the pages go.
    names : dict of str to PublicName
        What to describe.
    """
    rooms = by_room(names)
    sections = [section(room, publics) for room, publics in rooms.items()]
    order = [public.name for publics in rooms.values() for public in publics]
    head = "API reference\n=============\n\nEverything that users import, by room.\n"
    tree = ".. toctree::\n   :hidden:\n\n" + "\n".join(f"   {name}" for name in order)
    text = "\n".join([head, *sections, tree, ""])
    (folder / "index.rst").write_text(text, encoding="utf-8")
    for public in names.values():
        (folder / f"{public.name}.rst").write_text(page(public), encoding="utf-8")


def section(room: str, publics: list[PublicName]) -> str:
    """Return the part of the list that speaks of one room."""
    title = TITLES[room]
    module = importlib.import_module(f"skdeep.{room}")
    summary = (module.__doc__ or "").partition("\n\n")[0]
    entries = "\n".join(f"   ~{public.full_name}" for public in publics)
    return ROOM.format(
        title=title, underline="-" * len(title), summary=summary, entries=entries
    )


def page(public: PublicName) -> str:
    """Return the page of one class or function."""
    members = own_members(public.value)
    options = f"   :members: {', '.join(members)}\n" if members else ""
    return PAGE.format(
        name=public.name,
        underline="=" * len(public.name),
        module=public.module,
        directive=public.directive,
        members=options,
        full_name=public.full_name,
    )


def own_members(value: object) -> list[str]:
    """Return the documented members of a class that this package itself defines.

    What scikit-learn gives to all estimators is described there.
    """
    if not inspect.isclass(value) or issubclass(value, Exception):
        return []
    names = {
        name
        for base in value.__mro__
        if base.__module__.startswith("skdeep")
        for name, member in vars(base).items()
        if not name.startswith("_") and _is_documented(member)
    }
    return sorted(names)


def _is_documented(member: object) -> bool:
    kinds = (property, staticmethod, classmethod)
    is_member = inspect.isfunction(member) or isinstance(member, kinds)
    return is_member and bool(inspect.getdoc(member))
