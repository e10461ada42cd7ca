"""The real nginx and Caddy with our example files, on free ports of loopback."""

from __future__ import annotations

import asyncio
import os
import re
import socket
import subprocess
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from peers.certificates import write_certificate

DEPLOY = Path(__file__).parents[2] / "deploy"
NAME = "chat.example.org"


@dataclass(frozen=True)
class Proxy:
    """`url`: where it listens. `check`: the command that reads its file and does nothing else."""

    url: str
    command: list[str]
    check: list[str]
    env: dict[str, str]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def nginx(folder: Path, upstream: int) -> Proxy:
    """deploy/nginx.conf with its addresses and certificate exchanged, inside the least that nginx wants around it."""
    port = free_port()
    write_certificate(folder, NAME)
    site = (DEPLOY / "nginx.conf").read_text()
    site = re.sub(r"^ *listen \[::\].*\n", "", site, flags=re.MULTILINE)
    for old, new in {
        "listen 80;": f"listen 127.0.0.1:{free_port()};",
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        "server 127.0.0.1:8787;": f"server 127.0.0.1:{upstream};",
        f"/etc/letsencrypt/live/{NAME}": str(folder),
    }.items():
        assert old in site, old
        site = site.replace(old, new)
    (folder / "site.conf").write_text(site)
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;\n" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(
        f"{user}daemon off;\nworker_processes 1;\npid {folder}/pid;\nerror_log stderr;\nevents {{}}\n"
        f"http {{\naccess_log off;\n{temporary}include {folder}/site.conf;\n}}\n"
    )
    command = ["nginx", "-e", "stderr", "-p", str(folder), "-c", str(folder / "nginx.conf")]
    return Proxy(f"https://127.0.0.1:{port}", command, [*command, "-t"], dict(os.environ))


def caddy(folder: Path, upstream: int) -> Proxy:
    """deploy/Caddyfile by its own environment variables; without its administration port, which is one a machine."""
    url = f"http://127.0.0.1:{free_port()}"
    file = folder / "Caddyfile"
    file.write_text("{\n\tadmin off\n}\n" + (DEPLOY / "Caddyfile").read_text())
    program = str(Path(sys.executable).with_name("caddy"))
    env = os.environ | {"CHATOPS_SITE": url, "CHATOPS_PORT": str(upstream), "XDG_DATA_HOME": str(folder)}
    env |= {"XDG_CONFIG_HOME": str(folder), "HOME": str(folder)}
    which = ["--adapter", "caddyfile", "--config", str(file)]
    return Proxy(url, [program, "run", *which], [program, "validate", *which], env)


PROXIES: dict[str, Callable[[Path, int], Proxy]] = {"nginx": nginx, "caddy": caddy}


@asynccontextmanager
async def running(proxy: Proxy) -> AsyncGenerator[None, None]:
    """The proxy, from when it takes connections."""
    process = await asyncio.create_subprocess_exec(
        *proxy.command, env=proxy.env, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    port = int(proxy.url.rpartition(":")[2])
    try:
        while True:
            assert process.returncode is None, f"{proxy.command[0]} ended with {process.returncode}"
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.02)
            else:
                writer.close()
                break
        yield
    finally:
        if process.returncode is None:
            process.kill()  # told to end, Caddy waits for a request whose body never comes
            await process.wait()
