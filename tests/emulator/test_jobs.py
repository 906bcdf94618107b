"""Actions for many people and imports, carried out by `expand` on the deployed stack."""

from test_walk import equal
from waiting import until


def over(api, job):
    """The job once it is over."""
    return until(
        f"the job {job['id']} is over",
        lambda: (read := api.get(f"/v1/jobs/{job['id']}").expect(200).json)["endedAt"] and read,
        seconds=60,
    )


def test_a_job_puts_people_into_a_group_and_another_deletes_them(session):
    api = session.administrator
    people = [api.add(f"job-{number}") for number in range(3)]
    selection = {"userIds": people}

    order = {"action": "addGroups", "groups": ["jobs"], "selection": selection}
    grouped = over(api, api.post("/v1/jobs", order).expect(202).json)
    equal((grouped["state"], grouped["counts"]["done"]), ("done", 3), "what became of the job")
    equal(api.get(f"/v1/users/{people[0]}").expect(200).json["groups"], ["jobs"], "the groups of one of them")

    deleted = over(api, api.post("/v1/jobs", {"action": "delete", "selection": selection}).expect(202).json)
    equal((deleted["state"], deleted["counts"]["done"]), ("done", 3), "what became of the job that deletes")
    api.get(f"/v1/users/{people[0]}").expect(404)
    outcomes = api.get(f"/v1/jobs/{deleted['id']}/outcomes").expect(200).json["items"]
    equal({outcome["outcome"] for outcome in outcomes}, {"done"}, "the outcome of each")


def test_a_file_is_imported_as_a_job(session):
    api = session.administrator
    file = "email,name\njob-import@example.com,Ada\nnobody,Bob\n"
    started = api.post("/v1/jobs/import?invite=false", file, {"Content-Type": "text/csv"}).expect(202).json
    rows = over(api, started)["rows"]
    equal((rows["added"], rows["invalid"]), (1, 1), "what became of the lines")
