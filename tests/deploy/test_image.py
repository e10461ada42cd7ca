"""The Dockerfile, by hadolint and by what the rest of the project says. `make image-check` builds and runs it."""

import re
import subprocess
import sys
import tomllib
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

DEPLOY = Path(__file__).parents[2] / "deploy"
DOCKERFILE = DEPLOY / "Dockerfile"
EXTRAS = ("discord", "mongo", "otel", "redis", "slack")
"""What the image can do; `make lock` names them too."""


def hadolint(file: Path) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("hadolint")
    return subprocess.run([program, file], capture_output=True, text=True, check=False)


def test_hadolint_finds_nothing() -> None:
    done = hadolint(DOCKERFILE)

    assert (done.returncode, done.stdout) == (0, "")


def test_hadolint_would_find_a_root_user(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(DOCKERFILE.read_text().replace("USER 10001:10001", "USER root"))

    assert "DL3002" in hadolint(tmp_path / "Dockerfile").stdout


def test_the_build_sees_nothing_that_it_does_not_copy() -> None:
    lines = (DEPLOY.parent / ".dockerignore").read_text().splitlines()
    seen = {line.removeprefix("!") for line in lines if line.startswith("!")}
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE.read_text(), re.MULTILINE)

    assert lines[1] == "*"
    assert seen == {name for line in copied for name in line.split()} | {"deploy/requirements.lock"} - {"deploy"}


def locked() -> dict[str, Requirement]:
    text = (DEPLOY / "requirements.lock").read_text().replace("\\\n", " ")
    entries = [line for line in text.splitlines() if line.strip()]
    assert all("--hash=sha256:" in entry for entry in entries), "an entry has no hash"
    found = [Requirement(entry.partition(" --hash")[0]) for entry in entries]
    return {canonicalize_name(requirement.name): requirement for requirement in found}


def wanted(requirements: list[str], extra: str = "") -> list[Requirement]:
    parsed = [Requirement(text) for text in requirements]
    return [one for one in parsed if one.marker is None or one.marker.evaluate({"extra": extra})]


def test_the_lock_holds_all_that_the_image_needs_in_versions_that_we_take() -> None:
    project = tomllib.loads((DEPLOY.parent / "pyproject.toml").read_text())["project"]
    lock = locked()
    todo = wanted(project["dependencies"])
    for extra in EXTRAS:
        todo += wanted(project["optional-dependencies"][extra])
    done: set[tuple[str, frozenset[str]]] = set()
    while todo:
        one = todo.pop()
        name = canonicalize_name(one.name)
        if (key := (name, frozenset(one.extras))) in done:
            continue
        done.add(key)
        assert name in lock, f"{name} is not in deploy/requirements.lock: run `make lock`"
        (pin,) = lock[name].specifier
        assert one.specifier.contains(pin.version, prereleases=True), f"{one} against {lock[name]}: run `make lock`"
        here = distribution(name)
        if here.version == pin.version:  # another one may want other things, and a new release of it is no defect here
            for extra in ("", *one.extras):
                todo += wanted(here.requires or [], extra)

    assert len(done) > 40


@pytest.mark.parametrize("extra", EXTRAS)
def test_the_lock_is_made_for_what_the_image_can_do(extra: str) -> None:
    assert f"--extra {extra}" in (DEPLOY.parent / "Makefile").read_text()
