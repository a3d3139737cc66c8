"""Writing a package: over a former one and nothing else, whatever stands there, and however it ends."""

import json
from pathlib import Path

import pytest

from hubtriage.packaging.folder import MANIFEST, ForeignFilesError, demand_own, write_package

FIRST = {"a.template.json": b"{}", "code-1.zip": b"1"}
SECOND = {"a.template.json": b"{ }", "code-2.zip": b"2"}


def manifest(files: dict[str, bytes]) -> dict[str, object]:
    return {"format": 1, "files": dict.fromkeys(files)}


def write(folder: Path, files: dict[str, bytes]) -> None:
    write_package(folder, files, manifest(files))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != MANIFEST}


def is_complete(folder: Path) -> bool:
    return bool(json.loads((folder / MANIFEST).read_text())["complete"])


def test_a_package_replaces_a_former_one(tmp_path):
    folder = tmp_path / "deep" / "out"
    write(folder, FIRST)
    assert contents(folder) == FIRST
    write(folder, SECOND)
    assert contents(folder) == SECOND
    assert is_complete(folder)


@pytest.mark.parametrize("name", ["mine.txt", "sub", ".hidden", "code-9.zip", MANIFEST])
def test_what_is_not_of_a_package_is_left_alone(tmp_path, name):
    if name != MANIFEST:
        write(tmp_path, FIRST)
    (tmp_path / name).mkdir() if name == "sub" else (tmp_path / name).write_text("{}")
    before = {path.name for path in tmp_path.iterdir()}
    for attempt in (lambda: demand_own(tmp_path), lambda: write(tmp_path, SECOND)):
        with pytest.raises(ForeignFilesError) as refused:
            attempt()
        assert refused.value.names == (name,)
    assert {path.name for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("name", ["../precious", "/etc/hosts", "a/b", "..", ".", "", "-rf"])
def test_a_manifest_cannot_name_files_elsewhere(tmp_path, name):
    folder = tmp_path / "out"
    folder.mkdir()
    (tmp_path / "precious").write_text("kept")
    (folder / MANIFEST).write_text(json.dumps({"format": 1, "files": {name: None}}))
    with pytest.raises(ForeignFilesError):
        write(folder, FIRST)
    assert (tmp_path / "precious").read_text() == "kept"


@pytest.mark.parametrize(
    "text", ["", "[" * 100_000, "[]", '{"format": 2, "files": {}}', '{"format": 1}', "\xff"]
)
def test_another_manifest_json_is_foreign(tmp_path, text):
    (tmp_path / MANIFEST).write_bytes(text.encode("latin-1"))
    with pytest.raises(ForeignFilesError):
        demand_own(tmp_path)


@pytest.mark.parametrize("link", ["a.template.json", "a.template.json.part", "code-1.zip", MANIFEST])
def test_a_link_in_the_place_of_a_file_is_replaced_and_not_followed(tmp_path, link):
    folder, target = tmp_path / "out", tmp_path / "target"
    write(folder, FIRST)
    target.write_bytes((folder / MANIFEST).read_bytes() if link == MANIFEST else b"kept")
    before = target.read_bytes()
    (folder / link).unlink(missing_ok=True)
    (folder / link).symlink_to(target)
    write(folder, SECOND)
    assert target.read_bytes() == before
    assert contents(folder) == SECOND
    assert not any(path.is_symlink() for path in folder.iterdir())


class Stop(BaseException):
    """The process ends here."""


def test_wherever_it_is_interrupted_the_next_one_succeeds(tmp_path, monkeypatch):
    """Every file is whole, an incomplete folder says so, and nothing of the former package is left."""
    calls = {"replace": Path.replace, "unlink": Path.unlink, "open": Path.open}
    steps = 0
    while True:
        folder = tmp_path / str(steps)
        write(folder, FIRST)
        if not _interrupted(folder, steps, calls, monkeypatch):
            break
        for name, content in contents(folder).items():
            if not name.endswith(".part"):
                assert content in (FIRST.get(name), SECOND.get(name)), "each file is whole"
        if any(path.read_bytes() != FIRST.get(path.name) for path in folder.glob("a.*.json")):
            assert not is_complete(folder)
        write(folder, SECOND)
        assert contents(folder) == SECOND
        steps += 1
    assert steps > len(calls) * len(SECOND)


def _interrupted(folder, step, calls, monkeypatch) -> bool:
    count = 0

    def stopping(original):
        def call(*arguments, **options):
            nonlocal count
            count += 1
            if count > step:
                raise Stop
            return original(*arguments, **options)

        return call

    with monkeypatch.context() as patch:
        for name, original in calls.items():
            patch.setattr(Path, name, stopping(original))
        try:
            write(folder, SECOND)
        except Stop:
            return True
    return False


def test_an_interrupted_first_write_is_taken_up_again(tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(Stop()))
        with pytest.raises(Stop):
            write(tmp_path, FIRST)
    assert [path.name for path in tmp_path.iterdir()] == [f"{MANIFEST}.part"]
    write(tmp_path, FIRST)
    assert contents(tmp_path) == FIRST
