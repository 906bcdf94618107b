"""A device management that is asked: what is deployed asks it when maintenance says so, and calls nothing but machines of
the internet, so that here the round fails with the reason. What it reads is checked on the local system."""

from test_walk import PIN_SETTINGS, equal
from waiting import until

SETTINGS = {
    **PIN_SETTINGS,
    "deviceSources": [{"name": "asked", "kind": "kandji", "api": {"address": "https://127.0.0.1:9"}}],
}


def test_a_system_in_a_private_network_is_not_called_and_the_list_says_why(session):
    admin = session.administrator
    admin.change_settings(SETTINGS).expect(200)
    admin.send("PUT", "/v1/device-event-sources/asked/credentials", {"secret": "token"}).expect(204)

    def asked():
        return admin.get("/v1/device-event-sources").expect(200).json["items"][0]["asked"]

    def refused():
        session.run_maintenance()
        return "no public machine" in (asked()["lastError"] or "")

    until("the system was not called", refused, seconds=90)
    equal(asked()["lastSuccessAt"], None, "when the system was last read")
    admin.send("DELETE", "/v1/device-event-sources/asked/credentials").expect(204)
    admin.change_settings(PIN_SETTINGS).expect(200)
