"""What happens between a terminal and its server: tokens, TLS, sign-ins that end, servers that die and come back."""

import asyncio
import contextlib
import datetime as dt
import json
import signal
import sqlite3
import ssl
import subprocess
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from program import Program
from remote import EMAIL, PASSWORD, fine, home, serving
from serving import serving as served


@pytest.fixture
def owner(tmp_path: Path) -> Program:
    return home(tmp_path / "server")


@pytest.fixture
def url(owner: Program) -> Generator[str]:
    fine(owner.run("users", "add", EMAIL, "--name", "Ada", stdin=f"{PASSWORD}\n"))
    with serving(owner) as url:
        yield url


async def start(program: Program, *args: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *program.command("ask", *args),
        env=program.env,
        cwd=program.cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def test_an_api_token_serves_in_place_of_a_sign_in(tmp_path: Path, owner: Program, url: str) -> None:
    there = home(tmp_path / "there", server=url)
    made = fine(owner.run("tokens", "create", "laptop", "--scope", "chat", "--json"))

    there.env["CHATOPS_TOKEN"] = json.loads(made)["token"]
    assert fine(there.run("ask", "hi")) == "hi\n"
    assert there.run("history", "ls").code == 3
    there.env["CHATOPS_TOKEN"] = "cht_made-up"
    refused = there.run("ask", "hi")
    assert (refused.code, refused.out) == (3, "")
    assert "cht_made-up" not in refused.err
    there.env["CHATOPS_TOKEN"] = "two words"
    assert there.run("ask", "hi").code == 3


@asynccontextmanager
async def relay(
    url: str, *, tls: ssl.SSLContext | None = None, answers: bool = True
) -> AsyncGenerator[tuple[int, asyncio.Event], None]:
    """A relay's port, and a flag that is set once a question was passed on. `answers`: whether they are passed back."""
    asked = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, upstream = await asyncio.open_connection("127.0.0.1", urlsplit(url).port)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            upstream.write(head)
            sending = asyncio.ensure_future(_copied(reader, upstream))
            is_question = b"POST /api/chat HTTP" in head
            if is_question:
                asked.set()
            if answers or not is_question:
                await _copied(there, writer)
            else:
                await sending
            sending.cancel()
        upstream.transport.abort()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls) as server:
        yield server.sockets[0].getsockname()[1], asked


async def _copied(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    while data := await source.read(65536):
        target.write(data)
        await target.drain()


def certificate(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """A certificate for this machine that signs itself, and a server's context with it."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file, secret = folder / "cert.pem", folder / "key.pem"
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    form = serialization.PrivateFormat.PKCS8
    secret.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file, secret)
    return file, context


async def test_tls_is_checked_against_the_authorities_of_the_environment(tmp_path: Path, url: str) -> None:
    file, context = certificate(tmp_path)
    there = home(tmp_path / "there")
    async with relay(url, tls=context) as (port, _):
        secure = f"https://localhost:{port}"
        login = ("login", secure, "--email", EMAIL)
        unknown = await asyncio.to_thread(there.run, *login, stdin=f"{PASSWORD}\n")
        assert unknown.code == 6
        assert "certificate" in unknown.err.lower()
        there.env["SSL_CERT_FILE"] = str(file)
        fine(await asyncio.to_thread(there.run, *login, stdin=f"{PASSWORD}\n"))
        assert fine(await asyncio.to_thread(there.run, "ask", "hi")) == "hi\n"


async def test_an_access_token_that_ends_while_an_answer_comes_is_renewed(tmp_path: Path, url: str) -> None:
    there = home(tmp_path / "there")
    fine(await asyncio.to_thread(there.run, "login", url, "--email", EMAIL, stdin=f"{PASSWORD}\n"))
    file = there.home / "state" / "signin.json"
    process = await start(there, "-m", "echo:plain-d20", " ".join(map(str, range(30))))
    assert process.stdout is not None
    first = await process.stdout.readexactly(2)
    file.write_text(json.dumps({**json.loads(file.read_bytes()), "access_token": "ended"}))
    out, err = await process.communicate()

    assert process.returncode == 0, err
    assert (first + out).decode() == " ".join(map(str, range(30))) + "\n"
    assert json.loads(file.read_bytes())["access_token"] != "ended"


def test_a_sign_in_ends_here_though_the_server_is_gone(tmp_path: Path, owner: Program) -> None:
    fine(owner.run("users", "add", EMAIL, "--name", "Ada", stdin=f"{PASSWORD}\n"))
    there = home(tmp_path / "there")
    with serving(owner) as url:
        fine(there.run("login", url, "--email", EMAIL, stdin=f"{PASSWORD}\n"))
    done = there.run("logout")

    assert done.code == 0
    assert "signed out here; the server could not be told" in done.err
    assert not (there.home / "state" / "signin.json").exists()
    assert "no server" in fine(there.run("whoami"))


async def test_ctrl_c_before_the_first_word_leaves_no_turn_running(tmp_path: Path, owner: Program) -> None:
    async with served(owner, "--no-login") as server, relay(server.url, answers=False) as (port, asked):
        there = home(tmp_path / "there", server=f"http://127.0.0.1:{port}")
        process = await start(there, "-m", "echo:plain-d50-n1000", "word")
        await asked.wait()
        while not json.loads((await asyncio.to_thread(owner.run, "history", "ls", "--json")).out):
            await asyncio.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _, err = await process.communicate()

        assert process.returncode == 130, err
        message = await asyncio.to_thread(owner.last_message)
        assert (message.status, message.error and message.error.code) == ("interrupted", "stopped")


async def test_a_server_that_is_killed_and_comes_back_tells_what_it_has_of_the_answer(
    tmp_path: Path, owner: Program
) -> None:
    async with served(owner, "--no-login") as server:
        port = urlsplit(server.url).port
        there = home(tmp_path / "there", server=server.url)
        process = await start(there, "-m", "echo:plain-d20-n1000", "some words")
        assert process.stdout is not None
        first = await process.stdout.readexactly(100)
        server.process.kill()
        await server.process.wait()
    with contextlib.closing(sqlite3.connect(owner.home / "chatops.db")) as db, db:
        db.execute("UPDATE runs SET lease_expires_at = 1 WHERE lease_expires_at IS NOT NULL")
    async with served(owner, "--no-login", "--port", str(port)):
        out, err = await process.communicate()

    assert process.returncode == 6
    assert err.startswith(b"chatops: error: ")
    message = await asyncio.to_thread(owner.last_message)
    assert (message.status, message.error and message.error.code) == ("interrupted", "abandoned")
    assert (first + out).decode().startswith(message.text)
