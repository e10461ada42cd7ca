"""The models of a server, as its providers would list them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from chatops.cli.remote.http import Http


@dataclass(frozen=True, slots=True)
class Offer:
    """One provider of a server, of whom no more is known than its models."""

    http: Http
    name: str

    async def models(self) -> list[str]:
        told = await self.http.json("GET", "/api/models")
        ids = [one["id"].partition(":") for one in told["models"]]
        return [model for provider, _, model in ids if provider == self.name]


class Offers(Mapping[str, Any]):
    """A server's providers by name."""

    def __init__(self, http: Http, names: Mapping[str, object]) -> None:
        self._http = http
        self._names = names

    def __getitem__(self, name: str) -> Offer:
        if name not in self._names:
            raise KeyError(name)
        return Offer(self._http, name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)
