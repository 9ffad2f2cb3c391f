"""The warehouse: a folder with a live database that one process writes and a published one that all read."""

from ..plugins.reader import Reader
from .database import Warehouse

__all__ = ["Reader", "Warehouse"]
