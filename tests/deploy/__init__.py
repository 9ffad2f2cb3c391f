"""The files in deploy/ do what they say, as far as that can be told without containers and clusters."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
