"""Wordings of mails: written beside the mail that they make, tried, kept and taken back."""

import pytest
from beckon import until
from playwright.sync_api import expect

ENGLISH = "/v1/templates/invitation/en"


@pytest.fixture(autouse=True)
def ours(beckon):
    beckon.settings({})
    beckon.send("DELETE", ENGLISH)


def edit(console):
    page = console.open("/settings/templates/invitation/en")
    expect(page.get_by_label("Subject", exact=True)).to_be_visible()
    return page


@pytest.mark.parametrize("look", [{"color_scheme": "light"}, {"color_scheme": "dark", "viewport": {"width": 320, "height": 640}}])
def test_the_editor_is_accessible(chromium, look):
    with chromium.visit(**look) as console:
        page = edit(console)
        page.locator(".variables summary").click()
        page.wait_for_load_state("networkidle")
        console.is_accessible()


def test_the_mail_follows_what_is_typed_and_is_kept(beckon, console):
    page = edit(console)
    page.get_by_label("Subject", exact=True).fill("Welcome, {{ name }}")
    expect(page.locator(".mail-subject")).to_contain_text("Welcome, Alex Example")
    console.button("Save").click()
    console.hears("Saved.")
    assert beckon.get(ENGLISH)["wording"]["subject"] == "Welcome, {{ name }}"
    expect(page.locator(".template-state")).to_contain_text("Own words")
    page.get_by_role("link", name="Wordings of mails").click()
    expect(page.get_by_role("row").filter(has_text="English").get_by_role("link").first).to_contain_text("Own words")


def test_each_refusal_stands_where_it_occurs_and_the_cursor_stays(console):
    page = edit(console)
    html = page.get_by_label("Letter as HTML")
    html.fill("<p>Hello {{ name }},</p>\n{{ secretBlock }}")
    html.focus()
    # In the midst of what was written: at an end, a cursor that was moved there would be none the wiser.
    html.evaluate("(field) => field.setSelectionRange(9, 9)")
    page.keyboard.type("<script>")
    expect(page.locator('[data-field="html"] .error')).to_contain_text("<script> may not stand in a mail")
    expect(html).to_be_focused()
    assert html.evaluate("(field) => [field.selectionStart, field.selectionEnd]") == [17, 17]
    page.keyboard.type("x")
    expect(html).to_have_value("<p>Hello <script>x{{ name }},</p>\n{{ secretBlock }}")
    page.get_by_label("Letter as text").fill("Hello {{ nobody }}")
    expect(page.locator('[data-field="text"] .error')).to_contain_text("nobody")
    expect(page.locator(".sample-trouble")).to_contain_text("as it was before")


def test_what_is_wrong_is_said_once_and_not_at_each_pause_in_typing(console):
    page = edit(console)
    text = page.get_by_label("Letter as text")
    text.fill("Hello {{ nobody }}")
    console.hears("One field must be put right")
    for word in [" and", " you"]:
        with page.expect_response("**/preview"):
            text.press_sequentially(word)
    page.wait_for_timeout(200)
    heard = [one for one in console.said if "One field must be put right" in one]
    assert len(heard) == 1, heard


def test_a_variable_is_written_where_the_cursor_was(console):
    page = edit(console)
    subject = page.get_by_label("Subject", exact=True)
    subject.fill("For ")
    page.locator(".variables summary").click()
    console.button("Insert name").click()
    expect(subject).to_have_value("For {{ name }}")


def test_a_test_mail_arrives(beckon, console):
    page = edit(console)
    page.get_by_label("Subject", exact=True).fill("A try of mine")
    console.button("Mail a test").click()
    page.get_by_label("To", exact=True).fill("somebody@elsewhere.test")
    console.button("Send the test").click()
    expect(console.dialog.locator(".error")).to_be_visible()
    page.get_by_label("To", exact=True).fill("it@example.com")
    console.button("Send the test").click()
    expect(console.dialog).to_contain_text("on its way to it@example.com")
    until("the test arrives", lambda: any("A try of mine" in mail["subject"] for mail in beckon.mails("it@example.com")))


def test_who_saves_second_sees_both_wordings(beckon, console):
    page = edit(console)
    page.get_by_label("Subject", exact=True).fill("Mine")
    wording = beckon.get(ENGLISH)["wording"]
    beckon.send("PUT", ENGLISH, {**wording, "subject": "Theirs"}, {"If-Match": "*"})
    console.button("Save").click()
    expect(console.dialog).to_contain_text("Theirs")
    expect(console.dialog).to_contain_text("Mine")
    console.is_accessible()
    console.button("Save mine instead", console.dialog).click()
    console.hears("Saved.")
    assert beckon.get(ENGLISH)["wording"]["subject"] == "Mine"


def test_an_own_wording_is_taken_back(beckon, console):
    wording = beckon.get(ENGLISH)["wording"]
    beckon.send("PUT", ENGLISH, {**wording, "subject": "Mine"}, {"If-Match": "*"})
    page = edit(console)
    console.button("Take back").click()
    console.button("Take back", console.dialog).click()
    console.hears("Our words hold again.")
    assert beckon.get(ENGLISH)["own"] is False
    expect(page.get_by_label("Subject", exact=True)).to_have_value(wording["subject"])


def test_a_wording_that_was_typed_survives_a_reload_and_leaving_asks(console):
    page = edit(console)
    page.get_by_label("Subject", exact=True).fill("Mine")
    page.once("dialog", lambda dialog: dialog.accept())
    page.reload()
    expect(page.get_by_label("Subject", exact=True)).to_have_value("Mine")
    page.get_by_role("link", name="Wordings of mails").click()
    console.button("Leave without saving", console.dialog).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Wordings of mails")
