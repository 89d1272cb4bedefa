"""The sweeper that Hydra finds here, in the only place where it looks for plugins."""

from hydra.plugins.sweeper import Sweeper

from longlag.studies.sweeper import StudySweeper as _StudySweeper


class StudySweeper(_StudySweeper, Sweeper):
    """Runs a study of conf/study: `hydra/sweeper=study`."""
