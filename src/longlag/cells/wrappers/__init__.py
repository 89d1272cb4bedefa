"""Cells that wrap a cell: zoneout, variational dropout, h-detach, clipping through time."""

from longlag.cells.wrappers.base import Wrapper
from longlag.cells.wrappers.clipping import ClipThroughTime
from longlag.cells.wrappers.hdetach import HDetach
from longlag.cells.wrappers.variational import VariationalDropout
from longlag.cells.wrappers.zoneout import Zoneout

__all__ = ["ClipThroughTime", "HDetach", "VariationalDropout", "Wrapper", "Zoneout"]
