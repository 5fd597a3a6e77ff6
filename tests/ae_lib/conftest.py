"""The same first weights in every run: what a test asks of a training must not depend on chance."""

import pytest

from ae_lib import set_seed


@pytest.fixture(autouse=True)
def seeded() -> None:
    set_seed(0)
