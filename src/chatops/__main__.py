"""The program's door, in three tiers, because start-up is a promise: the version from a constant; `ask` and
`chat` without Typer; everything else, help and errors too, through Typer. Both parsers read one table (`cli.options`).
"""

import os
import sys

from chatops import __version__


def main() -> None:
    """Runs the program with `sys.argv` and leaves it."""
    _fill_standard_streams()
    _leave(_run(sys.argv[1:]))


def _fill_standard_streams() -> None:
    """Where a standard stream was closed (`>&-`), a socket or file opened next would get its number, and the output."""
    for fd, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is None:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number: this one
            setattr(sys, name, os.fdopen(fd, mode, encoding="utf-8"))


def _run(argv: list[str]) -> int:
    if argv == ["--version"]:
        sys.stdout.write(f"chatops {__version__}\n")
        return 0
    if any(name.endswith("_FILE") for name in os.environ) and (code := _read_secrets()):
        return code
    if argv[:1] == ["ask"]:
        from chatops.cli.options import ASK

        options = ASK.parse(argv[1:])
        if options is not None:
            from chatops.cli.ask import run

            return run(options)
    if argv[:1] == ["chat"] or (not argv and sys.stdin.isatty() and sys.stdout.isatty()):
        from chatops.cli.options import CHAT

        chosen = CHAT.parse(argv[1:])
        if chosen is not None:
            from chatops.cli.repl import run as run_chat

            return run_chat(chosen)
    if argv[:1] == ["complete-words"]:
        from chatops.cli.completion.program import run as complete

        return complete(argv[1:])
    from chatops.cli.main import run_typer

    return run_typer(argv)


def _read_secrets() -> int:
    from chatops.cli.exits import guarded
    from chatops.secretfiles import fill

    return guarded(lambda: fill(os.environ))


def _leave(code: int) -> None:
    """Ends the process without tearing the interpreter down, which takes 100 ms and more with an SDK loaded."""
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except BrokenPipeError:
        code = 141  # as if SIGPIPE had ended us: the reader (head) has what it wanted
    except OSError as error:
        os.write(2, f"chatops: error: cannot write the output: {error.strerror}\n".encode())
        code = code or 1
    os._exit(code)


if __name__ == "__main__":
    main()
