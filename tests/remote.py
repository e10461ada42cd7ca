"""The command line on a server in a process of its own."""

import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from program import Done, Program

PASSWORD = "correct horse battery staple"
EMAIL = "ada@example.org"


@contextmanager
def serving(program: Program, *args: str) -> Generator[str]:
    """A server's address."""
    with subprocess.Popen(
        program.command("serve", "--port", "0", *args),
        env=program.env,
        cwd=program.cwd,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        try:
            yield next(line.split()[-1] for line in process.stderr if line.startswith("chatops serves http://"))
        finally:
            process.kill()


def home(path: Path, *, server: str = "") -> Program:
    path.mkdir()
    return Program(path, CHATOPS_MODEL="echo:plain", CHATOPS_SERVER=server)


def fine(done: Done) -> str:
    assert done.code == 0, done.err
    return done.out
