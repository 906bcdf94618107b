"""One deployed stack for every check, in the order in which they build on each other."""

import shutil
import signal
import tempfile
import traceback
from pathlib import Path

import pytest
from session import Session

ORDER = [
    "test_shape",
    "test_walk",
    "test_events",
    "test_device_events",
    "test_polling",
    "test_directory",
    "test_console",
    "test_jobs",
    "test_faults",
    # These look at what all the checks before made the functions call and log.
    "test_permissions",
    "test_metrics",
    "test_sizes",
    # After them, since the functions of a second stack call too.
    "test_options",
]


def pytest_addoption(parser):
    parser.addoption("--binaries", required=True, type=Path, help="a folder with NAME/bootstrap or NAME per function")
    parser.addoption("--architecture", default="x86_64", choices=["x86_64", "arm64"], help="of this machine and the binaries")
    parser.addoption("--keep", action="store_true", help="keep the run's folder, with all logs and the table's rows")


def pytest_configure():
    """Whoever ends the run ends the emulator and its functions, too: a signal that ends Python leaves no time for that."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: ORDER.index(item.module.__name__))


@pytest.fixture(scope="session")
def session(request):
    """The run: an emulator of AWS with the stack deployed in it. Without it, no check can say anything."""
    option = request.config.getoption
    folder = Path(tempfile.mkdtemp(prefix="beckon-emulator-"))
    session = Session(folder, option("--binaries").resolve(), option("--architecture"))
    try:
        try:
            session.start()
            session.deploy()
        except Exception:  # noqa: BLE001 - whatever it is, it ends the run
            pytest.exit(f"the stack was not deployed\n{traceback.format_exc()}", returncode=1)
        yield session
    finally:
        if option("--keep"):
            session.keep_logs()
        session.stop()
        if option("--keep"):
            print(f"kept {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
