"""Runs one command and prints its exit code, times and costs: `python -I -S probe.py pipe|pty FIRST LAST COMMAND...`.

A program of its own with next to no imports, since Linux counts the memory of the process that starts another one as
the other's peak: what measures must be smaller than what is measured.

Prints one line: exit code; milliseconds from the start to the output that holds the text FIRST, to the one that holds
LAST (inf when it never came), to the exit; CPU milliseconds; peak memory in KiB. Standard error passes through, but a
terminal takes it in.
"""

import os
import sys
import termios
import time

NEVER = float("inf")


def open_output(kind: str) -> tuple[int, int]:
    """The end to read from, and the program's."""
    if kind == "pipe":
        return os.pipe()
    ours, theirs = os.openpty()
    termios.tcsetwinsize(theirs, (24, 80))
    return ours, theirs


def start(command: list[str], kind: str, theirs: int) -> int:
    dup = [(os.POSIX_SPAWN_DUP2, theirs, fd) for fd in ((1,) if kind == "pipe" else (0, 1, 2))]
    null = [(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0)] if kind == "pipe" else []
    return os.posix_spawn(command[0], command, os.environ, file_actions=[*null, *dup], setsid=kind == "pty")


def read(ours: int) -> bytes:
    try:
        return os.read(ours, 65536)
    except OSError:  # how Linux says that a terminal's other end is closed
        return b""


def main(kind: str, first: str, last: str, command: list[str]) -> None:
    ours, theirs = open_output(kind)
    seen = b""
    wanted = [first.encode(), last.encode()]
    came = [NEVER, NEVER]
    begun = time.perf_counter()
    pid = start(command, kind, theirs)
    os.close(theirs)
    while chunk := read(ours):
        now = time.perf_counter() - begun
        seen += chunk
        came = [min(moment, now) if text in seen else NEVER for text, moment in zip(wanted, came, strict=True)]
    _, status, usage = os.wait4(pid, 0)
    ended = time.perf_counter() - begun
    times = [*came, ended, usage.ru_utime + usage.ru_stime]
    code = os.waitstatus_to_exitcode(status)
    sys.stdout.write(f"{code} {' '.join(str(seconds * 1000) for seconds in times)} {usage.ru_maxrss}\n")
    if code:
        sys.stderr.write(seen.decode(errors="replace"))


main(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:])
