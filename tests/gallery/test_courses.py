"""Links of the courses."""

import pytest

from skdeep.gallery.courses import with_site_links
from skdeep.gallery.public_names import public_names


@pytest.fixture(scope="module")
def names():
    """Give every public name."""
    return public_names()


@pytest.mark.parametrize(
    ("text", "linked"),
    [
        ("[`x.py`](x.py)", "[`x.py`](../examples/x.rst)"),
        (
            "a `DeepCNNClassifier` b",
            "a [`DeepCNNClassifier`](../reference/DeepCNNClassifier.rst) b",
        ),
        (
            "`RNNClassifier(cell='gru')`",
            "[`RNNClassifier(cell='gru')`](../reference/RNNClassifier.rst)",
        ),
        ("`skdeep.load`", "`skdeep.load`"),
        (
            "`skdeep.persistence.load`",
            "[`skdeep.persistence.load`](../reference/load.rst)",
        ),
        ("`unknown.load` and `PCA`", "`unknown.load` and `PCA`"),
        ("[`load`](https://example.org)", "[`load`](https://example.org)"),
        ("DeepCNNClassifier", "DeepCNNClassifier"),
    ],
)
def test_links(names, text, linked):
    """Programs and public names become links; other code and other links stay."""
    assert with_site_links(text, names) == linked


def test_blocks_of_code_stay(names):
    """Code to be pasted is not touched."""
    block = "```python\nRNNClassifier  # `RNNClassifier`, [a](x.py)\n```"
    text = f"`airbench`\n\n{block}\n\n[b](y.py)\n"
    linked = with_site_links(text, names)
    assert block in linked
    assert linked.endswith("[b](../examples/y.rst)\n")
    assert linked.startswith("[`airbench`](")
