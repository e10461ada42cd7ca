from __future__ import annotations

import asyncio
import shutil
import ssl
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import pytest

from chatops.engine.errors import ProviderRejectedError, ProviderUnavailableError, SettingsError
from chatops.engine.events import TextDelta
from chatops.engine.messages import Sampling
from chatops.engine.providers import anthropic_wire, openai_wire
from chatops.engine.providers.direct import DirectProvider, serves
from peers.adapters import KINDS, adapter, asking, outcome
from peers.fixed import saying
from peers.llm import ModelServer, serving

ASK = """
import asyncio, sys
from chatops.engine.messages import Message, TextPart
from chatops.engine.ports import ChatRequest
from chatops.engine.providers import anthropic_wire, openai_wire
from chatops.engine.providers.direct import DirectProvider, serves

async def main(wire, url):
    assert serves(url)
    provider = DirectProvider("acme", wire, api_key="k", base_url=url)
    message = Message(id="m", conversation_id="c", role="user", parts=(TextPart(text="hi"),), created_at=0)
    async for event in provider.stream(ChatRequest(model="plain", messages=[message])):
        pass
    print(event.reason)

asyncio.run(main(openai_wire.WIRE, sys.argv[1] + "/v1"))
asyncio.run(main(anthropic_wire.WIRE, sys.argv[1]))
ours = set(sys.stdlib_module_names) | {"chatops", "__main__"}
print(sorted({name.partition(".")[0] for name in sys.modules} - ours))
"""


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
async def server() -> AsyncGenerator[ModelServer, None]:
    async with serving() as server:
        yield server


def test_a_whole_answer_imports_nothing_but_the_standard_library() -> None:
    peer = Path(__file__).parents[2] / "peers" / "llm.py"
    with subprocess.Popen([sys.executable, peer, "0"], stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        url = program.stdout.readline().strip()
        # -S -E: an editable install's hooks and the environment import what they like.
        paths = {"PYTHONPATH": str(Path(__file__).parents[3] / "src")}
        asked = subprocess.run(
            [sys.executable, "-S", "-c", ASK, url], env=paths, capture_output=True, text=True, check=False
        )
        program.kill()

    assert asked.stderr == ""
    assert asked.stdout.splitlines() == ["stop", "stop", "[]"]


@pytest.mark.parametrize(
    ("base_url", "environment", "expected"),
    [
        (None, {}, True),
        ("http://localhost:11434/v1", {}, True),
        ("https://api.acme.example/v1", {}, True),
        (None, {"HTTPS_PROXY": "http://proxy:3128"}, False),
        (None, {"https_proxy": "http://proxy:3128"}, False),
        (None, {"ALL_PROXY": "socks5://proxy"}, False),
        (None, {"HTTPS_PROXY": ""}, True),
        ("http://localhost:11434/v1", {"HTTPS_PROXY": "http://proxy:3128"}, True),
        ("http://localhost:11434/v1", {"http_proxy": "http://proxy:3128"}, False),
        (None, {"OPENAI_ORG_ID": "org"}, False),
        (None, {"ANTHROPIC_CUSTOM_HEADERS": "x: y"}, False),
        ("https://api.acme.example/v1", {"OPENAI_ORG_ID": "org"}, True),
        ("https://me:secret@api.acme.example/v1", {}, False),
        ("https://api.acmé.example/v1", {}, False),
    ],
)
def test_it_says_where_it_does_as_well_as_an_sdk(
    monkeypatch: pytest.MonkeyPatch,
    base_url: str | None,
    environment: dict[str, str],
    expected: bool,
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    assert serves(base_url) is expected


async def test_an_early_notice_is_no_answer() -> None:
    body = b'data: {"choices":[{"delta":{"content":"hi"},"finish_reason":"stop"}]}\n\n'
    early = b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"
    async with saying(early + b"HTTP/1.0 200 OK\r\n\r\n" + body) as url:
        answer = await outcome(adapter("openai-direct", url), asking("m"))

    assert (answer.error, answer.text) == (None, "hi")


@pytest.mark.parametrize(
    ("reply", "code", "words"),
    [
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n", "provider_stream_cut", "sent broken HTTP"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n", "provider_stream_cut", "sent broken HTTP"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n", "provider_stream_cut", "closed too early"),
        (b"HTTP/1.1 500 No\r\ncontent-length: 9\r\n\r\noops", "provider_unavailable", "answered 500"),
        (
            b"HTTP/1.1 502 No\r\n\r\n<title>Bad Gateway</title>" + b"x" * 200_000,
            "provider_unavailable",
            "answered 502: Bad Gateway",
        ),
        (b"HTTP/1.1 200 OK\r\ncontent-encoding: br\r\n\r\n\x8b\x02", "provider_rejected", "compressed"),
        (b"", "provider_unreachable", "cannot be reached: it was closed too early"),
        (b"HTTP/1.1 200 OK\r\nx: " + b"y" * 200_000, "provider_unreachable", "does not speak HTTP"),
    ],
)
async def test_broken_http_is_the_right_error(reply: bytes, code: str, words: str) -> None:
    async with saying(reply) as url:
        answer = await outcome(adapter("openai-direct", url), asking("m"))

    assert answer.error is not None
    assert answer.error.code == code
    assert words in answer.error.message


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and the certificate that it signed for localhost, in one file, alone in its folder under its hash."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("needs the openssl program to make a certificate")
    key, cert = (tmp_path_factory.mktemp("tls") / name for name in ("key.pem", "cert.pem"))
    made = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    names = ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(cert)]
    subprocess.run([openssl, *made, *names], check=True, capture_output=True)
    told = subprocess.run([openssl, "x509", "-hash", "-noout", "-in", cert], check=True, capture_output=True, text=True)
    both = tmp_path_factory.mktemp("authorities") / f"{told.stdout.strip()}.0"
    both.write_bytes(key.read_bytes() + cert.read_bytes())
    return both


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
async def test_tls_is_checked_against_the_authorities_named_in_the_environment(
    certificate: Path, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    async with serving(tls=context) as server:
        unknown = await outcome(adapter("openai-direct", server.url), asking("plain"))
        monkeypatch.setenv(variable, str(certificate if variable == "SSL_CERT_FILE" else certificate.parent))
        known = await outcome(adapter("openai-direct", server.url), asking("plain"))

    assert unknown.error is not None
    assert unknown.error.code == "provider_unreachable"
    assert "certificate" in unknown.error.message
    assert (known.error, known.text) == (None, "one two three")


async def test_without_a_key_the_official_service_is_not_called() -> None:
    for wire, variable in ((openai_wire.WIRE, "OPENAI_API_KEY"), (anthropic_wire.WIRE, "ANTHROPIC_API_KEY")):
        for key in (None, "", "  "):
            provider = DirectProvider("acme", wire, api_key=key, base_url=None)
            with pytest.raises(ProviderRejectedError, match=f"set {variable}") as caught:
                await provider.models()
            answer = await outcome(provider, asking("m"))

            assert caught.value.code == "provider_credentials"
            assert answer.error is not None
            assert answer.error.code == "provider_credentials"


async def test_without_a_key_a_server_of_ones_own_gets_a_placeholder(server: ModelServer) -> None:
    await outcome(adapter("anthropic-direct", server.url, key=None), asking("plain"))

    assert [(request.key, request.headers["x-api-key"]) for request in server.requests] == [("no-key", "no-key")]


@pytest.mark.parametrize(
    "base_url", ["localhost:8080", "ftp://x", "http://", "http://[::1", "http://x:port", "file:///etc"]
)
def test_a_base_url_that_is_none_is_refused_at_once(base_url: str) -> None:
    with pytest.raises(SettingsError, match="base_url of provider acme"):
        DirectProvider("acme", openai_wire.WIRE, api_key="k", base_url=base_url)


@pytest.mark.parametrize(
    ("base_url", "limit"),
    [
        (None, "max_completion_tokens"),
        ("https://api.openai.com/v1", "max_completion_tokens"),
        ("https://eu.api.openai.com/v1/", "max_completion_tokens"),
        ("https://acme.openai.azure.com/openai/v1", "max_completion_tokens"),
        ("https://api.openai.com.evil.example/v1", "max_tokens"),
        ("https://notopenai.com/v1", "max_tokens"),
        ("http://localhost:11434/v1", "max_tokens"),
    ],
)
def test_the_official_service_is_known_by_its_address(base_url: str | None, limit: str) -> None:
    provider = DirectProvider("acme", openai_wire.WIRE, api_key="k", base_url=base_url)
    request = replace(asking("m"), sampling=Sampling(max_tokens=7))

    assert provider.payload(request)[limit] == 7


@pytest.mark.parametrize("kind", KINDS)
async def test_what_came_before_a_break_is_read_by_who_was_busy_meanwhile(kind: str, server: ModelServer) -> None:
    provider, words = adapter(kind, server.url), list[str]()
    async with aclosing(provider.stream(asking("reset-n6-d20", "a b c d e f"))) as events:
        with pytest.raises(ProviderUnavailableError, match="acme broke its connection"):
            async for event in events:
                if isinstance(event, TextDelta):
                    words.append(event.text)
                    await asyncio.sleep(0.3)  # the connection is broken by now
    await provider.aclose()

    assert "".join(words) == "a b c d e f"
