"""The compose files, by the compose specification's own parser, and by what our program takes."""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import compose_spec
import pytest
import yaml
from pymongo.uri_parser import parse_uri

from chatops import secretfiles, settings
from chatops.engine.auth import keys
from deploy.commands import options_of

DEPLOY = Path(__file__).parents[2] / "deploy"
FILES = ("compose.yaml", "compose.minimal.yaml")
KNOWN = {*settings._ENVIRONMENT, *secretfiles.NAMES, "ANTHROPIC_API_KEY", "OPENAI_API_KEY"}


def loaded(name: str) -> dict[str, Any]:
    """With its anchors and merges worked in."""
    found: dict[str, Any] = yaml.safe_load((DEPLOY / name).read_text())
    return found


def ours(name: str) -> dict[str, dict[str, Any]]:
    return {key: one for key, one in loaded(name)["services"].items() if one["image"].startswith("chatops")}


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_what_the_specification_says(name: str) -> None:
    compose_spec.PyCompose.from_json(json.dumps(loaded(name))).validate()


@pytest.mark.parametrize("change", [{"bogus": 1}, {"ports": {}}, {"networks": ["nowhere"]}])
def test_the_parser_would_find_what_is_wrong(change: dict[str, Any]) -> None:
    data = loaded("compose.minimal.yaml")
    data["services"]["chatops"] |= change
    with pytest.raises(ValueError, match=r"bogus|expected a set|nowhere"):
        compose_spec.PyCompose.from_json(json.dumps(data)).validate()


@pytest.mark.parametrize("name", FILES)
def test_every_service_has_no_rights_that_it_does_not_need(name: str) -> None:
    for service, said in loaded(name)["services"].items():
        assert "no-new-privileges:true" in said["security_opt"], service
        assert not {"privileged", "network_mode", "pid", "devices"} & set(said), service
        assert said.get("mem_limit") or service in {"caddy", "mongo-set"}, service
        if not said["image"].endswith("mongo:7.0") or service == "mongo-set":  # its entry point begins as root
            assert said["cap_drop"] == ["ALL"], service
            assert said["read_only"], service


@pytest.mark.parametrize("name", FILES)
def test_our_services_are_given_what_our_program_takes_and_time_to_end(name: str) -> None:
    for service, said in ours(name).items():
        for variable in said["environment"]:
            assert variable.removesuffix("_FILE") in KNOWN, (service, variable)
        command = said.get("command") or dockerfile_command()
        drain = options_of(command).get("drain") or 30
        assert int(said["stop_grace_period"].removesuffix("s")) >= drain + 10, service


def dockerfile_command() -> list[str]:
    (words,) = re.findall(r"^CMD \[(.*)\]$", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE)
    return [word.strip(' "') for word in words.split(",")]


def test_databases_can_be_reached_by_our_services_alone() -> None:
    data = loaded("compose.yaml")

    assert data["networks"]["inside"]["internal"]
    for service, said in data["services"].items():
        if service.startswith(("mongo", "redis")):
            assert said["networks"] == ["inside"], service
            assert "ports" not in said, service
        if "ports" in said:
            assert service == "caddy"


def test_without_a_proxy_only_this_machine_is_served() -> None:
    assert loaded("compose.minimal.yaml")["services"]["chatops"]["ports"] == ["127.0.0.1:8787:8787"]


def test_the_servers_believe_the_network_that_the_proxy_is_in() -> None:
    data = loaded("compose.yaml")
    (subnet,) = data["networks"]["front"]["ipam"]["config"]

    assert options_of(data["services"]["chatops"]["command"])["trusted_proxy"] == [subnet["subnet"]]
    assert "front" in data["services"]["caddy"]["networks"]


def test_the_secrets_are_made_once_at_random_and_are_such_that_we_take_them(tmp_path: Path) -> None:
    made = [tmp_path / "a", tmp_path / "b"]
    for folder in made:
        subprocess.run(["sh", DEPLOY / "secrets.sh", folder], check=True)  # noqa: S607 - the shell of this machine
    again = subprocess.run(["sh", DEPLOY / "secrets.sh", made[0]], check=False, capture_output=True)  # noqa: S607 - likewise
    first, second = ({file.name: file.read_text().strip() for file in folder.iterdir()} for folder in made)
    wanted = {Path(one["file"]).name for one in loaded("compose.yaml")["secrets"].values()}

    assert again.returncode == 1
    assert set(first) == wanted
    assert not set(first.values()) & set(second.values())
    assert made[0].stat().st_mode & 0o077 == 0
    uri = parse_uri(first["mongo_url"])
    assert (uri["password"], uri["database"]) == (first["mongo_password"], "chatops")
    assert uri["options"]["replicaSet"] == "rs0"
    assert first["redis_url"] == f"redis://:{first['redis_password']}@redis:6379/0"
    keys.load({"CHATOPS_JWT_SECRET": first["jwt_secret"]}, tmp_path)
    assert os.environ.get("CHATOPS_JWT_SECRET") is None
