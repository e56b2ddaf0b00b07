# SPDX-License-Identifier: Apache-2.0
"""sluice: a cycle-level accelerator simulator and design-space explorer for deep learning.

    report = sluice.simulate("configs/run/quickstart.yaml")
    report.cycles, report.bottleneck, report.layers

Errors in the input are `InputError`, with the text that the command prints.
"""

from ._core import InputError, StudyError
from ._core import version as _version
from .cascades import Cascade, compare
from .mapping import Mapped, map
from .results import Infeasible, Report
from .simulation import simulate
from .spaces import Parameter, Space
from .studies import Confirmed, Searcher, Study, Sweep, Trials, searchers

__version__ = _version()
__all__ = [
    "Cascade",
    "Confirmed",
    "Infeasible",
    "InputError",
    "Mapped",
    "Parameter",
    "Report",
    "Searcher",
    "Space",
    "Study",
    "StudyError",
    "Sweep",
    "Trials",
    "compare",
    "map",
    "searchers",
    "simulate",
]


def _register_environments() -> None:
    """Gymnasium knows an id once it is registered; where Gymnasium is not installed, none is."""
    from importlib.util import find_spec

    if find_spec("gymnasium") is not None:
        from .registration import register_environments

        register_environments()


_register_environments()
