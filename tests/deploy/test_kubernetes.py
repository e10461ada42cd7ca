"""The manifests, by the schemas of Kubernetes, strictly; and by what the server does."""

import tomllib
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from chatops import secretfiles, settings
from chatops.api.app import OPERATIONS
from deploy.commands import options_of
from metric_names import metric_names

FOLDER = Path(__file__).parents[2] / "deploy" / "kubernetes"
FILES = yaml.safe_load((FOLDER / "kustomization.yaml").read_text())["resources"]
VERSION = "1.34"


def documents() -> list[dict[str, Any]]:
    return [one for name in FILES for one in yaml.safe_load_all((FOLDER / name).read_text())]


def one(kind: str) -> dict[str, Any]:
    (found,) = [document for document in documents() if document["kind"] == kind]
    return found


def pod() -> dict[str, Any]:
    spec: dict[str, Any] = one("StatefulSet")["spec"]["template"]["spec"]
    return spec


@pytest.mark.parametrize("document", documents(), ids=lambda one: f"{one['kind']}-{one['metadata']['name']}")
def test_a_manifest_is_what_its_schema_says(document: dict[str, Any]) -> None:
    kubernetes_validate.validate(document, VERSION, strict=True)


def test_the_schema_would_find_a_misspelt_key() -> None:
    wrong = one("StatefulSet")
    wrong["spec"]["template"]["spec"]["containers"][0]["readynessProbe"] = {}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, VERSION, strict=True)


def test_every_file_belongs_to_the_kustomization() -> None:
    others = {"kustomization.yaml", "config.toml"}

    assert {file.name for file in FOLDER.iterdir()} == {*FILES, *others}


def test_a_pod_has_no_rights_and_a_root_that_it_cannot_write_to() -> None:
    (container,) = pod()["containers"]

    assert pod()["securityContext"]["runAsNonRoot"] is True
    assert pod()["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod()["automountServiceAccountToken"] is False
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert {mount["mountPath"] for mount in container["volumeMounts"] if not mount.get("readOnly")} == {"/data", "/tmp"}  # noqa: S108 - the pod's


def test_a_pod_that_goes_has_time_for_its_answers(tmp_path: Path) -> None:
    loaded = settings.load({"CHATOPS_HOME": str(tmp_path), "CHATOPS_CONFIG": str(FOLDER / "config.toml")}, tmp_path)
    (container,) = pod()["containers"]
    asleep = container["lifecycle"]["preStop"]["sleep"]["seconds"]

    assert options_of(container["args"])["drain"] is None
    assert pod()["terminationGracePeriodSeconds"] >= asleep + loaded.server.drain + 10
    assert asleep > 0


def test_probes_and_figures_are_those_of_the_server() -> None:
    (container,) = pod()["containers"]
    paths = {operation.path for operation in OPERATIONS}
    probes = {name: said["httpGet"] for name, said in container.items() if name.endswith("Probe")}
    pods = [said["pods"] for said in one("HorizontalPodAutoscaler")["spec"]["metrics"] if said["type"] == "Pods"]
    config = tomllib.loads((FOLDER / "config.toml").read_text())["server"]

    assert {probe["path"] for probe in probes.values()} == {"/livez", "/readyz"} <= paths
    assert probes["livenessProbe"]["path"] == "/livez", "a database that is away must not restart servers"
    assert pods[0]["metric"]["name"] in metric_names()
    assert int(pods[0]["target"]["averageValue"]) <= config["max_streams"] * 0.8


def test_secrets_come_as_files_and_labels_find_the_pods() -> None:
    (container,) = pod()["containers"]
    labels = one("StatefulSet")["spec"]["template"]["metadata"]["labels"].items()
    selectors = [
        said["spec"].get("selector", said["spec"].get("podSelector")) for said in documents() if "spec" in said
    ]

    for variable in container["env"]:
        name = variable["name"]
        assert name == "CHATOPS_CONFIG" or name.removesuffix("_FILE") in secretfiles.NAMES
    for selector in filter(None, selectors):
        assert selector.get("matchLabels", selector).items() <= labels


def test_the_network_is_closed_but_for_what_is_needed() -> None:
    policy = one("NetworkPolicy")["spec"]
    (world,) = [peer["ipBlock"] for rule in policy["egress"] for peer in rule["to"] if "ipBlock" in peer]

    assert policy["policyTypes"] == ["Ingress", "Egress"]
    assert all(
        rule.get("ports") and (rule.get("from") or rule.get("to")) for rule in policy["ingress"] + policy["egress"]
    )
    assert "169.254.0.0/16" in world["except"], "the cloud's metadata service"
