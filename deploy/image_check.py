"""Builds the image and runs it, on Debian, without a container engine: buildah builds, a read-only chroot runs.

    sudo python3 deploy/image_check.py [--mirror URL] [--build-option=--volume=/etc/ssl/certs:/etc/ssl/certs:ro ...]

A base of Debian 12 stands in for the Python image, so that nothing is fetched but Debian's and Python's packages.
Checked: the build; the user; a root that cannot be written to, no capabilities; the image's own health check; a
streamed answer; SIGTERM in the middle of one; the embedded model without any network. Wants the packages buildah,
debootstrap, curl, iproute2 and util-linux.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[1]
BASE = "localhost/chatops-base"
USER = "10001"
PATIENCE = 60.0
OWN_NETWORK = ["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
"""Loopback alone."""


def say(line: str) -> None:
    print(f"== {line}", flush=True)


def run(*command: str | Path, **options: Any) -> str:
    done = subprocess.run([*map(str, command)], check=False, stdout=subprocess.PIPE, text=True, **options)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))[:300]} ended with {done.returncode}\n{done.stdout[-3000:]}")
    return done.stdout.strip()


@dataclass(frozen=True)
class Buildah:
    """Images in a folder of their own."""

    storage: Path
    runroot: Path

    def __call__(self, *args: str | Path) -> str:
        env = {**os.environ, "BUILDAH_ISOLATION": "chroot"}
        return run(
            "buildah", "--root", self.storage, "--runroot", self.runroot, *args, env=env, stderr=subprocess.STDOUT
        )

    def base(self, folder: Path, mirror: str) -> None:
        if not folder.is_dir():
            say(f"a base of Debian 12, from {mirror}")
            part = folder.with_suffix(".part")
            wanted = "--include=ca-certificates,python3,python3-venv"
            run("debootstrap", "--variant=minbase", wanted, "bookworm", part, mirror)
            part.rename(folder)
        container = self("from", "scratch").splitlines()[-1]
        self("add", container, folder, "/")
        self("commit", container, BASE)
        self("rm", container)

    def build(self, target: str, options: list[str]) -> str:
        begun = time.monotonic()
        name = f"localhost/chatops-{target}"
        which = [
            "--format",
            "docker",
            "--layers",
            "--target",
            target,
            "--build-arg",
            f"PYTHON_IMAGE={BASE}",
            "-t",
            name,
        ]
        self("build-using-dockerfile", *options, *which, "-f", REPOSITORY / "deploy/Dockerfile", REPOSITORY)
        say(f"built {target} in {time.monotonic() - begun:.0f} s")
        return name


class Image:
    """A built image, entered as its own user with its own environment."""

    def __init__(self, root: Path, config: dict[str, Any]) -> None:
        self.root = root
        self.config = config
        assert config["User"] == f"{USER}:{USER}", config["User"]  # noqa: S101 - this is a test

    def command(self, *args: str, **env: str) -> list[str]:
        words = [*self.config["Env"], *(f"{name}={value}" for name, value in env.items())]
        drop = ["setpriv", "--reuid", USER, "--regid", USER, "--clear-groups", "--no-new-privs"]
        none = ["--bounding-set", "-all", "--inh-caps", "-all"]
        return ["chroot", str(self.root), *drop, *none, "env", "-i", *words, *args]

    @contextmanager
    def serving(self) -> Iterator[subprocess.Popen[bytes]]:
        """The image's own command, until its own health check is content."""
        command = self.command(*self.config["Entrypoint"], *self.config["Cmd"], CHATOPS_MODEL="echo:plain-d20-n100")
        with subprocess.Popen([*OWN_NETWORK, *command]) as process:
            end = time.monotonic() + PATIENCE
            check = ["nsenter", "--net", "--target", str(process.pid)]
            check += self.command(*self.config["Healthcheck"]["Test"][1:])
            while subprocess.run(check, check=False, capture_output=True).returncode:
                if process.poll() is not None or time.monotonic() > end:
                    sys.exit("the health check is never content")
                time.sleep(0.2)
            yield process


@contextmanager
def entered(buildah: Buildah, name: str) -> Iterator[Image]:
    """An image's root, read-only, with /tmp and an empty /data."""
    config = json.loads(buildah("inspect", "--type", "image", name))["Docker"]["config"]
    container = buildah("from", name).splitlines()[-1]
    root = buildah.runroot / "root"
    root.mkdir(exist_ok=True)
    run("mount", "--bind", buildah("mount", container), root)
    run("mount", "-o", "remount,bind,ro", root)
    run("mount", "-t", "tmpfs", "-o", "mode=1777", "none", root / "tmp")
    run("mount", "-t", "tmpfs", "-o", f"uid={USER},gid={USER},mode=0700", "none", root / "data")
    run("mount", "--bind", "/proc", root / "proc")
    run("mount", "--bind", "/dev", root / "dev")
    try:
        size = run("du", "-smx", root).split()[0]
        say(f"{name}: {size} MB, as user {config['User']}")
        yield Image(root, config)
    finally:
        run("umount", "--recursive", "--lazy", root)
        buildah("rm", container)


def check_root(image: Image) -> None:
    script = "id -u; touch /opt/x 2>/dev/null && echo WRITABLE; touch /data/x /tmp/x && grep CapEff /proc/self/status"
    told = run(*image.command("sh", "-c", script)).split()
    assert told == [USER, "CapEff:", "0" * 16], told  # noqa: S101
    say("the root cannot be written to, /data and /tmp can; no capabilities")


def check_serving(image: Image) -> None:
    with image.serving() as process:
        say("the health check is content")
        socket = ["curl", "-sN", "--unix-socket", str(image.root / "data/state/chatops.sock"), "http://x/api/chat"]
        with subprocess.Popen([*socket, "-d", "text=hello there"], stdout=subprocess.PIPE) as reader:
            assert reader.stdout is not None  # noqa: S101
            first = reader.stdout.read(400)
            process.terminate()
            rest = (first + reader.stdout.read()).decode()
        assert '"type":"finish"' in rest, rest[-500:]  # noqa: S101
        assert rest.endswith("data: [DONE]\n\n"), rest[-500:]  # noqa: S101
        assert process.wait(PATIENCE) == 0  # noqa: S101
    say("SIGTERM in the middle of an answer: it came to its end, and the server left with 0")


def check_model(image: Image) -> None:
    answer = run(*OWN_NETWORK, *image.command("chatops", "ask", "-q", "What is the capital of France?"))
    assert answer, "it said nothing"  # noqa: S101 - what it says is often wrong
    say(f"the embedded model, without a network: {answer}")


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--mirror", default="http://deb.debian.org/debian")
    options.add_argument("--cache", type=Path, default=Path("/var/cache/chatops-image-check"))
    options.add_argument("--build-option", action="append", default=[])
    said = options.parse_args()
    if os.geteuid():
        sys.exit("image_check.py mounts and enters roots: run it as root")
    said.cache.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix="chatops-image-"))
    buildah = Buildah(said.cache / "storage", work)
    try:
        buildah.base(said.cache / "base", said.mirror)
        with entered(buildah, buildah.build("server", said.build_option)) as image:
            check_root(image)
            check_serving(image)
        with entered(buildah, buildah.build("with-model", said.build_option)) as image:
            check_model(image)
    finally:
        # buildah leaves its layers mounted.
        subprocess.run(["umount", "--recursive", said.cache / "storage" / "overlay"], check=False, capture_output=True)  # noqa: S607
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
