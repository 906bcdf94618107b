"""Waiting for what happens by itself."""

import time


def until(what, happened, seconds=30, every=0.2):
    """Gives the first true value of `happened()`, or fails with `what` was waited for."""
    end = time.monotonic() + seconds
    while True:
        value = happened()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds} s in vain: {what}")
        time.sleep(every)
