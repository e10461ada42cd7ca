"""The program on a MongoDB database, as a team runs it; and what it says when that is gone."""

import json
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from chatops.engine.stores.mongo_schema import VERSION
from peers.mongod import Mongod, free_port
from program import Program

PROMPT = " ".join(f"word{n}" for n in range(400))
PASSWORD = "p%40ss-w0rd"  # `@` as an address must write it


@pytest.fixture(params=["motor", "pymongo"])
def program(request: pytest.FixtureRequest, mongo_uri: str, tmp_path: Path) -> Program:
    return Program(tmp_path, CHATOPS_DATABASE=mongo_uri, CHATOPS_MONGO_DRIVER=request.param)


def shown(program: Program) -> list[dict[str, Any]]:
    (listed,) = json.loads(program.run("history", "ls", "--json").out)
    messages: list[dict[str, Any]] = json.loads(program.run("history", "show", listed["id"], "--json").out)["messages"]
    return messages


def test_a_conversation_is_kept_found_and_gone_on_with(program: Program) -> None:
    assert program.run("ask", "-m", "echo:plain", "the first question").out == "the first question\n"
    again = program.run("ask", "-c", "-m", "echo:plain", "and the second")

    assert (again.code, again.out) == (0, "and the second\n")
    assert [(one["text"], one["status"]) for one in shown(program)] == [
        ("the first question", "complete"),
        ("the first question", "complete"),
        ("and the second", "complete"),
        ("and the second", "complete"),
    ]
    assert len(json.loads(program.run("history", "search", "secon", "--json").out)) == 2
    assert program.run("history", "path").out.startswith("mongodb://127.0.0.1")
    assert not (program.home / "chatops.db").exists()


def test_what_was_shown_before_a_kill_is_there_when_the_lease_ran_out(program: Program, mongo_uri: str) -> None:
    process = subprocess.Popen(
        program.command("ask", "-m", "echo:plain-d2", PROMPT),
        env=program.env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdout is not None
    with process.stdout as out:
        printed = out.read(1600)
        process.send_signal(signal.SIGKILL)
        printed += out.read()
    process.wait()
    with MongoClient[dict[str, Any]](mongo_uri) as client:
        client.get_default_database().messages.update_many({"status": "streaming"}, {"$set": {"lease_expires_at": 1}})

    question, answer = shown(program)
    assert (question["text"], question["status"]) == (PROMPT, "complete")
    assert (answer["status"], answer["error"]["code"]) == ("interrupted", "abandoned")
    assert answer["text"]
    assert PROMPT.startswith(answer["text"])
    assert program.run("ask", "-c", "-m", "echo:plain", "go on").out == "go on\n"


@pytest.mark.parametrize("driver", ["motor", "pymongo"])
def test_a_server_that_is_gone_is_exit_code_7_and_no_provider_is_called(tmp_path: Path, driver: str) -> None:
    hosts = f"127.0.0.1:{free_port()}"
    uri = f"mongodb://me:{PASSWORD}@{hosts}/team?serverSelectionTimeoutMS=300"
    program = Program(tmp_path, CHATOPS_DATABASE=uri, CHATOPS_MONGO_DRIVER=driver)
    for args in (("ask", "-m", "echo:plain", "hi"), ("ask", "--debug", "hi"), ("history", "ls")):
        done = program.run(*args)

        assert (done.code, done.out) == (7, "")
        assert f"cannot use the database team on {hosts}: no server there takes writes" in done.err
        assert PASSWORD not in done.err


def test_the_password_is_shown_nowhere(tmp_path: Path) -> None:
    uri = f"mongodb://me:{PASSWORD}@127.0.0.1:{free_port()}/?serverSelectionTimeoutMS=100"
    program = Program(tmp_path, CHATOPS_DATABASE=uri)
    for args in (("config", "show"), ("config", "show", "--json"), ("history", "path"), ("doctor",)):
        done = program.run(*args)

        assert PASSWORD not in done.out + done.err
        assert "127.0.0.1" in done.out


def test_a_malformed_address_is_a_wrong_setting_and_stays_secret(tmp_path: Path) -> None:
    done = Program(tmp_path, CHATOPS_DATABASE="mongodb://me:s3cr:et@h/x").run("ask", "-m", "echo:plain", "hi")

    assert done.code == 3
    assert "on h is malformed" in done.err
    assert "s3cr" not in done.err


def test_doctor_looks_at_the_server_and_changes_nothing(program: Program, mongod: Mongod, mongo_uri: str) -> None:
    database = mongo_uri.partition("?")[0].rpartition("/")[2]

    def found() -> dict[str, str]:
        checks = json.loads(program.run("doctor", "--json").out)
        check: dict[str, str] = next(check for check in checks if check["name"] == "database")
        return check

    fresh = found()
    assert fresh["status"] == "ok"
    assert fresh["detail"].startswith(f"{database} on {mongod.address}, MongoDB 6.0")
    assert fresh["detail"].endswith("made when it is first needed")
    with MongoClient[dict[str, Any]](mongo_uri) as client:
        assert database not in client.list_database_names()

        program.run("ask", "-m", "echo:plain", "hi")
        assert found()["detail"].endswith(f"schema {VERSION}")
        client[database].chatops.update_one({}, {"$set": {"version": 99}})
    assert found()["status"] == "fail"
    newer = program.run("ask", "-m", "echo:plain", "hi")
    assert newer.code == 7
    assert "made by a newer chatops" in newer.err
