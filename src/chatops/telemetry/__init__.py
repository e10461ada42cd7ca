"""Traces for OpenTelemetry, laid around the engine and the HTTP API, which know nothing of them (extra `otel`)."""
