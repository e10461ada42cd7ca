"""The composition root: the only place that names adapters. Each is imported when it is first needed."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Literal

from chatops.catalog import catalog
from chatops.engine.errors import InvalidRequestError, SettingsError
from chatops.engine.ids import now_ms
from chatops.engine.limits.limits import Limits
from chatops.engine.limits.ports import MeterStore
from chatops.engine.limits.prices import Prices
from chatops.engine.limits.rates import StoredLimiter
from chatops.engine.ports import Provider, Store
from chatops.engine.providers.beat import Beat
from chatops.engine.recovery import Recovery
from chatops.engine.service import Engine
from chatops.engine.turnlogs.memory import MemoryTurnLog
from chatops.sections import ProviderSettings, usable_key
from chatops.settings import Settings

if TYPE_CHECKING:
    from chatops.engine.auth.accounts import Accounts
    from chatops.engine.auth.ports import AccountStore
    from chatops.engine.stores.mongo import MongoStore
    from chatops.engine.stores.mongo_bots import MongoBots
    from chatops.engine.stores.sqlite import SqliteStore
    from chatops.engine.stores.sqlite_bots import SqliteBots
    from chatops.telemetry.traces import Traces

Transport = Literal["sdk", "direct"]
"""`direct` starts fast and serves one-shots; `sdk` is for everything that lives on."""


class Providers(Mapping[str, Provider]):
    """The configured providers by name, each made when it is first asked for, so that none costs start-up time."""

    def __init__(self, settings: Settings, env: Mapping[str, str], transport: Transport) -> None:
        self._settings = settings
        self._env = env
        self._transport = transport
        self._made: dict[str, Provider] = {}
        self._given: dict[str, str] = {}
        self._beat = Beat()

    def use_key(self, name: str, key: str) -> None:
        """The key of a provider from now on, before every other place of keys; it must not be made yet.

        Raises:
            InvalidRequestError: It takes no key.
            SettingsError: It is no usable key.
        """
        if self._settings.providers[name].kind not in {"openai", "anthropic"}:
            raise InvalidRequestError(f"provider {name} takes no key: name a model of the provider that the key is for")
        self._given[name] = usable_key(key, name)

    def __getitem__(self, name: str) -> Provider:
        if name not in self._made:
            self._made[name] = self._make(self._settings.providers[name])
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._settings.providers)

    def __len__(self) -> int:
        return len(self._settings.providers)

    def _key(self, chosen: ProviderSettings) -> str | None:
        return self._given.get(chosen.name) or chosen.api_key(self._env)

    def _make(self, chosen: ProviderSettings) -> Provider:
        match chosen.kind:
            case "local":
                from chatops.engine.providers.local import LocalProvider

                folder, path = self._settings.paths.models, self._settings.local_model
                return LocalProvider(chosen.name, cache_dir=folder, model_path=path)
            case "echo":
                from chatops.engine.providers.echo import EchoProvider

                return EchoProvider(chosen.name)
            case "openai":
                return self._openai(chosen.name, self._key(chosen), chosen.base_url)
            case "anthropic":
                return self._anthropic(chosen.name, self._key(chosen), chosen.base_url)

    def _openai(self, name: str, key: str | None, base_url: str | None) -> Provider:
        if self._direct(base_url):
            from chatops.engine.providers import direct, openai_wire

            return direct.DirectProvider(name, openai_wire.WIRE, api_key=key, base_url=base_url)
        from chatops.engine.providers.openai import OpenAIProvider

        return OpenAIProvider(name, api_key=key, base_url=base_url, beat=self._beat)

    def _anthropic(self, name: str, key: str | None, base_url: str | None) -> Provider:
        if self._direct(base_url):
            from chatops.engine.providers import anthropic_wire, direct

            return direct.DirectProvider(name, anthropic_wire.WIRE, api_key=key, base_url=base_url)
        from chatops.engine.providers.anthropic import AnthropicProvider

        return AnthropicProvider(name, api_key=key, base_url=base_url, beat=self._beat)

    def _direct(self, base_url: str | None) -> bool:
        if self._transport != "direct":
            return False
        from chatops.engine.providers import direct

        return direct.serves(base_url)

    async def aclose(self) -> None:
        for provider in self._made.values():
            await provider.aclose()


async def open_store(
    database: str, *, mongo_driver: Literal["motor", "pymongo"] = "motor", clock: Callable[[], int] = now_ms
) -> Store:
    """The store at an address: `mongodb://HOST/NAME`, `sqlite:///PATH`, or a path alone.

    Raises:
        SettingsError: It is no kind of database we know, is malformed, or its driver is not installed.
        StoreError: It cannot be opened.
    """
    scheme, mark, path = database.partition("://")
    if mark and scheme in {"mongodb", "mongodb+srv"}:
        from chatops.engine.stores.mongo import MongoStore

        return await MongoStore.open(database, driver=mongo_driver, clock=clock)
    if mark and scheme != "sqlite":
        raise SettingsError(
            f"the database begins with {scheme}://: it must be sqlite:///PATH, mongodb://HOST/NAME or a path"
        )
    from chatops.engine.stores.sqlite import SqliteStore

    return await SqliteStore.open(path.removeprefix("/") if mark else database, clock=clock)


def _sqlite(store: Store) -> SqliteStore | None:
    """The embedded store, when it is one: the other of the two kinds is `_mongo`."""
    from chatops.engine.stores.sqlite import SqliteStore

    return store if isinstance(store, SqliteStore) else None


def _mongo(store: Store) -> MongoStore:
    from chatops.engine.stores.mongo import MongoStore

    assert isinstance(store, MongoStore)  # noqa: S101 - there are two kinds of store
    return store


def account_store(store: Store) -> AccountStore:
    """The accounts beside the conversations, in the database that is open."""
    if (file := _sqlite(store)) is not None:
        from chatops.engine.stores.sqlite_accounts import SqliteAccounts

        return SqliteAccounts(file)
    from chatops.engine.stores.mongo_accounts import MongoAccounts

    return MongoAccounts(_mongo(store))


def open_meter(store: Store) -> MeterStore:
    """Limits and budgets beside the conversations, in the database that is open."""
    if (file := _sqlite(store)) is not None:
        from chatops.engine.stores.sqlite_meter import SqliteMeter

        return SqliteMeter(file)
    from chatops.engine.stores.mongo_meter import MongoMeter

    return MongoMeter(_mongo(store))


def limits(settings: Settings, store: Store, meters: MeterStore | None = None) -> Limits:
    """The limits of these settings, over the meters in a store, or those that are given."""
    free = {provider.name for provider in settings.providers.values() if provider.kind in {"local", "echo"}}
    said = {id_: model.price for id_, model in settings.models.items() if model.price is not None}
    return Limits(
        meters=meters or open_meter(store),
        store=store,
        clock=now_ms,
        policy=settings.limits,
        prices=Prices(said, free),
        people=lambda: account_store(store),
    )


def _accounts(settings: Settings, store: Store, env: Mapping[str, str], limits: Limits, meters: MeterStore) -> Accounts:
    """The accounts on a store that `open_store` opened."""
    from chatops.engine.auth import keys
    from chatops.engine.auth.accounts import Accounts

    return Accounts(
        store=account_store(store),
        history=store,
        limiter=StoredLimiter(meters, now_ms),
        handovers=(limits.hand_over,),
        keys=lambda: keys.load(env, settings.paths.data),
        policy=settings.auth,
    )


def _name_of(settings: Settings) -> str:
    """The database's address as it may be written to a file."""
    if settings.sqlite_path is not None:
        return settings.database
    from chatops.engine.stores.mongo_address import without_secrets

    return without_secrets(settings.database)


def bot_records(engine: Engine) -> SqliteBots | MongoBots:
    """The bots' memory, in the engine's own database."""
    store = engine._store  # noqa: SLF001 - it was put there below
    if (file := _sqlite(store)) is not None:
        from chatops.engine.stores.sqlite_bots import SqliteBots

        return SqliteBots(file)
    from chatops.engine.stores.mongo_bots import MongoBots

    return MongoBots(_mongo(store))


@asynccontextmanager
async def open_engine(
    settings: Settings,
    *,
    env: Mapping[str, str] = os.environ,
    transport: Transport = "sdk",
    titles: bool = False,
    traces: Traces | None = None,
) -> AsyncGenerator[Engine, None]:
    """An engine over the settings' store and providers; on leaving, running turns are stored and all is closed.

    `titles`: this front end lives long enough for titles to be written, if the settings want them. `traces`: the
    caller's, for spans of turns and calls.

    Raises:
        SettingsError: The settings name no usable database.
        StoreError: The database cannot be opened.
    """
    providers = Providers(settings, env, transport)
    recovery = Recovery(settings.paths.state / "recovery", _name_of(settings))
    store = await open_store(settings.database, mongo_driver=settings.mongo_driver)
    meters, replicated = open_meter(store), None
    if settings.redis is not None:
        from chatops.engine.replicas.opening import open_replicas, replicated_meter

        replicated = open_replicas(settings.redis, MemoryTurnLog(), store, lives=transport == "sdk")
        meters = replicated_meter(replicated, meters)
    counted = limits(settings, store, meters)
    # A one-shot acts as the local owner, and starts without knowing what an account is.
    accounts = None if transport == "direct" else _accounts(settings, store, env, counted, meters)
    naming = None
    if titles and settings.titles:
        from chatops.engine.titles import TitlePolicy

        naming = TitlePolicy(model=settings.title_model)
    engine = Engine(
        store=store,
        providers=traces.around_providers(providers) if traces else providers,
        catalog=catalog(settings, env),
        turn_log=replicated or MemoryTurnLog(),
        replicas=replicated,
        salvage=recovery.keep,
        limits=counted,
        accounts=accounts,
        titles=naming,
    )
    if traces is not None:
        engine.run_turn = traces.around_turns(engine.run_turn)
    try:
        await recovery.replay(store)
        yield engine
    finally:
        await engine.drain()
        if accounts is not None:
            accounts.aclose()
        if replicated is not None:
            await replicated.aclose()
        await providers.aclose()
        await store.aclose()
