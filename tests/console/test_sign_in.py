"""Signing in to the console at a certified OpenID provider: what people see, and what is never lost or left behind."""

import re
import time

import pytest
from playwright.sync_api import expect
from console import Visit
from sign_in import SignIn, free_port, opened, start_beckon


@pytest.fixture(scope="module")
def started(request, tmp_path_factory):
    """The console's client is the audience, and sends id tokens: as with the pool in AWS."""
    system = SignIn(request.config.getoption("--binary").resolve(), tmp_path_factory.mktemp("sign-in"), "beckon")
    yield system
    system.stop()


@pytest.fixture
def system(started):
    started.reset()
    started.set(roles={"ann": ["inviter", "settings"], "ben": ["viewer"]})
    return started


@pytest.fixture
def visit(chromium, system):
    with opened(chromium, system.address) as visit:
        yield visit


def dialog(visit, name):
    return visit.page.get_by_role("dialog", name=name)


def test_whoever_signs_in_comes_to_the_page_that_was_asked_for(visit):
    visit.enter("ann", "/#/users?state=pending&text=ada")

    visit.is_in("ann")
    assert visit.page.url == f"{visit.address}/#/users?state=pending&text=ada"
    visit.is_tidy()


def test_a_long_name_has_room_on_a_phone(visit, system):
    long = "a.very.long.name.of.somebody.who.runs.much"
    system.set(roles={long: ["viewer"]})
    visit.page.set_viewport_size({"width": 320, "height": 640})
    visit.enter(long)

    visit.is_in(long)
    is_accessible(visit)


def test_a_reload_and_a_second_tab_ask_nobody_for_a_password(visit):
    visit.enter("ann", "/#/users?text=a")
    visit.is_in("ann")

    visit.page.reload()
    visit.is_in("ann")
    assert visit.page.url == f"{visit.address}/#/users?text=a"
    visit.is_tidy()
    second = visit.context.new_page()
    second.goto(f"{visit.address}/#/users")
    expect(second.get_by_role("heading", level=1, name="Users")).to_be_visible()


def test_code_and_state_are_nowhere_in_the_history(visit):
    visit.enter("ann")
    visit.is_in("ann")

    for _ in range(visit.page.evaluate("history.length")):
        visit.page.go_back()
        assert "code=" not in visit.page.url, visit.page.url
        if visit.page.url.startswith(visit.address):
            visit.is_in("ann")


def test_a_code_is_asked_for_with_a_challenge_and_sent_to_the_provider_alone(visit, system):
    visit.enter("ann")
    visit.is_in("ann")

    authorize = [request.url for request in visit.asked if "/auth?" in request.url]
    for part in ("code_challenge_method=S256", "response_type=code", "nonce=", "state="):
        assert part in authorize[0], authorize
    tokens = [request for request in visit.asked if request.url == f"{system.issuer}/token"]
    assert ["code_verifier=" in request.post_data for request in tokens] == [True]
    for request in visit.asked:
        sent = request.headers.get("authorization")
        assert not sent or request.url.startswith(f"{visit.address}/v1/"), request.url
        # The provider's own pages may look as they like.
        is_ours = request.resource_type in ("fetch", "script")
        assert not is_ours or request.url.startswith((visit.address, system.issuer)), request.url


def is_accessible(visit):
    """axe finds nothing, and nothing is wider than the window."""
    Visit.is_accessible(visit)


def start_a_form(visit):
    visit.page.get_by_role("button", name="Add user").first.click()
    form = dialog(visit, "Add user")
    form.get_by_label("Address").fill(f"typed{time.time_ns()}@example.com")
    form.get_by_label("Name", exact=False).first.fill("Typed Before")
    return form


def a_form_whose_token_ended(visit, system, **settings):
    """A form that Ann typed into, and stayed at for longer than her token counts."""
    system.set(lifetime=4, **settings)
    visit.enter("ann")
    visit.is_in("ann")
    form = start_a_form(visit)
    time.sleep(5)
    return form


def send_it(form):
    form.get_by_role("button", name="Add", exact=False).last.click()


def test_a_token_that_ends_while_a_form_is_open_is_renewed_without_a_word(visit, system):
    form = a_form_whose_token_ended(visit, system)

    send_it(form)

    expect(form).to_be_hidden()
    assert len([1 for each in visit.asked if "grant_type=refresh_token" in (each.post_data or "")]) >= 1
    assert dialog(visit, "Your sign-in has ended").count() == 0
    visit.is_tidy()


def test_where_nothing_renews_it_whoever_typed_signs_in_in_another_window_and_goes_on(visit, system):
    form = a_form_whose_token_ended(visit, system, refresh=False)
    visit.context.clear_cookies()

    send_it(form)
    again = dialog(visit, "Your sign-in has ended")
    expect(again).to_be_visible()
    system.set(lifetime=600)
    with visit.page.expect_popup() as window:
        again.get_by_role("button", name="Sign in again").click()
    visit.sign_in(window.value, "ann")

    expect(form).to_be_hidden()
    visit.is_tidy()


def test_who_does_not_sign_in_again_keeps_what_was_typed(visit, system):
    form = a_form_whose_token_ended(visit, system, refresh=False)

    send_it(form)
    again = dialog(visit, "Your sign-in has ended")
    again.get_by_role("button", name="Later").click()
    expect(form.get_by_text("You are signed out. Sign in again to go on.").first).to_be_visible()
    expect(form.get_by_label("Name", exact=False).first).to_have_value("Typed Before")
    # What the page asks of its own accord does not open it again.
    visit.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    visit.page.wait_for_timeout(2_000)
    expect(dialog(visit, "Your sign-in has ended")).to_have_count(0)

    # The provider's own session answers: the window closes by itself.
    system.set(lifetime=600)
    send_it(form)
    again.get_by_role("button", name="Sign in again").click()
    expect(form).to_be_hidden()


def test_what_one_person_typed_no_other_sends(visit, system):
    form = a_form_whose_token_ended(visit, system, refresh=False)
    visit.context.clear_cookies()

    send_it(form)
    again = dialog(visit, "Your sign-in has ended")
    with visit.page.expect_popup() as window:
        again.get_by_role("button", name="Sign in again").click()
    visit.sign_in(window.value, "ben")

    expect(again.get_by_role("alert").first).to_contain_text("somebody else")
    expect(form.get_by_label("Name", exact=False).first).to_have_value("Typed Before")


def test_what_one_person_typed_into_the_settings_is_not_there_for_the_next(visit, system):
    system.set(roles={"ann": ["settings"], "ben": ["settings"]})
    length = visit.page.get_by_label("Length")
    visit.enter("ann", "/#/settings/registration")
    length.fill("11")
    visit.page.once("dialog", lambda asked: asked.accept())
    visit.page.reload()
    expect(length).to_have_value("11")

    visit.context.clear_cookies()
    visit.page.once("dialog", lambda asked: asked.accept())
    visit.page.reload()
    visit.sign_in(visit.page, "ben")
    expect(length).not_to_have_value("11")


def test_who_signs_out_is_out_here_and_at_the_provider(visit):
    visit.enter("ann")
    visit.is_in("ann")

    visit.page.get_by_role("button", name="ann@example.com").click()
    visit.page.get_by_role("menuitem", name="Sign out").click()
    visit.page.get_by_role("button", name="Yes").click()
    visit.heading("You are signed out")
    visit.is_tidy()
    is_accessible(visit)

    visit.page.get_by_role("button", name="Sign in").click()
    visit.sign_in(visit.page, "ben")
    visit.is_in("ben")


@pytest.mark.parametrize("role, adds", [("viewer", False), ("helpdesk", True), ("inviter", True), ("pindesk", False), ("settings", False)])
def test_each_role_sees_what_it_may_do(visit, system, role, adds):
    system.set(roles={"role": [role]})
    visit.enter("role")
    visit.is_in("role")

    expect(visit.page.get_by_role("button", name="Add user")).to_have_count(1 if adds else 0)


@pytest.mark.parametrize("roles", [[], ["old settings"], ["mdm"]])
def test_who_has_no_role_is_told_so_and_whom_to_ask(visit, system, roles):
    system.set(roles={"nobody": roles})
    visit.enter("nobody")

    visit.heading("You have no role in Beckon")
    expect(visit.page.get_by_text("nobody@example.com")).to_be_visible()
    is_accessible(visit)
    # A role that was given meanwhile counts at the next sign-in.
    system.set(roles={"nobody": ["viewer"]})
    visit.page.get_by_role("button", name="Sign in again").click()
    visit.is_in("nobody")


def test_who_turns_back_at_the_provider_is_told_so(visit):
    visit.open()
    visit.page.get_by_role("link", name=re.compile("Cancel")).click()

    visit.heading("You could not be signed in")
    expect(visit.page.get_by_text("access_denied")).to_be_visible()
    is_accessible(visit)
    visit.is_tidy()
    visit.page.get_by_role("button", name="Try again").click()
    visit.sign_in(visit.page, "ann")
    visit.is_in("ann")


def test_a_provider_that_does_not_answer_is_named_and_can_be_tried_again(visit, system):
    system.set(down=True)
    visit.open("/#/users?text=a")
    visit.heading("You could not be signed in")
    expect(visit.page.get_by_text(system.issuer.removeprefix("http://"))).to_be_visible()

    system.set(down=False)
    visit.page.get_by_role("button", name="Try again").click()
    visit.sign_in(visit.page, "ann")
    visit.is_in("ann")
    assert visit.page.url.endswith("/#/users?text=a")


def test_a_provider_that_is_gone_is_said_where_a_form_is_open(visit, system):
    form = a_form_whose_token_ended(visit, system)
    system.set(down=True)

    send_it(form)
    again = dialog(visit, "Your sign-in has ended")
    expect(again.get_by_role("alert").first).to_contain_text("does not answer")
    is_accessible(visit)
    system.set(down=False, lifetime=600)
    again.get_by_role("button", name="Sign in again").click()

    expect(form).to_be_hidden()


@pytest.mark.parametrize("minutes", [-20, 120])
def test_clocks_that_differ_are_said_in_minutes(visit, system, minutes):
    system.set(ahead=minutes * 60)
    visit.enter("ann")

    visit.heading("You could not be signed in")
    expect(visit.page.get_by_text(f"{abs(minutes)} minutes")).to_be_visible()


def test_the_browsers_own_clock_does_not_matter(chromium, system):
    system.set(refresh=False)
    with opened(chromium, system.address) as visit:
        visit.page.clock.install(time="2031-01-01T00:00:00Z")
        visit.enter("ann")

        visit.is_in("ann")
        start_a_form(visit)
        assert dialog(visit, "Your sign-in has ended").count() == 0


def test_an_answer_that_nobody_asked_for_signs_nobody_in(visit):
    visit.open("/?code=made-up&state=made-up-as-well-0123456789")
    visit.heading("You could not be signed in")
    visit.is_tidy()
    visit.page.get_by_role("button", name="Try again").click()
    visit.sign_in(visit.page, "ann")

    visit.is_in("ann")
    visit.is_tidy()


def test_a_beckon_that_does_not_answer_is_asked_again(visit):
    visit.page.route("**/v1/me", lambda route: route.abort())
    visit.enter("ann", "/#/users?text=a")
    visit.heading("Something went wrong")

    visit.page.unroute_all()
    visit.page.get_by_role("button", name="Try again").click()
    visit.is_in("ann")
    assert visit.page.url.endswith("/#/users?text=a")


def test_another_client_sends_access_tokens_for_the_api(request, chromium, tmp_path):
    system = SignIn(request.config.getoption("--binary").resolve(), tmp_path, "api://beckon", "--client-id", "beckon-console")
    try:
        system.set(roles={"ann": ["viewer"]})
        with opened(chromium, system.address) as visit:
            visit.enter("ann", "/#/users")
            visit.is_in("ann")
            visit.is_tidy()

            # The same person, whose token is for something else.
            system.set(audience="api://elsewhere")
            visit.page.reload()
            visit.heading("You could not be signed in")
            expect(visit.page.get_by_text("api://elsewhere")).to_be_visible()
    finally:
        system.stop()


def test_where_nobody_signs_in_the_page_says_so(chromium, beckon):
    with opened(chromium, beckon.address) as visit:
        visit.open()

        visit.heading("Users")
        expect(visit.page.get_by_text("nobody signs in")).to_be_visible()
        expect(visit.page.get_by_role("button", name="Sign out")).to_have_count(0)


@pytest.mark.parametrize("role, page", [("mdm", "/users"), ("mdm", "/settings")])
def test_a_page_that_may_not_be_seen_names_the_role_it_needs(request, chromium, tmp_path, role, page):
    """Where somebody plays a role on one machine."""
    port = free_port()
    running = start_beckon(request.config.getoption("--binary").resolve(), tmp_path, port, "--role", role)
    try:
        with opened(chromium, f"http://127.0.0.1:{port}") as visit:
            visit.open(f"/#{page}")

            visit.heading("This page needs another role")
            expect(visit.page.get_by_text("the role viewer")).to_be_visible()
            assert not [each.url for each in visit.asked if "/v1/" in each.url and not each.url.endswith("/v1/me")]
            is_accessible(visit)
    finally:
        running.stop()
