"""Actions for many people and imports: jobs that are started from the list of users, followed, stopped, and read later."""

from itertools import count

import pytest
from beckon import until
from playwright.sync_api import expect

number = count(1)


def people(beckon, group, many, **more):
    made = []
    for _ in range(many):
        at = next(number)
        user = {"email": f"job{at}@example.com", "displayName": f"Job {at}", "groups": [group], "invite": False, **more}
        made.append(beckon.send("POST", "/v1/users", user)["user"])
    return made


def known(beckon, user):
    return beckon.get(f"/v1/users/{user['id']}")


def job(beckon, body):
    started = beckon.send("POST", "/v1/jobs", body, {"Idempotency-Key": f"job-{next(number)}"})["id"]
    until("the job is over", lambda: beckon.get(f"/v1/jobs/{started}")["state"] != "running")
    return started


def select_all_of(console, group):
    page = console.open(f"/users?group={group}")
    # While the rows are on their way there is nobody to select.
    expect(page.locator("tbody tr:not(.blank)").first).to_be_visible()
    page.get_by_role("checkbox", name="Select all on this page").check()
    return page


def test_an_action_on_several_people_is_a_job_and_says_what_it_did(beckon, console):
    users = people(beckon, "disabled", 3)
    page = select_all_of(console, "disabled")
    console.choose("Actions", "Disable")
    expect(console.dialog).to_contain_text("3 people are selected:")
    console.button("Disable", console.dialog).click()
    expect(console.dialog).to_contain_text("Done: 3 people.")
    console.hears("Done: 3 people.")
    assert not any(known(beckon, user)["enabled"] for user in users)
    console.dialog.get_by_role("link", name="Open the job’s page").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Disable")
    expect(page.locator("tbody tr").filter(has_text=users[0]["email"])).to_contain_text("Done")


def test_everyone_who_matches_gets_a_group_but_for_the_exceptions(beckon, console):
    users = people(beckon, "matching", 4)
    page = select_all_of(console, "matching")
    console.button("Select all that match").click()
    page.get_by_role("checkbox", name=f"Select {users[0]['displayName']}", exact=True).uncheck()
    console.choose("Actions", "Change groups")
    console.dialog.get_by_role("combobox", name="Groups").fill("added")
    console.button("Change groups", console.dialog).click()
    expect(console.dialog).to_contain_text("Done: 3 people.")
    groups = [sorted(known(beckon, user)["groups"]) for user in users]
    assert groups == [["matching"]] + [["added", "matching"]] * 3, groups


def test_before_everyone_who_matches_is_deleted_they_are_counted_but_for_the_exceptions(beckon, console):
    users = people(beckon, "leaving", 4)
    page = select_all_of(console, "leaving")
    console.button("Select all that match").click()
    page.get_by_role("checkbox", name=f"Select {users[0]['displayName']}", exact=True).uncheck()
    console.choose("Actions", "Delete")
    expect(console.dialog.locator(".people-counted")).to_have_text("3 people")
    console.is_accessible()


def test_counting_says_how_far_it_is_and_goes_on_after_it_failed(beckon, console):
    people(beckon, "many", 2)
    rounds = iter([{"users": 10_000, "next": "second"}, None, {"users": 10_000, "next": "second"}, {"users": 2, "next": None}])

    def answer(route):
        page = next(rounds)
        return route.fulfill(json=page) if page else route.fulfill(status=422, json={"type": "urn:beckon:problem:x", "title": "No", "status": 422, "detail": "It was refused."})

    page = select_all_of(console, "many")
    page.route("**/v1/users/counts?**", answer)
    console.button("Select all that match").click()
    console.choose("Actions", "Disable")
    counted = console.dialog.locator(".people-counted")
    expect(counted).to_contain_text("It was refused.")
    console.button("Try again", console.dialog).click()
    expect(counted).to_have_text("10,002 people")
    console.hears("Still counting, so far: 10,000 people")


def test_a_person_for_whom_it_could_not_be_done_has_the_reason_in_words(beckon, console):
    invited, never = people(beckon, "mixed", 2)
    beckon.send("POST", f"/v1/users/{invited['id']}/invitation/pin", {"reason": "first"})
    job(beckon, {"action": "cancel", "selection": {"userIds": [invited["id"], never["id"]]}})
    page = console.open("/jobs")
    page.get_by_role("link", name="Cancel invitations").first.click()
    row = page.locator("tbody tr")
    expect(row.filter(has_text=never["email"])).to_contain_text("They were never invited.")
    page.get_by_label("Outcome").select_option("refused")
    expect(row).to_have_count(1)
    assert "outcome=refused" in page.url
    page.reload()
    expect(row).to_have_count(1)
    expect(row).to_contain_text(never["email"])


def test_generating_pins_asks_for_a_reason_first(beckon, console):
    user, other = people(beckon, "desk", 2)
    select_all_of(console, "desk")
    console.choose("Actions", "Generate PIN")
    console.button("Generate PINs without mail", console.dialog).click()
    expect(console.dialog.locator(".field.wrong")).to_have_count(1)
    console.dialog.get_by_label("Reason").fill("First day")
    console.dialog.get_by_label("Company owned").check()
    console.button("Generate PINs without mail", console.dialog).click()
    expect(console.dialog).to_contain_text("Done: 2 people.")
    assert beckon.invitation(user["id"])["ownership"] == "companyOwned"
    assert beckon.mails(user["email"]) == [] or "PIN: " not in beckon.mails(user["email"])[0]["text"]


def test_sheets_of_several_people_can_be_printed(beckon, console):
    users = people(beckon, "sheets", 2)
    page = select_all_of(console, "sheets")
    console.choose("Actions", "Print a sheet")
    console.dialog.get_by_label("Reason").fill("First day")
    console.button("Print sheets", console.dialog).click()
    frame = page.frame_locator("iframe.sheet-frame")
    sheets = frame.locator("article")
    expect(sheets).to_have_count(2)
    for user, sheet in zip(users, sheets.all()):
        pin = beckon.send("POST", f"/v1/users/{user['id']}/invitation/pin", {"reason": "Second look"})["pin"]
        expect(sheet.locator(".pin")).to_have_text(pin)
    expect(console.button("Print", console.dialog)).to_be_focused()


def test_an_import_is_a_job_with_an_outcome_for_each_line(beckon, console, tmp_path):
    people(beckon, "import", 1)
    file = tmp_path / "people.csv"
    file.write_text("email,name\nimported1@example.com,One\nnonsense,Two\n")
    page = console.open("/users")
    console.button("Import").click()
    page.locator("input[type=file]").set_input_files(file)
    expect(console.button("Import", console.dialog)).not_to_have_attribute("aria-disabled", "true")
    console.button("Import", console.dialog).click()
    expect(console.dialog).to_contain_text("Done: 2 lines were read.")
    # The dialog has the file, so it says what stands on the line; nobody was deleted.
    expect(console.dialog.locator(".who-not")).to_contain_text("Line 3 (nonsense · Two): Mail address: Is not a mail address")
    console.dialog.get_by_role("link", name="Open the job’s page").click()
    row = page.locator("tbody tr")
    expect(row.filter(has_text="imported1@example.com")).to_contain_text("Added")
    # What was wrong is not kept, but where it stands in the file and why.
    expect(row.filter(has_text="Wrong").get_by_role("rowheader")).to_have_text("3")
    expect(row.filter(has_text="Wrong")).to_contain_text("Is not a mail address")
    expect(row.filter(has_text="Wrong")).to_contain_text("Line 3")
    expect(row.filter(has_text="Deleted")).to_have_count(0)


def test_a_file_that_is_written_anew_is_imported_as_it_was_looked_at(console, tmp_path):
    file = tmp_path / "people.csv"
    file.write_text("email,name\nwritten1@example.com,One\n")
    page = console.open("/users")
    console.button("Import").click()
    page.locator("input[type=file]").set_input_files(file)
    expect(console.button("Import", console.dialog)).not_to_have_attribute("aria-disabled", "true")
    file.write_text("email,name\nwritten1@example.com,One\nwritten2@example.com,Two\n")
    console.button("Import", console.dialog).click()
    expect(console.dialog).to_contain_text("Done: one line was read.")


def test_the_same_file_can_be_chosen_again_after_it_was_corrected(console, tmp_path):
    file = tmp_path / "people.csv"
    file.write_text("email,name\nnonsense,One\n")
    page = console.open("/users")
    console.button("Import").click()
    page.locator("input[type=file]").set_input_files(file)
    expect(console.dialog.locator(".import-rows")).to_contain_text("nonsense")
    with page.expect_file_chooser():
        page.locator("input[type=file]").click()
    # Only so is the same file a change.
    expect(page.locator("input[type=file]")).to_have_value("")
    expect(console.dialog.locator(".import-rows")).to_contain_text("nonsense")


def test_a_comma_in_the_name_of_a_group_is_told_of_before_the_import(console, tmp_path):
    file = tmp_path / "people.csv"
    file.write_text('email,groups\ncomma@example.com,"Sales, Field"\n')
    page = console.open("/users")
    console.button("Import").click()
    page.locator("input[type=file]").set_input_files(file)
    expect(console.dialog).to_contain_text("Is read as one group, “Sales, Field” in line 2")


def test_a_request_whose_answer_was_lost_starts_no_second_job(beckon, console):
    people(beckon, "lost", 2)
    page = select_all_of(console, "lost")
    before = len(beckon.get("/v1/jobs")["items"])
    lost = []

    def lose(route):
        if route.request.method != "POST" or lost:
            return route.continue_()
        lost.append(route.fetch())
        return route.abort()

    page.route("**/v1/jobs", lose)
    console.choose("Actions", "Disable")
    console.button("Disable", console.dialog).click()
    expect(console.dialog).to_contain_text("Done: 2 people.")
    assert lost and len(beckon.get("/v1/jobs")["items"]) == before + 1


def test_an_unknown_job_is_said_to_be_unknown(console):
    page = console.open("/jobs/01M8FMAFSP4RFFWVMXBQTS4000")
    expect(page.get_by_role("heading", level=1)).to_have_text("There is no such job")


@pytest.mark.parametrize("width", [320, 1440])
@pytest.mark.parametrize("colours", ["light", "dark"])
def test_axe_finds_nothing(beckon, chromium, width, colours):
    user, never = people(beckon, f"axe{width}{colours}", 2)
    started = job(beckon, {"action": "cancel", "selection": {"userIds": [user["id"], never["id"]]}})
    with chromium.visit(viewport={"width": width, "height": 800}, color_scheme=colours, reduced_motion="reduce") as console:
        page = console.open(f"/jobs/{started}")
        expect(page.locator("tbody tr").filter(has_text=user["email"])).to_be_visible()
        console.is_accessible()
        console.open("/jobs")
        expect(page.locator("tbody tr:not(.blank)").first).to_be_visible()
        console.is_accessible()
