"""Access to the files in deploy/."""

from __future__ import annotations

import copy
import json
import re
import shlex
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from . import DEPLOY

DOCKERFILE = DEPLOY / "docker" / "Dockerfile"

COMPOSE = DEPLOY / "docker" / "compose.yaml"

CLUSTER = DEPLOY / "kubernetes"

UNITS = sorted([*(DEPLOY / "systemd").glob("*.service"), *(DEPLOY / "systemd").glob("*.timer")])

GUIDES = sorted(DEPLOY.rglob("README.md"))

FILES = [file for file in sorted(DEPLOY.rglob("*")) if file.is_file()]


def run_checked(*command: str | Path, **more: Any) -> str:
    """Run a command, which must succeed; returns its output."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more)
    assert done.returncode == 0, done.stdout
    return done.stdout


@cache
def resources() -> list[dict[str, Any]]:
    """All Kubernetes resources."""
    names = yaml.safe_load((CLUSTER / "kustomization.yaml").read_text())["resources"]
    return [each for name in names for each in yaml.safe_load_all((CLUSTER / name).read_text())]


def pods() -> list[tuple[str, dict[str, Any]]]:
    """Return the name of each workload and its pod specification."""
    return list(_pods())


def _pods() -> Iterator[tuple[str, dict[str, Any]]]:
    for resource in resources():
        yield from _pods_of(resource).items()
    yield "run", job()["spec"]["template"]["spec"]


def _pods_of(resource: dict[str, Any]) -> dict[str, dict[str, Any]]:
    name, spec = resource["metadata"]["name"], resource.get("spec", {})
    if resource["kind"] in ("Deployment", "StatefulSet"):
        return {name: spec["template"]["spec"]}
    return {name: spec["jobTemplate"]["spec"]["template"]["spec"]} if resource["kind"] == "CronJob" else {}


@cache
def configuration(folder: Path) -> dict[str, Any]:
    """Return the work pool's template with the values of the deployment `etl`, as a worker gets it."""
    from prefect.utilities.templating import apply_values

    template = json.loads((folder / "base-job-template.json").read_text())
    known = template["variables"]["properties"]
    defaults = {name: each["default"] for name, each in known.items() if "default" in each}
    deployments = yaml.safe_load((folder / "deployments.yaml").read_text())["deployments"]
    (given,) = (each["work_pool"]["job_variables"] for each in deployments if each["name"] == "etl")
    # A worker names and labels a run by it.
    found: dict[str, Any] = apply_values(
        template["job_configuration"], {**defaults, **given, "name": "red-fox", "labels": {}}
    )
    return found


def job() -> dict[str, Any]:
    """Return the Job that a worker sends to the cluster for a run."""
    made: dict[str, Any] = copy.deepcopy(configuration(CLUSTER)["job_manifest"])
    pod = made["spec"]["template"]["spec"]
    # Prefect requires them, and the cluster ignores them.
    del pod["parallelism"], pod["completions"]
    (container,) = pod["containers"]
    container["args"] = shlex.split(container["args"])
    container["env"] = [{"name": name, "value": value} for name, value in container["env"].items()]
    return made


@cache
def services() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = yaml.safe_load(COMPOSE.read_text())["services"]
    return found


# Versions.


def images() -> set[str]:
    base = re.findall(r"^ARG PYTHON=(.*)", DOCKERFILE.read_text(), re.M)
    listed = (line for file in [COMPOSE, *CLUSTER.rglob("*.yaml")] for line in file.read_text().splitlines())
    return {*base, *(found[1] for line in listed if (found := re.match(r"[\s-]*image: (.*)", line)))}


def containers(pod: dict[str, Any]) -> list[dict[str, Any]]:
    return [*pod.get("initContainers", []), *pod["containers"]]
