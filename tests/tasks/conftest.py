"""No test of a task uses a network, whether there is one or not."""

import pytest


@pytest.fixture(autouse=True, scope="package")
def offline():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LONGLAG_OFFLINE", "1")
        yield
