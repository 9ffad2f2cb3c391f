"""The files in deploy/ pin versions, contain no secrets, and confine processes."""

from __future__ import annotations

import re
import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.files import (
    CLUSTER,
    COMPOSE,
    DOCKERFILE,
    FILES,
    UNITS,
    _pods_of,
    configuration,
    containers,
    images,
    pods,
    resources,
    run_checked,
    services,
)

from . import DEPLOY, ROOT


def with_component(part: str) -> dict[str, dict[str, Any]]:
    """Return the pods that a component patches, by workload, as kustomize makes them."""
    found = {}
    for patch in yaml.safe_load((CLUSTER / part / "kustomization.yaml").read_text())["patches"]:
        (target,) = (
            each for each in resources() if {"kind": each["kind"], "name": each["metadata"]["name"]} == patch["target"]
        )
        found |= _pods_of(merge(target, yaml.safe_load((CLUSTER / part / patch["path"]).read_text())))
    return found


def merge(value: Any, patch: Any) -> Any:
    """Return the strategic merge: lists of named items are merged by name, `null` deletes."""
    if isinstance(value, dict) and isinstance(patch, dict):
        both = {**value, **{key: merge(value.get(key), each) for key, each in patch.items()}}
        return {key: each for key, each in both.items() if each is not None}
    if isinstance(value, list) and isinstance(patch, list) and all("name" in each for each in [*value, *patch]):
        named = {each["name"]: each for each in value}
        return list((named | {each["name"]: merge(named.get(each["name"]), each) for each in patch}).values())
    return patch


def test_every_image_has_a_version() -> None:
    ours = {"onrecord", "${ONRECORD_IMAGE:-onrecord:0.1.0}"}
    assert ours < images()
    for image in images() - ours:
        assert re.fullmatch(r"[a-z/.-]+:\d+(\.\d+)+(-[a-z-]+)?(@sha256:[0-9a-f]{64})?", image), image


def test_all_stages_have_the_same_base() -> None:
    assert set(re.findall(r"^FROM (\S+)", DOCKERFILE.read_text(), re.M)) == {"${PYTHON}"}
    (base,) = (image for image in images() if image.startswith("python:"))
    assert f'base.name="docker.io/library/{base}"' in DOCKERFILE.read_text()


def test_what_is_installed_is_what_the_constraints_say() -> None:
    installs = re.findall(r"pip install (.*)", DOCKERFILE.read_text())
    assert installs
    assert all("-c constraints.txt" in each for each in installs)


def test_deployments_are_written_for_the_prefect_that_is_installed() -> None:
    (prefect,) = re.findall(r"^prefect==(\S+)", (ROOT / "constraints.txt").read_text(), re.M)
    files = [DEPLOY / "prefect.yaml", *DEPLOY.glob("*/deployments.yaml")]
    assert {yaml.safe_load(file.read_text())["prefect-version"] for file in files} == {prefect}


def test_our_own_version_is_the_current_one() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert f"ARG VERSION={version} " in DOCKERFILE.read_text()
    assert f'newTag: "{version}"' in (CLUSTER / "kustomization.yaml").read_text()
    named = "".join(file.read_text() for file in FILES)
    assert set(re.findall(r"\bonrecord:(\d+\.\d+\.\d+)", named)) == {version}


# Secrets and permissions.


def test_the_files_contain_no_secret() -> None:
    for file in FILES:
        for line in file.read_text().splitlines():
            for name, value in re.findall(r"(\w*(?:PASSWORD|AUTH_STRING|TOKEN|SECRET|_KEY)\w*)[=:][ ]?(\S*)", line):
                assert not value or value.startswith(("/", '"$(', "$(")), f"{file}: {name} has a value"
    assert not [each for each in resources() if each["kind"] == "Secret"]


def test_secrets_stay_out_of_version_control() -> None:
    files = [secret["file"] for secret in yaml.safe_load(COMPOSE.read_text())["secrets"].values()]
    ignored = (DEPLOY / "docker" / ".gitignore").read_text().split()
    assert {f"{Path(file).parts[0]}/" for file in files} | {".env"} <= set(ignored)


def test_the_image_runs_as_an_unprivileged_user() -> None:
    (user,) = re.findall(r"^USER (\S+)", DOCKERFILE.read_text(), re.M)
    assert user == "10001:10001"
    assert all(pod["securityContext"]["runAsUser"] in (10001, 999) for _, pod in pods())


def test_nothing_calls_home() -> None:
    image = DOCKERFILE.read_text()
    assert "PREFECT_SERVER_ANALYTICS_ENABLED=false" in image
    for file in [DOCKERFILE, *(unit for unit in UNITS if unit.suffix == ".service")]:
        assert "ORT_DISABLE_TELEMETRY=1" in file.read_text(), file


@pytest.mark.parametrize(("name", "pod"), pods(), ids=[name for name, _ in pods()])
def test_a_pod_is_confined(name: str, pod: dict[str, Any]) -> None:
    assert pod["automountServiceAccountToken"] is False
    assert_confined(pod)


@pytest.mark.parametrize(("part", "name"), [("work-pool", "onrecord"), ("object-store", "export")])
def test_a_pod_is_confined_with_what_a_component_adds(part: str, name: str) -> None:
    pod = with_component(part)[name]
    assert {len(dict(pods())[name]["containers"]), len(containers(pod))} == {1, 2}, "or nothing was added"
    # The workers of the pool speak to the cluster, with the rights in access.yaml.
    assert pod["automountServiceAccountToken"] is (part == "work-pool")
    assert_confined(pod)


def assert_confined(pod: dict[str, Any]) -> None:
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in containers(pod):
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert set(container["resources"]["limits"]) == {"cpu", "memory"}


@pytest.mark.parametrize("name", services())
def test_a_service_is_confined(name: str) -> None:
    service = services()[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory", "pids"}
    assert service["restart"] == "unless-stopped"


def test_a_container_of_the_work_pool_is_confined_as_a_service_is() -> None:
    run = configuration(COMPOSE.parent)
    service, more = services()["onrecord"], run["container_create_kwargs"]
    for same in ("init", "read_only", "cap_drop", "security_opt"):
        assert more[same] == service[same], same
    assert list(more["tmpfs"]) == service["tmpfs"]
    assert run["privileged"] is False
    limits = service["deploy"]["resources"]["limits"]
    given = (f"{more['nano_cpus'] // 10**9}", run["mem_limit"].upper(), more["pids_limit"])
    assert given == (limits["cpus"], limits["memory"], limits["pids"])


def test_there_are_at_most_as_many_worker_processes_as_processors() -> None:
    # By default, a process that cannot see its limits starts one for each processor of the machine.
    compose, run = services()["onrecord"], configuration(COMPOSE.parent)
    given = [(compose["environment"], float(compose["deploy"]["resources"]["limits"]["cpus"]))]
    given += [(run["env"], run["container_create_kwargs"]["nano_cpus"] / 10**9)]
    for name in ("onrecord", "run"):
        (container,) = dict(pods())[name]["containers"]
        environment = {each["name"]: each["value"] for each in container["env"]}
        given += [(environment, float(container["resources"]["limits"]["cpu"]))]
    for environment, processors in given:
        assert 1 <= int(environment["ONRECORD_WORKERS__PROCESSES"]) <= processors


@pytest.mark.parametrize("unit", [unit for unit in UNITS if unit.suffix == ".service"], ids=lambda unit: unit.name)
def test_a_unit_is_confined(unit: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    told = run_checked("systemd-analyze", "security", "--offline=true", unit)
    (exposure,) = re.findall(r"exposure level for \S+: ([0-9.]+)", told)
    assert float(exposure) < 2
