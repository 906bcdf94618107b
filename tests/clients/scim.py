"""Holds SCIM against its specification with scim2-tester: no ERROR, and nothing CRITICAL."""

import json
import sys
import urllib.request

from httpx2 import Client
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import Status, check_server


def made_token(beckon):
    request = urllib.request.Request(f"{beckon}/v1/directory/tokens", method="POST")
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["token"]


def main(beckon):
    headers = {"Authorization": f"Bearer {made_token(beckon)}"}
    scim = SyncSCIMClient(Client(base_url=f"{beckon}/scim/v2", headers=headers))
    scim.discover()
    results = check_server(scim)
    bad = [result for result in results if result.status in (Status.ERROR, Status.CRITICAL)]
    for result in bad:
        print(f"{result.status.name} {result.title}: {result.reason}", file=sys.stderr)
    by_status = {status.name: sum(result.status is status for result in results) for status in Status}
    print(f"scim2-tester: {by_status}")
    if bad or by_status["SUCCESS"] < 30:
        sys.exit("SCIM is not as RFC 7643 and RFC 7644 have it")


if __name__ == "__main__":
    main(*sys.argv[1:])
