"""Whose the device is: the reader says it where the invitation says *User owned* and the settings let them."""

import pytest
from playwright.sync_api import expect

LET = {"registration": {"personMayChoose": True}, "enrolment": {"addresses": [
    {"ownership": "companyOwned", "url": "https://mdm.example.com/company"},
    {"url": "https://mdm.example.com/own"},
]}}


def enter(visit, person):
    visit.open()
    visit.type_pin(person.email, person.pin)
    expect(visit.at("done-view")).to_be_visible()


def chosen_of(session, person):
    return session.beckon.invitation(person.id).get("chosenOwnership")


def test_whoever_may_choose_is_led_where_their_choice_leads(session):
    person = session.beckon.invite(settings=LET, ownership="userOwned")
    with session.browser.visit() as visit:
        enter(visit, person)
        expect(visit.at("choose-user")).to_be_checked()
        expect(visit.at("done-continue")).to_have_attribute("href", "https://mdm.example.com/own")
        assert chosen_of(session, person) is None
        visit.at("choose-company").check()
        assert len(visit.sent) == 1, visit.sent
        visit.at("choose-send").click()
        expect(visit.at("done-continue")).to_have_attribute("href", "https://mdm.example.com/company")
        expect(visit.at("done-ownership-text")).to_contain_text("company owned")
        expect(visit.at("choose-company")).to_be_checked()
        expect(visit.at("title")).to_be_focused()
        assert visit.sent[1][1]["ownership"] == "companyOwned", visit.sent
    assert chosen_of(session, person) == "companyOwned"


def test_the_keyboard_alone_chooses(session):
    person = session.beckon.invite(settings=LET, ownership="userOwned")
    with session.browser.visit() as visit:
        enter(visit, person)
        visit.at("choose-user").focus()
        visit.page.keyboard.press("ArrowDown")
        expect(visit.at("choose-company")).to_be_checked()
        visit.page.keyboard.press("Tab")
        visit.page.keyboard.press("Enter")
        expect(visit.at("done-ownership-text")).to_contain_text("company owned")


@pytest.mark.parametrize(("settings", "ownership"), [(LET, "companyOwned"), (LET, None), ({}, "userOwned")])
def test_nothing_is_asked_where_it_is_not_theirs_to_say(session, settings, ownership):
    person = session.beckon.invite(settings=settings, ownership=ownership)
    with session.browser.visit() as visit:
        enter(visit, person)
        expect(visit.at("choose-form")).to_be_hidden()


def test_a_choice_that_gets_no_answer_can_be_sent_again(session):
    person = session.beckon.invite(settings=LET, ownership="userOwned")
    with session.browser.visit() as visit:
        enter(visit, person)
        visit.at("choose-company").check()
        visit.page.route("**/v1/redemptions", lambda route: route.abort())
        visit.at("choose-send").click()
        expect(visit.at("message")).to_be_visible()
        expect(visit.at("choose-company")).to_be_checked()
        visit.page.unroute_all(behavior="wait")
        visit.at("choose-send").click()
        expect(visit.at("done-ownership-text")).to_contain_text("company owned")
