"""Runs checks one after the other, and says how each ended and how long it took."""

import time
import traceback


def sentence(check):
    return check.__name__.replace("_", " ")


class Checking:
    """One run of checks, from when it is made."""

    def __init__(self):
        self._began = time.monotonic()
        self._results = []

    @property
    def steps(self):
        """How many steps were taken."""
        return len(self._results)

    def step(self, name, action):
        """Takes a step, says what came of it, and gives whether it went well."""
        began = time.monotonic()
        result, detail = "ok", ""
        try:
            action()
        except Exception as error:  # noqa: BLE001 - a failed check must not end the others
            result = "FAILED"
            detail = (isinstance(error, AssertionError) and str(error)) or traceback.format_exc()
            print(f"--- {name}\n{detail}", flush=True)
        took = time.monotonic() - began
        self._results.append((result, name, detail))
        print(f"{took:7.1f} s  {result:7} {name}", flush=True)
        return result == "ok"

    def groups(self, groups, only, carry_out):
        """Carries out every check of every group, or those alone whose names hold `only`."""
        for group, checks in groups:
            print(f"=== {group}", flush=True)
            for check in checks:
                if only is None or only.replace("_", " ") in sentence(check):
                    self.step(sentence(check), lambda check=check: carry_out(check))

    def failed(self):
        """Says how the run ended, and gives whether something failed."""
        failed = [(name, detail) for result, name, detail in self._results if result != "ok"]
        passed = len(self._results) - len(failed)
        print(f"=== {passed} passed, {len(failed)} failed, after {time.monotonic() - self._began:.0f} s")
        for name, detail in failed:
            # The last lines say why; the whole stands where it happened.
            print("\n".join([f"FAILED: {name}", *detail[-1500:].splitlines()[-8:]]))
        return bool(failed)
