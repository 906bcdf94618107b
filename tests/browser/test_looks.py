"""How the page looks: on small screens, in the dark, without scripts, in an organisation's colours."""

import base64
import struct
import zlib

from playwright.sync_api import expect

import tour

def test_nothing_is_wider_than_a_small_phone(session):
    for stop in tour.every_stop(session):
        assert stop.look["tooWide"] <= 0, f"{stop} is {stop.look['tooWide']} px too wide"


def test_every_text_stands_out_in_the_light_and_in_the_dark(session):
    for stop in tour.every_stop(session):
        assert not stop.look["faint"], f"{stop}: {stop.look['faint']}"


def test_the_dark_page_is_dark(session):
    colours = {}
    for scheme in ("light", "dark"):
        with session.browser.visit(color_scheme=scheme) as visit:
            visit.open()
            colours[scheme] = visit.page.locator("body").evaluate("(body) => getComputedStyle(body).backgroundColor")
    assert colours == {"light": "rgb(243, 244, 246)", "dark": "rgb(18, 22, 27)"}, colours


def test_without_scripts_the_page_says_what_to_do(session):
    with session.browser.visit(java_script_enabled=False) as visit:
        visit.page.goto(f"{session.beckon.address}/enroll")
        expect(visit.page.locator("noscript .message-title")).to_be_visible()
        expect(visit.page.locator("noscript .message-title")).to_have_text("This page needs JavaScript")
        expect(visit.at("title")).to_be_visible()
        # Not even after a while, as where a script was to come.
        expect(visit.page.locator(".stalled")).to_have_css("display", "none")
        expect(visit.at("form")).to_be_hidden()


def test_a_script_that_never_comes_is_said(session):
    with session.browser.visit() as visit:
        visit.page.route("**/enroll/enroll.js", lambda route: route.fulfill(status=200, content_type="text/javascript", body=""))
        visit.page.goto(f"{session.beckon.address}/enroll")
        expect(visit.page.locator(".stalled")).to_be_hidden()
        # It comes after four seconds.
        visit.page.evaluate("document.getAnimations().forEach((animation) => animation.finish())")
        expect(visit.page.locator(".stalled")).to_be_visible()
        expect(visit.page.locator(".stalled")).to_contain_text("This page did not load completely")
        expect(visit.page.locator("noscript .message-title")).to_be_hidden()
        expect(visit.at("form")).to_be_hidden()


def picture(width, height):
    """A PNG of one colour."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = zlib.compress((b"\0" + b"\x00\x5e\xa2" * width) * height)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def dressed(**branding):
    desk = {"name": "IT <Desk>", "email": "help+desk@example.com", "phone": "+1 555 01 00"}
    return {"organisation": {"name": "Example & Söhne", "helpDesk": desk}, "branding": branding}


def test_the_page_is_in_the_organisations_name_and_colour(session):
    session.beckon.settings(dressed(accentColour="#fc0"))
    with session.browser.visit() as visit:
        visit.open()
        expect(visit.at("organisation")).to_be_visible()
        expect(visit.at("organisation")).to_have_text("Example & Söhne")
        expect(visit.at("mark")).to_be_visible()
        expect(visit.at("form-send")).to_have_css("background-color", "rgb(255, 204, 0)")
        expect(visit.at("form-send")).to_have_css("color", "rgb(0, 0, 0)")


def test_the_help_desk_can_be_written_to_and_called(session):
    session.beckon.settings(dressed())
    with session.browser.visit() as visit:
        visit.open()
        expect(visit.at("desk-lead")).to_be_visible()
        expect(visit.at("desk-lead")).to_have_text("Questions? Ask IT <Desk>.")
        expect(visit.at("desk-email")).to_have_text("help+desk@example.com")
        expect(visit.at("desk-email")).to_have_attribute("href", "mailto:help%2Bdesk@example.com")
        expect(visit.at("desk-phone")).to_be_visible()
        expect(visit.at("desk-phone")).to_have_text("+1 555 01 00")
        expect(visit.at("desk-phone")).to_have_attribute("href", "tel:+15550100")


def test_a_logo_stands_in_the_place_of_ours_and_says_the_name(session):
    logo = {"contentType": "image/png", "contentBase64": base64.b64encode(picture(440, 64)).decode()}
    session.beckon.settings(dressed(logo=logo))
    with session.browser.visit() as visit:
        visit.open()
        expect(visit.at("logo")).to_be_visible()
        expect(visit.at("logo")).to_have_js_property("naturalWidth", 440)
        expect(visit.at("logo")).to_have_attribute("alt", "Example & Söhne")
        expect(visit.at("mark")).to_be_hidden()
        # Else it would be read out twice.
        expect(visit.at("organisation")).to_be_hidden()


def test_without_an_answer_about_its_look_the_page_is_ours_and_works(session):
    person = session.beckon.invite()
    session.beckon.settings(dressed())
    with session.browser.visit() as visit:
        held = []
        visit.page.route("**/enroll/look", lambda route: held.append(route))
        visit.page.clock.install()
        visit.page.goto(f"{session.beckon.address}/enroll")
        # The page waits two seconds for it.
        visit.page.clock.fast_forward("00:03")
        visit.ready()
        expect(visit.at("desk")).to_be_hidden()
        visit.type_pin(person.email, person.pin)
        expect(visit.at("done-view")).to_be_visible()
        held[0].fulfill(status=200, json={})
