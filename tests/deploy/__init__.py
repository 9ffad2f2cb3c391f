"""Tests of the files in deploy/, as far as possible without containers and clusters."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
