"""Model files taken apart, changed and put together again with the right digests."""

import json

from skdeep.encoding.archive import read_archive, write_archive
from skdeep.persistence import manifest, schema


def members_of(content):
    """Return the members of a file without its manifest, the schema parsed."""
    views = read_archive(memoryview(content))
    members = {name: bytes(view) for name, view in views.items()}
    del members[manifest.NAME]
    members[schema.NAME] = json.loads(members[schema.NAME])
    return members


def file_of(contents, **changes):
    """Return a file with these members, and changes of its manifest."""
    root = contents.get(schema.NAME)
    if isinstance(root, dict):
        contents = contents | {schema.NAME: json.dumps(root).encode()}
    text = json.loads(manifest.make_manifest(contents, "forged")) | changes
    pieces = [(manifest.NAME, json.dumps(text).encode()), *contents.items()]
    return b"".join(write_archive(pieces))


def nodes_of(value):
    """Return all nodes of a schema, each before those that it contains."""
    found = []
    if isinstance(value, dict | list):
        if isinstance(value, dict) and "__loader__" in value:
            found.append(value)
        for item in value.values() if isinstance(value, dict) else value:
            found += nodes_of(item)
    return found


def node_named(members, name):
    """Return the first node of a class or function."""
    nodes = nodes_of(members[schema.NAME])
    return next(node for node in nodes if node["__class__"] == name)


def attributes_of(members, name):
    """Return the attributes of the first object of a class."""
    return node_named(members, name)["content"]["content"]


def value_node(text, number=10**9):
    """Return a node of a number or text, given as JSON."""
    return {
        "__class__": "str",
        "__module__": "builtins",
        "__loader__": "JsonNode",
        "content": text,
        "__id__": number,
    }
