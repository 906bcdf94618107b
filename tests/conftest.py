"""What the suites in Python have in common."""

import signal


def pytest_configure():
    # So that being told to end stops what a suite has started too, as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
