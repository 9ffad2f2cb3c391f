"""One word for one thing: the glossary is complete, and no public name has two definitions."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CORE, FLOWS = ROOT / "core" / "onrecord", ROOT / "flows" / "onrecord_flows"
GLOSSARY = (ROOT / "docs" / "glossary.md").read_text("utf-8")
ENTRIES = re.findall(r"^\| (?P<word>[^|]+) \| (?P<meaning>[^|]+) \| `(?P<module>[\w.]+)` \|$", GLOSSARY, re.M)

MAY_BE_DEFINED_TWICE: dict[str, str] = {}
"""Public names that two modules may define, with the reason. There is none."""


def definitions(folder: Path) -> dict[str, list[str]]:
    """The modules in which each public class and function of a package is defined, by name."""
    found = defaultdict(list)
    for file in sorted(folder.rglob("*.py")):
        module = ".".join(file.relative_to(folder).with_suffix("").parts).removesuffix(".__init__")
        for node in ast.parse(file.read_text("utf-8")).body:
            if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_"):
                found[node.name].append(module)
    return found


def classes(folder: Path) -> set[tuple[str, str]]:
    """The public classes of a package with their modules."""
    found = set()
    for file in folder.rglob("*.py"):
        module = ".".join(file.relative_to(folder).with_suffix("").parts).removesuffix(".__init__")
        for node in ast.parse(file.read_text("utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found.add((node.name, module))
    return found


def test_every_public_class_of_core_is_in_the_glossary_and_every_class_of_the_glossary_exists() -> None:
    explained = {(word.strip("`"), module) for word, _, module in ENTRIES if word.startswith("`")}
    assert explained == {(name, "cli" if module == "__init__" else module) for name, module in classes(CORE)}


@pytest.mark.parametrize(("word", "module"), [(word, module) for word, _, module in ENTRIES])
def test_every_word_of_the_glossary_is_in_a_module_that_exists(word: str, module: str) -> None:
    place = CORE.joinpath(*module.split("."))
    assert place.with_suffix(".py").exists() or (place / "__init__.py").exists()


def test_every_word_has_one_entry_with_one_meaning() -> None:
    words = [word for word, _, _ in ENTRIES]
    assert len(words) == len(set(words))
    assert len(re.findall(r"^\| (?!word|---)", GLOSSARY, re.M)) == len(ENTRIES)


def test_no_two_modules_of_core_and_flows_define_a_public_name_each() -> None:
    found = definitions(CORE)
    for name, modules in definitions(FLOWS).items():
        found[name] += modules
    assert len(found) > 200
    twice = {name: modules for name, modules in found.items() if len(modules) > 1}
    assert twice.keys() == MAY_BE_DEFINED_TWICE.keys(), twice
