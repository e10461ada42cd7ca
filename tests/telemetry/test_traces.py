"""Spans as OpenTelemetry's own SDK collects them, and as a collector receives them."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from chatops.api.access import LocalAccess
from chatops.api.app import create_app
from chatops.api.serving import Endpoints, listening
from chatops.engine.errors import ProviderRejectedError, SettingsError
from chatops.engine.events import Finished, TextDelta, UsageUpdated
from chatops.engine.messages import Usage
from chatops.engine.routing import Router
from chatops.telemetry.traces import Traces, from_environment
from fakes import Step, answer
from program import Program
from rig import ME, Rig, open_rig
from serving import serving

WORDS: list[Step] = [
    TextDelta("a secret"),
    UsageUpdated(Usage(input_tokens=7, output_tokens=2, cached_tokens=3)),
    Finished("stop", model="m-2026"),
]


@pytest.fixture
def kept() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    yield exporter
    exporter.shutdown()


def traces_into(kept: InMemorySpanExporter) -> Traces:
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    return Traces(provider)


def watch(rig: Rig, traces: Traces) -> None:
    """As `bootstrap.open_engine` does for an engine that it makes."""
    rig.engine._router = Router(traces.around_providers(rig.engine.providers), rig.clock, rig.engine._sleep)
    rig.engine.run_turn = traces.around_turns(rig.engine.run_turn)


def by_name(kept: InMemorySpanExporter) -> dict[str, ReadableSpan]:
    return {span.name: span for span in kept.get_finished_spans()}


def attributes(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


async def test_a_call_is_described_in_the_conventions_words_and_holds_none_of_the_conversation(
    tmp_path: Path, kept: InMemorySpanExporter
) -> None:
    async with open_rig(tmp_path / "a.db", WORDS) as rig:
        watch(rig, traces_into(kept))
        message = await rig.ask("tell me a secret")
    turn, call = by_name(kept)["turn"], by_name(kept)["chat m"]
    said = attributes(call)

    assert call.parent is not None
    assert call.parent.span_id == turn.context.span_id
    assert said.pop("gen_ai.response.time_to_first_chunk") >= 0
    assert said == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "fake",
        "gen_ai.request.model": "m",
        "gen_ai.request.stream": True,
        "gen_ai.usage.input_tokens": 7,
        "gen_ai.usage.output_tokens": 2,
        "gen_ai.usage.cache_read.input_tokens": 3,
        "gen_ai.response.finish_reasons": ("stop",),
        "gen_ai.response.model": "m-2026",
    }
    assert attributes(turn) == {
        "chatops.turn.id": message.id,
        "chatops.surface": "cli",
        "chatops.turn.status": "complete",
        "gen_ai.conversation.id": message.conversation_id,
        "user.id": ME.user_id,
    }
    assert "secret" not in "".join(span.to_json() for span in kept.get_finished_spans())


async def test_a_failed_call_and_its_turn_carry_the_errors_code_and_not_its_text(
    tmp_path: Path, kept: InMemorySpanExporter
) -> None:
    refusal = ProviderRejectedError("no such model: sk-private", provider="fake")
    async with open_rig(tmp_path / "a.db", [refusal]) as rig:
        watch(rig, traces_into(kept))
        await rig.ask()
    turn, call = by_name(kept)["turn"], by_name(kept)["chat m"]

    assert attributes(call)["error.type"] == attributes(turn)["error.type"] == "provider_rejected"
    assert call.status.status_code is StatusCode.ERROR
    assert "sk-private" not in call.to_json() + turn.to_json()


async def test_a_stopped_call_ends_its_span(tmp_path: Path, kept: InMemorySpanExporter) -> None:
    reached = asyncio.Event()
    async with open_rig(tmp_path / "a.db", [TextDelta("a"), reached.set, asyncio.Event()]) as rig:
        watch(rig, traces_into(kept))
        context = asyncio.create_task(rig.ask())
        await reached.wait()
        (turn_id,) = rig.engine._runs
        await rig.engine.stop(ME, turn_id)
        await context

    assert attributes(by_name(kept)["turn"])["error.type"] == "stopped"
    assert "chat m" in by_name(kept)


async def test_a_request_is_the_child_of_its_callers_span_and_the_parent_of_its_turn(
    tmp_path: Path, kept: InMemorySpanExporter
) -> None:
    import aiohttp

    traces = traces_into(kept)
    async with open_rig(tmp_path / "a.db", answer("hi")) as rig:
        watch(rig, traces)
        app = create_app(rig.engine, LocalAccess(ME), providers=["fake"])
        app.middlewares.insert(1, traces.around_requests())
        async with listening(app, Endpoints(port=0)) as (url,), aiohttp.ClientSession(url) as http:
            caller = {"traceparent": f"00-{'a' * 32}-{'b' * 16}-01", "X-Request-Id": "r1"}
            await (await http.post("/api/chat", json={"message": "hi"}, headers=caller)).read()
            await (await http.get("/livez")).read()
            await (await http.get("/api/conversations/none")).read()
        await rig.engine.drain()
    spans = by_name(kept)
    request, turn = spans["POST /api/chat"], spans["turn"]

    assert request.parent is not None
    assert turn.parent is not None
    assert f"{request.parent.trace_id:x}" == "a" * 32
    assert turn.parent.span_id == request.context.span_id
    assert attributes(request) == {
        "http.request.method": "POST",
        "http.route": "/api/chat",
        "http.response.status_code": 200,
        "client.address": "127.0.0.1",
        "chatops.request.id": "r1",
        "user.id": ME.user_id,
    }
    assert attributes(spans["GET /api/conversations/{id}"])["http.response.status_code"] == 404
    assert not [name for name in spans if "livez" in name]


async def test_serve_sends_its_spans_to_the_collector_of_the_environment(tmp_path: Path) -> None:
    received: list[ExportTraceServiceRequest] = []

    async def take(request: web.Request) -> web.Response:
        received.append(ExportTraceServiceRequest.FromString(await request.read()))
        return web.Response()

    collector = web.Application()
    collector.router.add_post("/v1/traces", take)
    runner = web.AppRunner(collector)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    program = Program(
        tmp_path,
        CHATOPS_MODEL="echo:plain",
        OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{port}",
        OTEL_SERVICE_NAME="c1",
    )
    try:
        async with serving(program, "--no-login") as server:
            import aiohttp

            async with aiohttp.ClientSession(server.url) as http:
                await (await http.post("/api/chat", json={"message": "hi"})).read()
            server.process.terminate()
            told = await server.rest()
    finally:
        await runner.cleanup()
    names = {span.name for one in received for r in one.resource_spans for s in r.scope_spans for span in s.spans}
    resource = {kv.key: kv.value.string_value for kv in received[0].resource_spans[0].resource.attributes}

    assert {"POST /api/chat", "turn", "chat plain"} <= names, told
    assert resource["service.name"] == "c1"


@pytest.mark.parametrize("env", [{}, {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x", "OTEL_SDK_DISABLED": "true"}])
def test_without_a_collector_there_are_no_traces(env: dict[str, str]) -> None:
    assert from_environment(env) is None


def test_without_a_collector_nothing_of_opentelemetry_is_imported(tmp_path: Path) -> None:
    # It gets as far as its sockets: 192.0.2.0/24 is nobody's (RFC 5737).
    modules = Program(tmp_path).modules("serve", "--host", "192.0.2.1")

    assert "chatops.api.app" in modules
    assert not [name for name in modules if name.startswith("opentelemetry")]


def test_another_protocol_is_refused_with_the_one_there_is() -> None:
    env = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x:4317", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}
    with pytest.raises(SettingsError, match="http/protobuf alone"):
        from_environment(env)
