"""The rules about which room may import what, and how large a file may grow."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1] / "skdeep"
FILES = sorted(ROOT.rglob("*.py"))
MAX_FILE_LINES, MAX_FUNCTION_LINES = 450, 60
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)

# Imports point down this list. Rooms of one level may use each other, except those of
# the lowest, which know nothing of one another.
LEVELS = (
    ("runtime", "encoding", "networks", "metrics", "datasets", "documentation"),
    ("base", "mixins"),
    ("autoencoders", "classifiers", "wrappers", "hashing"),
    ("inspection", "persistence", "onnx", "clusters"),
    ("plotting", "model_comparison"),
    ("gallery",),
)
LEVEL_OF = {room: level for level, rooms in enumerate(LEVELS) for room in rooms}
# The only rooms that may import these, at whatever depth in the code.
HOMES = {
    "tensorflow": {"runtime"},
    "scikeras": {"base"},
    "matplotlib": {"plotting"},
    "sphinx": {"gallery"},
    "sphinx_gallery": {"gallery"},
    "tf2onnx": {"runtime"},
    "skl2onnx": {"onnx"},
    "distributed": {"clusters"},
    "ray": {"clusters"},
    "keras.layers": {"networks"},
    "keras": {"networks", "runtime", "base", "wrappers"},
}
# Rooms that stand on these libraries and no others.
FOUNDATIONS = {
    "encoding": {"numpy"},
    "networks": {"keras", "numpy"},
    "metrics": {"numpy", "scipy", "sklearn"},
    "documentation": set(),
}


def room_of(path):
    """Return the room of a file, "" for the package's own `__init__.py`."""
    first = path.relative_to(ROOT).parts[0].removesuffix(".py")
    return "" if first == "__init__" else first


def imports_in(nodes):
    """Return the dotted name of each thing that these syntax nodes import."""
    names = []
    for node in nodes:
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return names


def outside_functions(node):
    """Yield the syntax nodes that run when the module is imported."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, FUNCTIONS):
            yield child
            yield from outside_functions(child)


def why_forbidden(room, name):
    """Return why a file of this room may not import this name, "" if it may."""
    for library, homes in HOMES.items():
        if f"{name}.".startswith(f"{library}.") and room not in homes:
            return f"{library} is imported in {sorted(homes)} only"
    library, target, *_ = *name.split("."), ""
    if library != "skdeep":
        known = sys.stdlib_module_names | FOUNDATIONS.get(room, {library})
        return "" if library in known else f"{room} does without {library}"
    if room == "" or target == "__version__":
        return ""
    if room in {"persistence", "gallery"} and name == "skdeep":
        # Files name classes as users import them, and so does the reference.
        return ""
    if target not in LEVEL_OF:
        return "import from the room that defines it"
    if LEVEL_OF[target] > LEVEL_OF[room]:
        return f"{room} lies below {target}"
    if LEVEL_OF[target] == LEVEL_OF[room] == 0 and target != room:
        return f"{room} and {target} know nothing of each other"
    return ""


def lines_of(function):
    """Return how many lines a function has, its docstring not counted."""
    lines = function.end_lineno - function.lineno + 1
    if ast.get_docstring(function) is not None:
        lines -= function.body[0].end_lineno - function.body[0].lineno + 1
    return lines


@pytest.fixture(params=FILES, ids=[str(path.relative_to(ROOT)) for path in FILES])
def path(request):
    """Give the path of each source file in turn."""
    return request.param


@pytest.fixture
def tree(path):
    """Give the syntax tree of that file."""
    return ast.parse(path.read_text(encoding="utf-8"))


def test_imports_follow_the_table(path, tree):
    """Imports point down, and each library stays in the rooms that own it."""
    room = room_of(path)
    assert room in {"", *LEVEL_OF}, "A new room needs its place in the table of levels."
    nodes = list(ast.walk(tree))
    names = imports_in(nodes)
    dotted = [ast.unparse(node) for node in nodes if isinstance(node, ast.Attribute)]
    names += [name for name in dotted if name.startswith("keras.")]
    reasons = {name: why_forbidden(room, name) for name in names}
    assert {name: reason for name, reason in reasons.items() if reason} == {}


def test_no_module_imports_matplotlib_when_imported(tree):
    """Matplotlib is imported inside functions, when a picture is asked for."""
    names = imports_in(outside_functions(tree))
    assert [name for name in names if name.split(".")[0] == "matplotlib"] == []


def test_files_and_functions_stay_small(path, tree):
    """A file or a function that grows past its cap holds two ideas."""
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MAX_FILE_LINES
    functions = [node for node in ast.walk(tree) if isinstance(node, FUNCTIONS)]
    lengths = {function.name: lines_of(function) for function in functions}
    # A constructor has two lines for each parameter, and no ideas.
    lengths.pop("__init__", None)
    assert {name: n for name, n in lengths.items() if n > MAX_FUNCTION_LINES} == {}


def test_nothing_is_asserted_or_printed(tree):
    """Errors are exceptions of a named type, and progress goes through callbacks."""
    nodes = list(ast.walk(tree))
    asserts = [node.lineno for node in nodes if isinstance(node, ast.Assert)]
    calls = [node for node in nodes if isinstance(node, ast.Call)]
    prints = [call.lineno for call in calls if ast.unparse(call.func) == "print"]
    assert (asserts, prints) == ([], [])
