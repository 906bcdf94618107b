"""The template that the checks look at."""

from pathlib import Path

import pytest
from reading import TEMPLATE, Stacks, read


def pytest_addoption(parser):
    parser.addoption("--template", type=Path, default=TEMPLATE, help="another template than template.yaml")


@pytest.fixture(scope="session")
def template(request):
    """The template as it is written."""
    return read(request.config.getoption("--template").resolve())


@pytest.fixture(scope="session")
def stacks(template):
    """The stacks that it makes."""
    return Stacks(template)
