"""The files in deploy/ are valid, and name only commands and settings that exist."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
import tomllib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from onrecord.cli import cli
from onrecord.config.loading import parse_settings
from tests.deploy.files import (
    CLUSTER,
    COMPOSE,
    DOCKERFILE,
    FILES,
    GUIDES,
    UNITS,
    configuration,
    job,
    pods,
    run_checked,
    services,
)

from . import DEPLOY


def tool(name: str) -> str:
    """Return the path of a program of the extra `lint`."""
    found = shutil.which(name, path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    assert found, f"{name} is not installed: pip install -e '.[lint]'"
    return found


# Linters and validators.


def test_the_dockerfile_passes_its_linter() -> None:
    run_checked(tool("hadolint"), "--no-color", DOCKERFILE)


def test_the_compose_file_is_valid() -> None:
    run_checked(tool("check-jsonschema"), "--builtin-schema", "vendor.compose-spec", COMPOSE)


def test_kubernetes_accepts_the_manifests() -> None:
    files = {CLUSTER / name for name in yaml.safe_load((CLUSTER / "kustomization.yaml").read_text())["resources"]}
    # The last one is Prefect's, not the cluster's.
    assert files == set(CLUSTER.glob("*.yaml")) - {CLUSTER / "kustomization.yaml", CLUSTER / "deployments.yaml"}
    run_checked(tool("kubernetes-validate"), "--strict", "--quiet", *sorted(files))


def test_kubernetes_accepts_the_jobs_of_the_work_pool(tmp_path: Path) -> None:
    (tmp_path / "job.yaml").write_text(yaml.safe_dump(job()))
    run_checked(tool("kubernetes-validate"), "--strict", "--quiet", tmp_path / "job.yaml")


@pytest.mark.parametrize("part", [None, "object-store", "work-pool"])
def test_kustomize_combines_them(part: str | None, tmp_path: Path) -> None:
    if shutil.which("kubectl") is None:
        pytest.skip("kubectl is not installed")
    shutil.copytree(CLUSTER, tmp_path / "base", ignore=shutil.ignore_patterns("object-store", "work-pool"))
    mine = {"resources": ["base"], "images": [{"name": "onrecord", "newName": "registry.example/o", "newTag": "9"}]}
    if part:
        shutil.copytree(CLUSTER / part, tmp_path / part)
        mine["components"] = [part]
    (tmp_path / "kustomization.yaml").write_text(yaml.safe_dump(mine))
    (tmp_path / "all.yaml").write_text(run_checked("kubectl", "kustomize", tmp_path))

    run_checked(tool("kubernetes-validate"), "--strict", "--quiet", tmp_path / "all.yaml")
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

    told = run_checked("systemd-analyze", "verify", "--man=no", tmp_path / unit.name)
    # What it does not know it ignores, and says so.
    assert unit.name not in told, told


def test_the_shell_script_is_posix() -> None:
    run_checked("sh", "-n", DEPLOY / "with-secrets.sh")


# Names of commands and settings.


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
def test_the_command_and_its_options_exist(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
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
    settings = parse_settings(sample)
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


def test_the_server_has_the_same_settings_in_compose_and_in_the_cluster() -> None:
    in_compose = dict(services()["prefect"]["environment"])
    in_cluster = {each["name"]: each["value"] for each in dict(pods())["prefect"]["containers"][0]["env"]}
    in_cluster.pop("CREDENTIALS_DIRECTORY")
    in_compose["PREFECT_SERVER_UI_API_URL"] = re.sub(
        r"\$\{\w+:-([^}]*)\}", r"\1", in_compose["PREFECT_SERVER_UI_API_URL"]
    )
    assert in_cluster == in_compose


def test_onrecord_has_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
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
    parse_settings({})


def test_prefect_has_the_settings() -> None:
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
