"""The program with a Redis beside its database: looked at, waited through, never shown with its password."""

import json
import subprocess
from pathlib import Path

import pytest

from peers.mongod import free_port
from peers.redis import RedisServer
from program import Program


def redis_check(program: Program) -> dict[str, str]:
    checks = json.loads(program.run("doctor", "--json").out)
    check: dict[str, str] = next(check for check in checks if check["name"] == "redis")
    return check


def test_doctor_looks_at_redis(tmp_path: Path, redis_server: RedisServer, redis_url: str) -> None:
    found = redis_check(Program(tmp_path, CHATOPS_REDIS=redis_url))

    assert found["status"] == "ok"
    assert found["detail"].startswith(f"{redis_server.address}/0, Redis 7.")
    gone = redis_check(Program(tmp_path, CHATOPS_REDIS=f"redis://me:s3cret@127.0.0.1:{free_port()}"))
    assert gone["status"] == "fail"
    assert "cannot use Redis at 127.0.0.1" in gone["detail"]


def test_its_password_is_shown_nowhere(tmp_path: Path) -> None:
    program = Program(tmp_path, CHATOPS_REDIS=f"redis://me:s3cret@127.0.0.1:{free_port()}/0?password=s3cret")
    for args in (("config", "show"), ("config", "show", "--json"), ("doctor",), ("ask", "-m", "echo:plain", "hi")):
        done = program.run(*args)

        assert "s3cret" not in done.out + done.err


def test_a_malformed_address_is_a_wrong_setting(tmp_path: Path) -> None:
    done = Program(tmp_path, CHATOPS_REDIS="redis://me:s3cret@h:port").run("ask", "-m", "echo:plain", "hi")

    assert done.code == 3
    assert "the address of Redis is malformed" in done.err
    assert "s3cret" not in done.err


def test_a_look_at_the_history_needs_no_redis(tmp_path: Path) -> None:
    loaded = Program(tmp_path, CHATOPS_REDIS="redis://127.0.0.1:1").modules("history", "ls")

    assert "redis" not in loaded


@pytest.mark.parametrize("redis", ["", "redis://127.0.0.1:1"])
def test_a_one_shot_loads_no_redis(tmp_path: Path, redis: str) -> None:
    """Without the setting nothing of ours either."""
    loaded = Program(tmp_path, CHATOPS_REDIS=redis).modules("ask", "-m", "echo:plain", "hi")

    assert "redis" not in loaded
    assert any(name.startswith("chatops.engine.replicas.") for name in loaded) == bool(redis)


def test_who_queues_behind_another_process_that_is_not_heard_of_still_gets_its_turn(
    tmp_path: Path, redis_url: str
) -> None:
    program = Program(tmp_path, CHATOPS_REDIS=redis_url)
    assert program.run("ask", "-m", "echo:plain", "first").code == 0
    with subprocess.Popen(
        program.command("ask", "-c", "-m", "echo:plain-d5-n100", "second"),
        env=program.env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
    ) as running:
        assert running.stdout is not None
        running.stdout.read(10)
        third = program.run("ask", "-c", "-m", "echo:plain", "third")

    assert (third.code, third.out, running.returncode) == (0, "third\n", 0)
