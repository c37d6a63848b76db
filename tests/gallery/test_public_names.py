"""Links to what is public."""

import pytest

from skdeep.gallery.public_names import public_names, with_links


@pytest.mark.parametrize(
    ("text", "linked"),
    [
        ("`save`", "<save|skdeep.persistence.save>"),
        ("a `save` b `load`", "a <save|skdeep.persistence.save> b <load|"),
        ("``save`` and `fit`", "``save`` and [fit]"),
        (":func:`save` and `fit` and `airbench`", ":func:`save` and [fit] and <airb"),
        ("`airbench(10)`", "<airbench(10)|skdeep.networks.airbench>"),
        ("`other.save`, `~/data`", "[other.save], [~/data]"),
        ("no code", "no code"),
    ],
)
def test_code_is_linked_once(text, linked):
    """Names are linked, other code takes the other form, markup stays as it is."""
    found = with_links(text, public_names(), "<{code}|{full_name}>", "[{code}]")
    assert found.startswith(linked)
