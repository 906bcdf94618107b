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
    parser.addoption("--screenshots", type=Path, help="a folder that screens of the console are written into")
    parser.addoption("--documented", action="store_true", help="of the screens only those that the documentation shows, under their names there")
    parser.addoption("--large", action="store_true", help="also invites 10,000 people and lists 100,000, which takes minutes")


def pytest_configure(config):
    config.addinivalue_line("markers", "large: takes minutes; only with --large")


def pytest_collection_modifyitems(config, items):
    if not config.getoption("--large"):
        left_out = pytest.mark.skip(reason="takes minutes; with --large it is looked at")
        for item in items:
            if "large" in item.keywords:
                item.add_marker(left_out)


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
