"""The warehouse: a folder with a live database that one process writes and a published one that all read."""

from .live import Warehouse
from .reader import Reader

__all__ = ["Reader", "Warehouse"]
