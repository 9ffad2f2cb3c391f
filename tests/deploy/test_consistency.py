"""The parts of a deployment fit together."""

from __future__ import annotations

import re

import pytest
import yaml

from tests.deploy.files import (
    CLUSTER,
    COMPOSE,
    DOCKERFILE,
    GUIDES,
    configuration,
    containers,
    job,
    pods,
    resources,
    services,
)

from . import DEPLOY


def test_one_process_writes() -> None:
    (worker,) = (each for each in resources() if each["metadata"]["name"] == "onrecord" and "spec" in each)
    assert worker["spec"]["replicas"] == 1
    assert worker["spec"]["strategy"] == {"type": "Recreate"}


@pytest.mark.parametrize("name", ["maintain", "export", "run"])
def test_jobs_run_on_the_node_of_the_volume(name: str) -> None:
    (affinity,) = dict(pods())[name]["affinity"]["podAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    assert affinity["labelSelector"]["matchLabels"] == {"app.kubernetes.io/name": "onrecord"}
    assert {"claimName": "warehouse"} in [each.get("persistentVolumeClaim") for each in dict(pods())[name]["volumes"]]


def test_the_service_with_the_schedules_has_a_stable_host_name() -> None:
    # It identifies its work pool by it; by default a new container has a new one.
    assert services()["onrecord"]["hostname"] == dict(pods())["onrecord"]["hostname"] == "onrecord"
    assert services()["maintenance"]["hostname"] != "onrecord"


def test_pods_have_the_volumes_that_they_mount_and_the_secrets_that_the_example_lists() -> None:
    example = (CLUSTER / "secrets.example.env").read_text()
    claims = {each["metadata"]["name"] for each in resources() if each["kind"] == "PersistentVolumeClaim"}
    templates = {"data"}
    for name, pod in pods():
        volumes = {volume["name"]: volume for volume in pod["volumes"]}
        mounted = {mount["name"] for each in containers(pod) for mount in each["volumeMounts"]}
        assert mounted - templates == set(volumes), name
        for volume in volumes.values():
            if "persistentVolumeClaim" in volume:
                assert volume["persistentVolumeClaim"]["claimName"] in claims
            for item in volume.get("secret", {}).get("items", []):
                assert re.search(f"^{item['key']}=$", example, re.M)


def test_the_server_and_its_database_are_found_under_their_names() -> None:
    ports = {
        each["metadata"]["name"]: each["spec"]["ports"][0]["port"] for each in resources() if each["kind"] == "Service"
    }
    env = {name: {each["name"]: each["value"] for each in pod["containers"][0].get("env", [])} for name, pod in pods()}
    server, worker = env["prefect"], env["onrecord"]
    assert ports[server["PREFECT_SERVER_DATABASE_HOST"]] == int(server["PREFECT_SERVER_DATABASE_PORT"])
    assert worker["PREFECT_API_URL"] == f"http://prefect:{ports['prefect']}/api"
    in_compose = services()
    assert in_compose["prefect"]["environment"]["PREFECT_SERVER_DATABASE_HOST"] in in_compose
    assert in_compose["onrecord"]["environment"]["PREFECT_API_URL"] == "http://prefect:4200/api"


def test_the_work_pool_of_docker_fits_the_compose_file() -> None:
    run = configuration(COMPOSE.parent)
    compose = yaml.safe_load(COMPOSE.read_text())
    assert f"${{ONRECORD_IMAGE:-{run['image']}}}" == services()["onrecord"]["image"]
    assert set(run["networks"]) <= {f"{compose['name']}_{each}" for each in services()["prefect"]["networks"]}
    # The others are folders of the machine.
    named = {source for source in (each.split(":")[0] for each in run["volumes"]) if not source.startswith("/")}
    assert named <= {f"{compose['name']}_{each}" for each in compose["volumes"]}
    assert f"PREFECT_HOME={run['env']['PREFECT_HOME']} " in DOCKERFILE.read_text()
    assert run["env"]["PREFECT_API_URL"] == services()["onrecord"]["environment"]["PREFECT_API_URL"]


def test_the_work_pool_of_kubernetes_fits_the_manifests() -> None:
    run = configuration(CLUSTER)
    kustomization = yaml.safe_load((CLUSTER / "kustomization.yaml").read_text())
    (image,) = kustomization["images"]
    assert job()["spec"]["template"]["spec"]["containers"][0]["image"] == f"{image['newName']}:{image['newTag']}"
    assert run["namespace"] == kustomization["namespace"]
    worker = yaml.safe_load((CLUSTER / "work-pool" / "worker.yaml").read_text())["spec"]["template"]["spec"]
    asked = {container["args"][container["args"].index("--pool") + 1] for container in worker["containers"]}
    deployments = yaml.safe_load((CLUSTER / "deployments.yaml").read_text())["deployments"]
    assert asked == {each["work_pool"]["name"] for each in deployments}
    *_, policy = yaml.safe_load_all((CLUSTER / "work-pool" / "access.yaml").read_text())
    (let_in,) = policy["spec"]["ingress"][0]["from"]
    labels = job()["spec"]["template"]["metadata"]["labels"]
    assert let_in["podSelector"]["matchLabels"].items() <= labels.items()
    # Otherwise a search for the worker's pod would find them.
    assert "app.kubernetes.io/name" not in labels


def test_commands_that_bypass_the_entry_point_get_their_secrets() -> None:
    lines = [line for guide in GUIDES for line in re.findall(r"^\$ .*\bexec\b.*", guide.read_text(), re.M)]
    runs = [line for line in lines if re.search(r"onrecord (run|up)\b", line)]
    assert runs
    assert all("with-secrets onrecord" in line for line in runs)


def test_server_and_worker_of_a_unit_have_the_same_password() -> None:
    secrets = dict(re.findall(r"^LoadCredential=(\w+):(\S+)", (DEPLOY / "systemd" / "secrets.conf").read_text(), re.M))
    assert secrets["PREFECT_SERVER_API_AUTH_STRING"] == secrets["PREFECT_API_AUTH_STRING"]
    # It is created before the first start of the unit.
    guide = (DEPLOY / "systemd" / "README.md").read_text()
    assert guide.index(f"/dev/stdin {secrets['PREFECT_API_AUTH_STRING']}") < guide.index("enable --now")
    assert guide.index("onrecord.service.d/secrets.conf") < guide.index("enable --now")


def test_stop_timeouts_are_longer_than_those_of_the_parts() -> None:
    from onrecord_flows.unattended.up import _STOP_SECONDS
    from onrecord_flows.unattended.worker import PATIENCE

    unit = (DEPLOY / "systemd" / "onrecord.service").read_text()
    given = (
        int(services()["onrecord"]["stop_grace_period"].removesuffix("s")),
        dict(pods())["onrecord"]["terminationGracePeriodSeconds"],
        int(re.findall(r"^TimeoutStopSec=(\d+)", unit, re.M)[0]),
    )
    assert PATIENCE < _STOP_SECONDS
    # The worker, and the server after it.
    assert all(seconds > 2 * _STOP_SECONDS for seconds in given)


def test_nothing_is_removed_without_a_backup() -> None:
    pod = dict(pods())["maintain"]
    assert [each["args"][:2] for each in pod["initContainers"]] == [["onrecord", "backup"]]
    assert [each["args"] for each in pod["containers"]] == [["onrecord", "maintain"]]
    unit = (DEPLOY / "systemd" / "onrecord-maintain.service").read_text()
    assert re.findall(r"^ExecStart=\S+ (\w+)", unit, re.M) == ["backup", "maintain", "export"]
    for folder in (COMPOSE.parent, CLUSTER):
        deployments = yaml.safe_load((folder / "deployments.yaml").read_text())["deployments"]
        assert [each["name"] for each in deployments if each.get("schedules")] == ["etl"]
