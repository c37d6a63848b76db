"""Which names the reference describes, and with which members."""

import inspect

import pytest

import skdeep
from skdeep.gallery import public_names as public
from skdeep.gallery.reference import own_members, write_reference


def test_every_public_name_is_there_once():
    """All classes and functions of the package and of its rooms are described."""
    names = public.public_names()
    for room in [skdeep, *(getattr(skdeep, name) for name in skdeep._SUBPACKAGES)]:
        for name in getattr(room, "__all__", ()):
            value = getattr(room, name)
            if inspect.isclass(value) or inspect.isfunction(value):
                assert names[name].value is value
    grouped = public.by_room(names)
    assert sorted(p.name for ps in grouped.values() for p in ps) == sorted(names)


def test_pages_differ_where_case_does_not_count():
    """Each page is a file of its own on every file system."""
    names = [name.lower() for name in public.public_names()]
    assert len(names) == len(set(names))


def test_a_room_without_a_title_is_refused():
    """A new room needs its place on the site."""
    name = public.PublicName("thing", "skdeep.cellar", "cellar")
    with pytest.raises(RuntimeError, match=r"no title for the rooms \['cellar'\]"):
        public.by_room({"thing": name})


def test_two_things_of_one_name_are_refused(monkeypatch):
    """Pages are named by what they describe."""
    monkeypatch.setattr(
        public, "_names_of_rooms", lambda: [public.PublicName("save", "numpy", "x")]
    )
    monkeypatch.setattr(
        public,
        "_names_of_package",
        lambda: [public.PublicName("save", "skdeep.persistence", "persistence")],
    )
    with pytest.raises(RuntimeError, match="different things of one name"):
        public.public_names()


def test_members_are_our_own():
    """Methods that scikit-learn gives to all estimators are described there."""
    members = own_members(skdeep.ConvAutoencoderTransformer)
    assert {"fit", "transform", "inverse_transform", "model_"} <= set(members)
    assert not {"get_params", "set_output"} & set(members)
    assert own_members(skdeep.metrics.bucket_purity) == []


def test_pages_are_written(tmp_path):
    """One for each name, and the list of all."""
    names = public.public_names()
    write_reference(tmp_path, names)
    written = {path.stem for path in tmp_path.iterdir()}
    assert written == {*names, "index"}
    page = (tmp_path / "ModelFileError.rst").read_text()
    assert ".. autoexception:: ModelFileError" in page
