"""The files in deploy/ are valid, pinned, free of secrets, and name only commands and settings that there are."""

from __future__ import annotations

import copy
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from onrecord.cli import cli
from onrecord.config.loading import parsed
from tests.flows.conftest import wait_until

from . import DEPLOY, ROOT

DOCKERFILE = DEPLOY / "docker" / "Dockerfile"
COMPOSE = DEPLOY / "docker" / "compose.yaml"
CLUSTER = DEPLOY / "kubernetes"
UNITS = sorted([*(DEPLOY / "systemd").glob("*.service"), *(DEPLOY / "systemd").glob("*.timer")])
GUIDES = sorted(DEPLOY.rglob("README.md"))
FILES = [file for file in sorted(DEPLOY.rglob("*")) if file.is_file()]


def tool(name: str) -> str:
    """A program that the extra `lint` has installed."""
    found = shutil.which(name, path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    assert found, f"{name} is not installed: pip install -e '.[lint]'"
    return found


def checked(*command: str | Path, **more: Any) -> str:
    """What a command prints; it must end well."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more)
    assert done.returncode == 0, done.stdout
    return done.stdout


@cache
def resources() -> list[dict[str, Any]]:
    """All Kubernetes resources."""
    names = yaml.safe_load((CLUSTER / "kustomization.yaml").read_text())["resources"]
    return [each for name in names for each in yaml.safe_load_all((CLUSTER / name).read_text())]


def pods() -> list[tuple[str, dict[str, Any]]]:
    """What each workload is called, and its pods' specification."""
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


def with_component(part: str) -> dict[str, dict[str, Any]]:
    """The pods of what a component patches, by the name of the workload, as kustomize would make them."""
    found = {}
    for patch in yaml.safe_load((CLUSTER / part / "kustomization.yaml").read_text())["patches"]:
        (target,) = (
            each for each in resources() if {"kind": each["kind"], "name": each["metadata"]["name"]} == patch["target"]
        )
        found |= _pods_of(merged(target, yaml.safe_load((CLUSTER / part / patch["path"]).read_text())))
    return found


def merged(value: Any, patch: Any) -> Any:
    """What a strategic merge makes of both: lists of things with names by their names, `null` takes away."""
    if isinstance(value, dict) and isinstance(patch, dict):
        both = {**value, **{key: merged(value.get(key), each) for key, each in patch.items()}}
        return {key: each for key, each in both.items() if each is not None}
    if isinstance(value, list) and isinstance(patch, list) and all("name" in each for each in [*value, *patch]):
        named = {each["name"]: each for each in value}
        return list((named | {each["name"]: merged(named.get(each["name"]), each) for each in patch}).values())
    return patch


@cache
def configuration(folder: Path) -> dict[str, Any]:
    """What a worker is told of a run: the template of its work pool with the values of the deployment `etl`."""
    from prefect.utilities.templating import apply_values

    template = json.loads((folder / "base-job-template.json").read_text())
    known = template["variables"]["properties"]
    defaults = {name: each["default"] for name, each in known.items() if "default" in each}
    deployments = yaml.safe_load((folder / "deployments.yaml").read_text())["deployments"]
    (given,) = (each["work_pool"]["job_variables"] for each in deployments if each["name"] == "etl")
    # A worker names a run after it, and labels it.
    found: dict[str, Any] = apply_values(
        template["job_configuration"], {**defaults, **given, "name": "red-fox", "labels": {}}
    )
    return found


def job() -> dict[str, Any]:
    """The Job that a worker makes of a run, as it is sent to the cluster."""
    made: dict[str, Any] = copy.deepcopy(configuration(CLUSTER)["job_manifest"])
    pod = made["spec"]["template"]["spec"]
    # Prefect insists on them where the cluster pays no heed to them.
    del pod["parallelism"], pod["completions"]
    (container,) = pod["containers"]
    container["args"] = shlex.split(container["args"])
    container["env"] = [{"name": name, "value": value} for name, value in container["env"].items()]
    return made


@cache
def services() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = yaml.safe_load(COMPOSE.read_text())["services"]
    return found


# The tools for these files find nothing wrong with them.


def test_the_dockerfile_passes_its_linter() -> None:
    checked(tool("hadolint"), "--no-color", DOCKERFILE)


def test_the_compose_file_is_one() -> None:
    checked(tool("check-jsonschema"), "--builtin-schema", "vendor.compose-spec", COMPOSE)


def test_the_manifests_are_what_kubernetes_accepts() -> None:
    files = {CLUSTER / name for name in yaml.safe_load((CLUSTER / "kustomization.yaml").read_text())["resources"]}
    # The last one is Prefect's, not the cluster's.
    assert files == set(CLUSTER.glob("*.yaml")) - {CLUSTER / "kustomization.yaml", CLUSTER / "deployments.yaml"}
    checked(tool("kubernetes-validate"), "--strict", "--quiet", *sorted(files))


def test_the_jobs_of_the_work_pool_are_what_kubernetes_accepts(tmp_path: Path) -> None:
    (tmp_path / "job.yaml").write_text(yaml.safe_dump(job()))
    checked(tool("kubernetes-validate"), "--strict", "--quiet", tmp_path / "job.yaml")


@pytest.mark.parametrize("part", [None, "object-store", "work-pool"])
def test_kustomize_puts_them_together(part: str | None, tmp_path: Path) -> None:
    if shutil.which("kubectl") is None:
        pytest.skip("kubectl is not installed")
    shutil.copytree(CLUSTER, tmp_path / "base", ignore=shutil.ignore_patterns("object-store", "work-pool"))
    mine = {"resources": ["base"], "images": [{"name": "onrecord", "newName": "registry.example/o", "newTag": "9"}]}
    if part:
        shutil.copytree(CLUSTER / part, tmp_path / part)
        mine["components"] = [part]
    (tmp_path / "kustomization.yaml").write_text(yaml.safe_dump(mine))
    (tmp_path / "all.yaml").write_text(checked("kubectl", "kustomize", tmp_path))

    checked(tool("kubernetes-validate"), "--strict", "--quiet", tmp_path / "all.yaml")
    images = {line.partition("image:")[2].strip() for line in (tmp_path / "all.yaml").read_text().splitlines()}
    assert images - {""} - {each for each in images if re.match(r"postgres:|rclone/", each)} == {"registry.example/o:9"}


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_understands_the_unit(unit: Path, tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    # All of them, since they name each other; the programs are installed elsewhere than where they look.
    for each in UNITS:
        (tmp_path / each.name).write_text(re.sub(r"/opt/onrecord/bin/[a-z-]+", "/bin/true", each.read_text()))
    secrets = tmp_path / f"{unit.name}.d" / "secrets.conf"
    secrets.parent.mkdir()
    secrets.write_text((DEPLOY / "systemd" / "secrets.conf").read_text() if unit.suffix == ".service" else "")

    told = checked("systemd-analyze", "verify", "--man=no", tmp_path / unit.name)
    # What it does not know it ignores, and says so.
    assert unit.name not in told, told


def test_the_shell_script_is_posix() -> None:
    checked("sh", "-n", DEPLOY / "with-secrets.sh")


# They name only what there is.


def lists(value: Any) -> Iterator[list[str]]:
    """Every list of words in YAML or JSON that begins with `onrecord`."""
    if isinstance(value, list) and value and all(isinstance(each, str) for each in value):
        if value[0] == "onrecord" and len(value) > 1:
            yield value[1:]
    elif isinstance(value, (list, dict)):
        for each in value.values() if isinstance(value, dict) else value:
            yield from lists(each)


def commands() -> Iterator[tuple[Path, list[str]]]:
    """Where a command of `onrecord` stands, and its arguments."""
    for file in [COMPOSE, *CLUSTER.rglob("*.yaml")]:
        for document in yaml.safe_load_all(file.read_text()):
            yield from ((file, arguments) for arguments in lists(document))
    for line in re.findall(r"CMD (\[.*\])", DOCKERFILE.read_text()):
        yield from ((DOCKERFILE, arguments) for arguments in lists(yaml.safe_load(line)))
    for line in re.findall(r"^ +(onrecord .*) & wait", COMPOSE.read_text(), re.M):
        yield COMPOSE, shlex.split(line)[1:]
    for file in UNITS:
        for line in re.findall(r"^ExecStart=.*/onrecord (.*)", file.read_text(), re.M):
            yield file, shlex.split(line)
    for file in GUIDES:
        text = file.read_text()
        for words in map(shlex.split, re.findall(r"`onrecord ([a-z][^`]*)`", text)):
            # In prose, a command may be spoken of without what it takes.
            yield file, words if words[1:] else [*words, "--help"]
        for line in re.findall(r"^\$ .*|^\*/.*", text, re.M):
            words = shlex.split(line.partition(" ||")[0], comments=True)
            for at, (before, word) in enumerate(pairwise(words), start=1):
                # Elsewhere it is the name of a service, a user or a folder.
                called = word == "onrecord" and before in ("$", "--", "onrecord", "maintenance", "with-secrets")
                if called or word.endswith("/bin/onrecord"):
                    yield file, words[at + 1 :]


COMMANDS = {f"{file.relative_to(DEPLOY)}: onrecord {' '.join(words)}": words for file, words in commands()}


@pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS)
def test_there_is_such_a_command_with_such_options(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["onrecord"])
    command: click.Command | None = cli
    context = click.Context(cli)
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        name, *words = words
        command = command.get_command(context, name)
        assert command is not None, f"there is no command {name}"
    assert command is not None
    try:
        command.make_context("onrecord", words)
    except click.exceptions.Exit:
        # Its help is what was asked for.
        pass
    except click.BadParameter as error:
        # The folders are those of the machine that it is for.
        if "does not exist" not in error.message:
            raise


def test_the_commands_have_been_found() -> None:
    found = {(label.partition(":")[0], words[0]) for label, words in COMMANDS.items()}
    assert found >= {
        ("docker/Dockerfile", "up"),
        ("docker/compose.yaml", "up"),
        ("docker/compose.yaml", "backup"),
        ("docker/README.md", "status"),
        ("kubernetes/README.md", "status"),
        ("kubernetes/maintenance.yaml", "maintain"),
        ("kubernetes/object-store/export.yaml", "export"),
        ("kubernetes/onrecord.yaml", "up"),
        ("systemd/onrecord-maintain.service", "export"),
        ("systemd/onrecord-run.service", "run"),
        ("systemd/onrecord.service", "up"),
    }


def test_the_sample_configuration_can_be_loaded() -> None:
    sample = tomllib.loads((DEPLOY / "onrecord.toml").read_text())
    settings = parsed(sample).settings
    assert str(settings.warehouse) == "/var/lib/onrecord/warehouse"


def test_the_cluster_has_the_same_sample() -> None:
    assert (CLUSTER / "onrecord.toml").read_text() == (DEPLOY / "onrecord.toml").read_text()


def test_the_containers_have_the_folders_that_the_sample_names() -> None:
    mounted = {re.sub(r"\$\{.*\}", "", volume).split(":")[1] for volume in services()["onrecord"]["volumes"]}
    as_runs = {volume.split(":")[1] for volume in configuration(COMPOSE.parent)["volumes"]}
    sample = tomllib.loads((DEPLOY / "onrecord.toml").read_text())
    for folder in (sample["warehouse"], *sample["plugins"]["files"]["paths"]):
        assert folder in mounted & as_runs
        for pod in ("onrecord", "run"):
            assert folder in {mount["mountPath"] for mount in dict(pods())[pod]["containers"][0]["volumeMounts"]}
        assert folder in DOCKERFILE.read_text()


def test_the_server_is_told_the_same_in_compose_and_in_the_cluster() -> None:
    in_compose = dict(services()["prefect"]["environment"])
    in_cluster = {each["name"]: each["value"] for each in dict(pods())["prefect"]["containers"][0]["env"]}
    in_cluster.pop("CREDENTIALS_DIRECTORY")
    in_compose["PREFECT_SERVER_UI_API_URL"] = re.sub(
        r"\$\{\w+:-([^}]*)\}", r"\1", in_compose["PREFECT_SERVER_UI_API_URL"]
    )
    assert in_cluster == in_compose


def test_onrecord_knows_the_settings_that_it_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    given = [
        (each["name"], each["value"]) for _, pod in pods() for one in pod["containers"] for each in one.get("env", [])
    ]
    for environment in (
        *(each.get("environment", {}) for each in services().values()),
        configuration(COMPOSE.parent)["env"],
    ):
        given += environment.items()
    ours = {name: value for name, value in given if name.startswith("ONRECORD_")}
    assert ours
    for name, value in ours.items():
        monkeypatch.setenv(name, value)
    # Raises for a variable that is not the name of a setting.
    parsed({})


def test_prefect_knows_the_settings_that_it_is_given() -> None:
    from prefect.settings import Settings as PrefectSettings

    given = set(re.findall(r"\bPREFECT_[A-Z_]+\b", "".join(file.read_text() for file in FILES)))
    # These are compose's own; where the UI is published.
    given -= {"PREFECT_ADDRESS", "PREFECT_PORT"}
    # These are of a package that the worker in the cluster has.
    given -= {name for name in given if name.startswith("PREFECT_INTEGRATIONS_KUBERNETES_")}
    known = {name.upper() for name in known_names(PrefectSettings)}
    assert given - known == set()


def known_names(settings: Any) -> Iterator[str]:
    """The environment variables that a settings class reads, and those of the classes in it."""
    from pydantic import AliasChoices

    prefix = settings.model_config.get("env_prefix", "")
    for name, field in settings.model_fields.items():
        yield f"{prefix}{name}"
        if isinstance(field.validation_alias, AliasChoices):
            yield from (choice for choice in field.validation_alias.choices if isinstance(choice, str))
        if hasattr(field.annotation, "model_config"):
            yield from known_names(field.annotation)


# What runs is what was tried.


def images() -> set[str]:
    base = re.findall(r"^ARG PYTHON=(.*)", DOCKERFILE.read_text(), re.M)
    listed = (line for file in [COMPOSE, *CLUSTER.rglob("*.yaml")] for line in file.read_text().splitlines())
    return {*base, *(found[1] for line in listed if (found := re.match(r"[\s-]*image: (.*)", line)))}


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


def test_our_own_version_is_the_current_one() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert f"ARG VERSION={version} " in DOCKERFILE.read_text()
    assert f'newTag: "{version}"' in (CLUSTER / "kustomization.yaml").read_text()
    named = "".join(file.read_text() for file in FILES)
    assert set(re.findall(r"\bonrecord:(\d+\.\d+\.\d+)", named)) == {version}


# They give away nothing, and may do no more than they need to.


def test_no_secret_stands_in_the_files() -> None:
    for file in FILES:
        for line in file.read_text().splitlines():
            for name, value in re.findall(r"(\w*(?:PASSWORD|AUTH_STRING|TOKEN|SECRET|_KEY)\w*)[=:][ ]?(\S*)", line):
                assert not value or value.startswith(("/", '"$(', "$(")), f"{file}: {name} has a value"
    assert not [each for each in resources() if each["kind"] == "Secret"]


def test_secrets_and_what_they_are_for_stay_out_of_version_control() -> None:
    files = [secret["file"] for secret in yaml.safe_load(COMPOSE.read_text())["secrets"].values()]
    ignored = (DEPLOY / "docker" / ".gitignore").read_text().split()
    assert {f"{Path(file).parts[0]}/" for file in files} | {".env"} <= set(ignored)


def test_the_image_runs_as_a_user_who_may_do_nothing_else() -> None:
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


def containers(pod: dict[str, Any]) -> list[dict[str, Any]]:
    return [*pod.get("initContainers", []), *pod["containers"]]


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


def test_there_are_no_more_worker_processes_than_processors_to_be_had() -> None:
    # Left to itself, a process that cannot tell its limits would begin one for each processor of the machine.
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
    told = checked("systemd-analyze", "security", "--offline=true", unit)
    (exposure,) = re.findall(r"exposure level for \S+: ([0-9.]+)", told)
    assert float(exposure) < 2


# What belongs together fits together.


def test_one_process_writes() -> None:
    (worker,) = (each for each in resources() if each["metadata"]["name"] == "onrecord" and "spec" in each)
    assert worker["spec"]["replicas"] == 1
    assert worker["spec"]["strategy"] == {"type": "Recreate"}


@pytest.mark.parametrize("name", ["maintain", "export", "run"])
def test_what_comes_and_goes_runs_where_the_volume_is(name: str) -> None:
    (affinity,) = dict(pods())[name]["affinity"]["podAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    assert affinity["labelSelector"]["matchLabels"] == {"app.kubernetes.io/name": "onrecord"}
    assert {"claimName": "warehouse"} in [each.get("persistentVolumeClaim") for each in dict(pods())[name]["volumes"]]


def test_who_runs_the_schedules_keeps_its_name() -> None:
    # By it, it knows its work pool again; a container has another one each time unless it is given one.
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
    # Those would be taken for the worker's by whoever looks for it.
    assert "app.kubernetes.io/name" not in labels


def test_what_needs_secrets_gets_them_where_the_entry_point_is_gone_round() -> None:
    lines = [line for guide in GUIDES for line in re.findall(r"^\$ .*\bexec\b.*", guide.read_text(), re.M)]
    runs = [line for line in lines if re.search(r"onrecord (run|up)\b", line)]
    assert runs
    assert all("with-secrets onrecord" in line for line in runs)


def test_the_server_of_a_unit_asks_for_the_password_that_its_worker_has() -> None:
    secrets = dict(re.findall(r"^LoadCredential=(\w+):(\S+)", (DEPLOY / "systemd" / "secrets.conf").read_text(), re.M))
    assert secrets["PREFECT_SERVER_API_AUTH_STRING"] == secrets["PREFECT_API_AUTH_STRING"]
    # Put in place before the unit is started for the first time.
    guide = (DEPLOY / "systemd" / "README.md").read_text()
    assert guide.index(f"/dev/stdin {secrets['PREFECT_API_AUTH_STRING']}") < guide.index("enable --now")
    assert guide.index("onrecord.service.d/secrets.conf") < guide.index("enable --now")


def test_whoever_is_told_to_stop_has_the_time_that_it_gives_its_parts() -> None:
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


def test_nothing_is_removed_of_which_there_is_no_backup() -> None:
    pod = dict(pods())["maintain"]
    assert [each["args"][:2] for each in pod["initContainers"]] == [["onrecord", "backup"]]
    assert [each["args"] for each in pod["containers"]] == [["onrecord", "maintain"]]
    unit = (DEPLOY / "systemd" / "onrecord-maintain.service").read_text()
    assert re.findall(r"^ExecStart=\S+ (\w+)", unit, re.M) == ["backup", "maintain", "export"]
    for folder in (COMPOSE.parent, CLUSTER):
        deployments = yaml.safe_load((folder / "deployments.yaml").read_text())["deployments"]
        assert [each["name"] for each in deployments if each.get("schedules")] == ["etl"]


# The night of the compose file, with programs in the place of `sleep` and `onrecord` that say how they are called.

SLEEP = """#!/bin/sh
if [ -e calls ]; then echo asleep >> calls; exec /bin/sleep 60; fi
"""
ONRECORD = """#!/bin/sh
trap 'echo ended >> calls; exit 143' TERM
echo "$1" >> calls
touch -d "27 hours ago" well
if [ "$1" = "$HANGS" ]; then /bin/sleep 60 & wait "$!"; fi
if [ "$1" = "$FAILS" ]; then exit 1; fi
"""


def inside(command: str) -> str:
    """A command of the compose file as the container's shell gets it, but for the folder of the file that it keeps."""
    return command.replace("$$", "$").replace("/tmp/well", "well")


def night(folder: Path, until: str, **deeds: str) -> tuple[list[str], int]:
    """What the service `maintenance` does in a night, and how it ends when it is told to at some point of it."""
    for name, program in {"sleep": SLEEP, "onrecord": ONRECORD}.items():
        (folder / name).write_text(program)
        (folder / name).chmod(0o755)
    command = [inside(each) for each in services()["maintenance"]["command"]]
    environment = {"PATH": f"{folder}:{os.environ['PATH']}", "FAILS": "", "HANGS": "", **deeds}
    process = subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.DEVNULL, start_new_session=True)
    calls = folder / "calls"
    try:
        wait_until(lambda: calls.exists() and until in calls.read_text().split(), f"it to be at `{until}`")
        process.terminate()
        status = process.wait(30)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    return calls.read_text().split(), status


@pytest.mark.parametrize(
    ("fails", "done"),
    [
        ("", ["backup", "maintain", "export"]),
        ("backup", ["backup"]),
        ("maintain", ["backup", "maintain"]),
        ("export", ["backup", "maintain", "export"]),
    ],
)
def test_what_fails_at_night_ends_the_night_and_shows(tmp_path: Path, fails: str, done: list[str]) -> None:
    calls, status = night(tmp_path, until="asleep", FAILS=fails)

    assert calls == [*done, "asleep"]
    assert status == 0
    kind, check = services()["maintenance"]["healthcheck"]["test"]
    assert kind == "CMD-SHELL"
    healthy = subprocess.run(["sh", "-c", inside(check)], cwd=tmp_path, stderr=subprocess.DEVNULL).returncode == 0
    assert healthy is not bool(fails)


def test_what_is_at_work_at_night_is_told_to_end(tmp_path: Path) -> None:
    assert night(tmp_path, until="maintain", HANGS="maintain") == (["backup", "maintain", "ended"], 0)


# with-secrets


def with_secrets(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "CREDENTIALS_DIRECTORY": str(folder)}
    script = str(DEPLOY / "with-secrets.sh")
    return subprocess.run([script, *command], env=environment, capture_output=True, text=True)


def test_a_file_is_the_variable_that_it_is_named_after(tmp_path: Path) -> None:
    value = "p'a\"ss $HOME `word` \\ é"
    (tmp_path / "real").write_text(value + "\n")
    # Kubernetes hands them over as links.
    (tmp_path / "PREFECT_API_AUTH_STRING").symlink_to(tmp_path / "real")
    program = "import os; print(os.environ['PREFECT_API_AUTH_STRING'], 'real' in os.environ)"

    assert with_secrets(tmp_path, sys.executable, "-c", program).stdout == f"{value} False\n"


def test_the_command_takes_the_place_of_the_shell(tmp_path: Path) -> None:
    assert with_secrets(tmp_path / "not there", "sh", "-c", "exit 143").returncode == 143


def test_an_empty_secret_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "PREFECT_API_AUTH_STRING").write_text("\n")

    done = with_secrets(tmp_path, "true")

    assert done.returncode == 2
    assert f"{tmp_path}/PREFECT_API_AUTH_STRING is empty: write the value" in done.stderr
