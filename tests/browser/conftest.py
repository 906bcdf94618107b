"""One Beckon and one browser for every check."""

from pathlib import Path

import pytest
from beckon import Beckon
from browser import Browser


def pytest_addoption(parser):
    parser.addoption("--binary", required=True, type=Path, help="beckon, as cargo builds it")
    parser.addoption("--chromium", required=True, help="the browser's program")
    parser.addoption("--console", type=Path, help="a folder with the console's files, in the place of those in the binary")
    parser.addoption("--page", type=Path, help="a folder with the page's files, in the place of those in the binary")


class Session:
    """What the checks need: a Beckon and a browser."""

    def __init__(self, folder, binary, chromium, page, console):
        self.beckon = Beckon(binary.resolve(), folder)
        self.browser = Browser(chromium, self.beckon, page, console)
        self.tours = None  # what was seen on them, once they were made


@pytest.fixture(scope="session")
def running(request, tmp_path_factory):
    option = request.config.getoption
    page = option("--page")
    if page and not (page / "enroll.js").is_file():
        pytest.exit(f"{page} has no enroll.js", returncode=2)
    session = Session(tmp_path_factory.mktemp("beckon"), option("--binary"), option("--chromium"), page, option("--console"))
    try:
        session.beckon.start()
        session.browser.start()
        yield session
    finally:
        try:
            session.browser.stop()
        finally:
            session.beckon.stop()


@pytest.fixture
def session(running):
    """The session, under settings that nobody changed."""
    running.beckon.settings({})
    return running
