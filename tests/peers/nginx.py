"""A real nginx on loopback before several servers, as deploy/ has it: streams pass as they come."""

from __future__ import annotations

import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from aiohttp.test_utils import unused_port

_SECONDS = 15
_CONFIG = """\
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    upstream chatops {{
{servers}
        keepalive 64;
    }}
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        client_max_body_size 34m;
        location / {{
            proxy_pass http://chatops;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_buffering off;
            proxy_connect_timeout 1s;
            proxy_read_timeout 60s;
        }}
    }}
}}
"""


class Nginx:
    """Spreads requests over servers on these ports, round robin; one that refuses is left out for a second."""

    def __init__(self, ports: Sequence[int]) -> None:
        self.port = unused_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._folder = Path(tempfile.mkdtemp(prefix="chatops-nginx-"))
        servers = "\n".join(f"        server 127.0.0.1:{port} max_fails=1 fail_timeout=1s;" for port in ports)
        (self._folder / "nginx.conf").write_text(
            _CONFIG.format(folder=self._folder, port=self.port, servers=servers), "utf-8"
        )
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Raises `RuntimeError` when there is no nginx, or it does not come up."""
        binary = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
        if binary is None:
            raise RuntimeError("no nginx: run deploy/debian-packages.sh test")
        config = self._folder / "nginx.conf"
        self._process = subprocess.Popen(
            [binary, "-p", str(self._folder), "-e", str(self._folder / "error.log"), "-c", str(config)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + _SECONDS
        while not (self._folder / "nginx.pid").exists():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"nginx does not come up: {(self._folder / 'error.log').read_text()}")
            time.sleep(0.02)

    def close(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(_SECONDS)
        shutil.rmtree(self._folder, ignore_errors=True)
