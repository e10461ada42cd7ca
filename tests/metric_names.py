"""The figures of `/metrics`, by the names under which Prometheus has them."""

from chatops.api.metrics import Metrics
from chatops.api.settings import ServerLimits
from chatops.api.stream import Streams
from chatops.api.tasks import Tasks
from chatops.engine.models import Catalog


def metric_names() -> set[str]:
    """Every series, with the suffixes of counters and histograms."""
    metrics = Metrics(Streams(Tasks(), ServerLimits()), Catalog(providers={"echo": None}, default="echo:plain"))
    figures = {
        "surface": "api",
        "provider": "echo",
        "model": "plain",
        "status": "complete",
        "input_tokens": 1,
        "output_tokens": 1,
        "duration_ms": 1,
        "ttft_ms": 1,
        "error": "stopped",
    }
    metrics.turn(figures)
    metrics.request("GET", "/livez", 200, None)
    lines = metrics.text().decode().splitlines()
    return {line.partition("{")[0].partition(" ")[0] for line in lines if not line.startswith("#")}
