"""The warehouse: a live database to write, a published one to read."""

from ..plugins.reader import Reader
from .database import Warehouse

__all__ = ["Reader", "Warehouse"]
