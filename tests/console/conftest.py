"""One Beckon and one browser for every check of the console."""

import sys
from pathlib import Path

import pytest

# The Beckon of a run's own is that of the checks of the enrolment page.
sys.path.insert(0, str(Path(__file__).parent.parent / "browser"))

from beckon import Beckon  # noqa: E402
from console import Chromium  # noqa: E402


def pytest_addoption(parser):
    parser.addoption("--binary", required=True, type=Path, help="beckon, as cargo builds it")
    parser.addoption("--chromium", required=True, help="the browser's program")
    parser.addoption("--page", type=Path, help="a folder with the console's files, in the place of those in the binary")


@pytest.fixture(scope="session")
def beckon(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("beckon")
    running = Beckon(request.config.getoption("--binary").resolve(), folder)
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def chromium(request, beckon):
    option = request.config.getoption
    browser = Chromium(option("--chromium"), beckon, option("--page"))
    browser.start()
    yield browser
    browser.stop()


@pytest.fixture
def console(chromium):
    """A browser that nobody used before. At its end the console must have behaved."""
    with chromium.visit() as visit:
        yield visit
