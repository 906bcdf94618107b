"""How large each function is as a zip, and how long its process took until it could answer. The table of
docs/figures.md comes from here. Debug builds are too large: give release binaries."""

import io
import json
import statistics
import zipfile

import deployment

MOST_ZIPPED_MIB = 5
# Decision 8 says why these may be larger than the others.
LARGER = {"settings": 5.75, "expand": 5.5, "directory": 5.25}


def zipped_bytes(binary):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.write(binary, "bootstrap")
    return buffer.tell()


def init_times(lines):
    for line in lines:
        try:
            document = json.loads(line)
        except ValueError:
            continue
        if isinstance(document, dict) and document.get("coldStart"):
            yield document["initMs"]


def test_every_function_is_small_and_starts_fast(session, capsys):
    too_large = []
    table = ["", "| function | zipped, MiB | ready after, ms (median of starts) |", "| --- | ---: | ---: |"]
    for name in sorted(session.stack.functions()):
        size = zipped_bytes(deployment.binary_of(name, session.binaries))
        times = list(init_times(session.stack.log_lines(name)))
        ready = f"{statistics.median(times):.0f} ({len(times)})" if times else "–"
        table.append(f"| `{name}` | {size / 1024 / 1024:.1f} | {ready} |")
        if size > LARGER.get(name, MOST_ZIPPED_MIB) * 1024 * 1024:
            too_large.append(name)
    with capsys.disabled():
        print("\n".join(table))
    if too_large:
        raise AssertionError(f"larger than they may be: {', '.join(too_large)}")
