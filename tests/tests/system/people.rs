//! People in and out: an address that was wrong, a whole list of people, somebody who leaves.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a broken expectation is a failed test"
)]

use std::fmt::Write as _;
use std::time::Duration;

use beckon_local::Options;
use beckon_tests::{Beckon, Person, until};
use serde_json::{Value, json};

async fn correct(beckon: &Beckon, person: &Person, email: &str) -> Person {
    let answer = beckon
        .call("PATCH", &format!("/v1/users/{}", person.id))
        .json(&json!({ "email": email }))
        .answer()
        .await
        .with_status(200);
    assert_eq!(answer["email"], email);
    Person {
        email: email.to_owned(),
        ..person.clone()
    }
}

#[tokio::test]
async fn an_address_is_corrected_after_a_bounce_and_the_person_enrols_with_the_new_pin() {
    let beckon = Beckon::start().await;
    let wrong = beckon.add_uninvited("bounce@example.com").await;
    beckon.begin_batch(&[&wrong]).await;
    beckon.delivery(&wrong, "hardBounced").await;
    let old_pin = beckon.newest_pin(&wrong.email).await;

    let right = correct(&beckon, &wrong, "ada@example.com").await;
    beckon.mail_number(1, &right.email).await;
    beckon.delivery(&right, "delivered").await;

    for (address, pin) in [(&wrong.email, &old_pin), (&right.email, &old_pin)] {
        assert_eq!(beckon.show_pin(address, pin).await.status, 403);
    }
    let session = beckon.redeem(&right).await;
    beckon
        .report_device(
            &json!({ "registrationId": session }),
            &json!({ "id": "d-1" }),
        )
        .await;
    let user = beckon.user(&right).await;
    assert_eq!(user["invitation"]["state"], "completed");
    assert_eq!(user["addressMark"], Value::Null);
    let history = beckon.history(&right).await;
    let told: Vec<&str> = history.iter().map(|entry| entry.text.as_str()).collect();
    assert_eq!(
        told,
        [
            "Added.",
            "Invited (issue 1), ownership not set.",
            "The mail of issue 1 came back for good; nothing more is sent to this address until it is corrected or tried again.",
            "The address was corrected; the invitation was issued again to the new one, as issue 2.",
            "Invited (issue 2), ownership not set; the invitation before stopped working.",
            "The mail of issue 2 was delivered.",
            "The secret of issue 2 was accepted; a registration began.",
            "Device d-1 was registered: not set, because nothing decides it.",
            "Issue 2 was completed by device d-1.",
        ]
    );
    assert!(!told.concat().contains('@'));
    // The old address is free again.
    beckon.add_uninvited("bounce@example.com").await;
}

#[tokio::test]
async fn an_address_or_an_external_id_that_another_has_is_refused_by_name() {
    let beckon = Beckon::start().await;
    beckon
        .add_user(&json!({ "email": "ada@example.com", "externalId": "x-1", "invite": false }))
        .await;
    let bob = beckon.add_uninvited("bob@example.com").await;
    let before = beckon.everything().await;

    for (patch, field, kind) in [
        (
            json!({ "email": "Ada@Example.com" }),
            "email",
            "address-taken",
        ),
        (
            json!({ "externalId": "x-1" }),
            "externalId",
            "external-id-taken",
        ),
    ] {
        let answer = beckon
            .call("PATCH", &format!("/v1/users/{}", bob.id))
            .json(&patch)
            .answer()
            .await
            .with_status(409);
        assert_eq!(answer["type"], format!("urn:beckon:problem:{kind}"));
        assert_eq!(answer["errors"][0]["field"], field);
    }

    assert_eq!(beckon.everything().await, before);
}

/// What an import with these parameters answers.
async fn import(beckon: &Beckon, parameters: &str, file: &str) -> Value {
    let call = beckon.call("POST", &format!("/v1/users/import?{parameters}"));
    let call = call.header("Content-Type", "text/csv");
    call.bare_body(file).answer().await.with_status(200)
}

/// The answers of an import that is repeated until it is complete.
async fn import_to_the_end(beckon: &Beckon, parameters: &str, file: &str) -> Vec<Value> {
    let mut answers = Vec::new();
    loop {
        let answer = import(beckon, parameters, file).await;
        let complete = answer["complete"] == true;
        answers.push(answer);
        if complete {
            return answers;
        }
        assert!(answers.len() < 1_000, "the import does not end");
    }
}

/// What an export answers, page behind page.
async fn export(beckon: &Beckon, parameters: &str) -> String {
    let (mut file, mut cursor) = (String::new(), String::new());
    loop {
        let page = beckon
            .get(&format!("/v1/users/export?{parameters}{cursor}"))
            .await;
        assert_eq!(page.status, 200, "{}", page.text);
        assert_eq!(page.header("content-type"), "text/csv; charset=utf-8");
        file.push_str(&page.text);
        let next = page.header("beckon-next");
        if next.is_empty() {
            return file;
        }
        cursor = format!("&cursor={next}");
    }
}

#[tokio::test]
async fn of_ten_thousand_rows_thirty_seven_are_bad_and_named_and_the_others_are_in() {
    const ROWS: usize = 10_000;
    let bad = |number: usize| number % 270 == 17 && number < 37 * 270;
    let mut file = "externalId;email;name;groups;locale;timeZone\r\n".to_owned();
    for number in 0..ROWS {
        let (email, name) = match number % 4 {
            _ if !bad(number) => (
                format!("person{number}@example.com"),
                format!("Person {number}"),
            ),
            0 => (format!("person{number}"), "Nobody".to_owned()),
            1 => (
                format!("person{number}@example.com"),
                "https://evil.example".to_owned(),
            ),
            2 => (
                format!("person{}@example.com", number - 1),
                "Twice".to_owned(),
            ),
            _ => (
                format!("person{number}@example.com"),
                "Tur\u{202E}ned".to_owned(),
            ),
        };
        write!(
            file,
            "x-{number};{email};{name};staff|all;de;Europe/Berlin\r\n"
        )
        .unwrap();
    }
    let expected: Vec<u64> = (0..ROWS)
        .filter(|number| bad(*number))
        .map(|number| number as u64 + 2)
        .collect();
    let beckon = Beckon::start().await;

    let first = import_to_the_end(&beckon, "invite=false", &file).await;
    let again = import_to_the_end(&beckon, "invite=false", &file).await;

    let sum = |answers: &[Value], name: &str| -> u64 {
        answers
            .iter()
            .map(|answer| answer["counts"][name].as_u64().unwrap())
            .sum()
    };
    let invalid = |answer: &Value| -> Vec<u64> {
        let rows = answer["rows"].as_array().unwrap().iter();
        let rows = rows.filter(|row| row["outcome"] == "invalid");
        rows.map(|row| {
            let reason = &row["errors"][0];
            assert!(
                reason["detail"]
                    .as_str()
                    .is_some_and(|detail| detail.len() > 10),
                "{row}"
            );
            assert!(
                ["email", "name"].contains(&reason["field"].as_str().unwrap()),
                "{row}"
            );
            row["line"].as_u64().unwrap()
        })
        .collect()
    };
    assert_eq!(expected.len(), 37);
    assert_eq!(sum(&first, "added"), 9_963);
    for answer in first.iter().chain(&again) {
        assert_eq!(invalid(answer), expected);
        assert_eq!(answer["counts"]["rows"], 10_000);
    }
    assert_eq!(again.len(), 1);
    assert_eq!(
        again[0]["counts"],
        json!({ "rows": 10_000, "added": 0, "updated": 0, "unchanged": 9_963, "invalid": 37, "notReached": 0 })
    );
    assert_eq!(beckon.mailbox().await, []);
    let exported = export(&beckon, "group=staff").await;
    assert_eq!(exported.lines().count(), 9_964);
    let round = import_to_the_end(&beckon, "invite=false", &exported).await;
    assert_eq!(round[0]["counts"]["unchanged"], 9_963);
}

#[tokio::test]
async fn a_file_is_tried_then_imported_and_its_people_are_invited_once() {
    let beckon = Beckon::start().await;
    beckon.add_uninvited("ada@example.com").await;
    let file = "email,name\nada@example.com,Ada\nben@example.com,Ben\nnobody,Nobody\n";

    let trial = import(&beckon, "dryRun=true&invite=true", file).await;
    let untouched = beckon.users().await.len();
    let real = import(&beckon, "invite=true", file).await;
    let batch = real["batch"]["id"].as_str().unwrap().to_owned();
    beckon.delivered(&batch).await;
    let again = import(&beckon, "invite=true", file).await;
    beckon.quiet().await;

    assert_eq!(untouched, 1);
    assert_eq!(
        (&trial["counts"], &trial["invited"]),
        (&real["counts"], &json!(2))
    );
    assert_eq!(
        (&trial["dryRun"], &trial["batch"]),
        (&json!(true), &Value::Null)
    );
    let outcomes: Vec<&Value> = real["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| &row["outcome"])
        .collect();
    assert_eq!(outcomes, ["updated", "added", "invalid"]);
    assert_eq!(again["batch"]["id"], batch.as_str());
    // As it stands now, and not as it was answered then.
    assert_eq!(again["batch"]["state"], "expanded");
    assert_eq!(
        again["batch"]["counts"],
        json!({"selected": 2, "issued": 2, "skipped": 0, "sent": 2, "delivered": 2, "failed": 0,
            "waiting": 0, "refused": 0, "dropped": 0})
    );
    assert_eq!(again["batch"]["ownership"], "preset");
    assert_eq!(
        (&again["invited"], &again["counts"]["unchanged"]),
        (&json!(0), &json!(2))
    );
    assert_eq!(beckon.mailbox().await.len(), 2);
    let ben = Person {
        id: real["rows"][1]["userId"].as_str().unwrap().to_owned(),
        email: "ben@example.com".to_owned(),
    };
    beckon.redeem(&ben).await;
    let list = export(&beckon, "state=pending&text=ben").await;
    assert_eq!(list.lines().count(), 2);
    assert!(
        list.contains("ben@example.com,Ben,,,,true,pending,delivered,"),
        "{list}"
    );
}

#[tokio::test]
async fn an_import_says_what_is_wrong_with_the_request_or_the_file() {
    let beckon = Beckon::start().await;
    let ask = async |parameters: &str, kind: &str, body: Vec<u8>| {
        let call = beckon.call("POST", &format!("/v1/users/import{parameters}"));
        call.header("Content-Type", kind)
            .bare_body(body)
            .answer()
            .await
    };
    let good = || b"email\nada@example.com\n".to_vec();

    let unsaid = ask("", "text/csv", good()).await.with_status(422);
    let neither = ask("?invite=maybe&dryRun=1", "text/csv", good())
        .await
        .with_status(422);
    let json = ask("?invite=false", "application/json", good())
        .await
        .with_status(415);
    let large = ask("?invite=false", "text/csv", vec![b'a'; 4 * 1024 * 1024 + 1])
        .await
        .with_status(413);
    let columns = ask("?invite=false", "text/csv", b"name,phone\n".to_vec())
        .await
        .with_status(422);
    let latin = ask(
        "?invite=false",
        "text/csv",
        b"email,name\na@example.com,\xEB\n".to_vec(),
    )
    .await
    .with_status(422);

    assert_eq!(unsaid["errors"][0]["field"], "invite");
    assert_eq!(neither["errors"].as_array().unwrap().len(), 2);
    assert!(json["detail"].as_str().unwrap().contains("text/csv"));
    assert!(large["detail"].as_str().unwrap().contains("split it"));
    assert_eq!(columns["type"], "urn:beckon:problem:invalid-file");
    assert_eq!(columns["errors"][0]["code"], "noColumn");
    assert_eq!(latin["errors"][0]["code"], "encoding");
    assert_eq!(beckon.users().await, [] as [Value; 0]);
}

/// Bytes that are not UTF-8 come as a declared charset says; what was not declared is refused.
#[tokio::test]
async fn a_file_in_a_declared_charset_is_imported_with_its_columns_named_and_its_changes_told() {
    let beckon = Beckon::start().await;
    let ask = async |kind: &str| {
        let call = beckon.call("POST", "/v1/users/import?invite=false");
        let body =
            b"Email Address;First name;Last name;Phone\r\nzoe@example.com;Zo\xEB;K\xF6nig;1\r\n";
        let call = call.header("Content-Type", kind).bare_body(body.to_vec());
        call.answer().await
    };

    let undeclared = ask("text/csv").await.with_status(422);
    let unknown = ask("text/csv; charset=klingon").await.with_status(422);
    let read = ask("application/octet-stream; Charset=\"windows-1252\"")
        .await
        .with_status(200);
    let file = "email,name,locale\nzoe@example.com,Zoe,sv\n";
    let changed = import(&beckon, "dryRun=true&invite=false", file).await;

    let detail = |answer: &Value| answer["errors"][0]["detail"].as_str().unwrap().to_owned();
    assert!(detail(&undeclared).contains("line 2 has bytes of another encoding"));
    assert!(detail(&unknown).contains("charset=klingon"));
    assert_eq!(read["counts"]["added"], 1);
    assert_eq!(read["ignoredColumns"], json!(["Phone"]));
    assert_eq!(
        changed["rows"][0]["changes"],
        json!([{ "field": "name", "from": "Zoë König", "to": "Zoe" },
               { "field": "locale", "from": null, "to": "sv" }])
    );
    assert_eq!(changed["warnings"][0]["code"], "untranslated");
}

#[tokio::test]
async fn text_is_kept_in_one_form_and_what_nobody_sees_is_no_name() {
    let beckon = Beckon::start().await;
    let add = async |user: Value| beckon.post("/v1/users", &user).await;

    for name in ["\u{200B}", "\u{200D}", "\u{3164}", "\u{2800}\u{AD}"] {
        let group =
            add(json!({ "email": "a@example.com", "groups": [name], "invite": false })).await;
        assert_eq!(group.with_status(422)["errors"][0]["code"], "empty");
    }
    let unnamed = add(json!({ "email": "\u{FEFF}una@example.com\u{202A}", "displayName": "\u{200B}", "invite": false })).await;
    let unnamed = unnamed.with_status(201);
    let inside = add(json!({ "email": "ada\u{200B}@example.com", "invite": false })).await;
    let inside = inside.with_status(422);
    let kept = add(
        json!({ "email": "ada@b\u{FC}cher.example", "displayName": "Zoe\u{308} 👩\u{200D}💻",
        "locale": "deu", "timeZone": "W. Europe Standard Time", "invite": false }),
    )
    .await
    .with_status(201);

    assert_eq!(unnamed["user"]["email"], "una@example.com");
    assert_eq!(unnamed["user"]["displayName"], Value::Null);
    let detail = inside["errors"][0]["detail"].as_str().unwrap();
    assert!(
        detail.contains("an invisible character (U+200B) after 'ada'"),
        "{detail}"
    );
    let user = &kept["user"];
    assert_eq!(user["email"], "ada@xn--bcher-kva.example");
    assert_eq!(user["displayName"], "Zo\u{EB} 👩\u{200D}💻");
    assert_eq!(
        (&user["locale"], &user["timeZone"]),
        (&json!("de"), &json!("Europe/Berlin"))
    );
    for zone in ["posixrules", "localtime", "Etc/Unknown"] {
        let refused =
            add(json!({ "email": "z@example.com", "timeZone": zone, "invite": false })).await;
        assert_eq!(
            refused.with_status(422)["errors"][0]["code"],
            "unknownTimeZone"
        );
    }
}

async fn delete(beckon: &Beckon, person: &Person) -> u16 {
    let path = format!("/v1/users/{}", person.id);
    beckon.call("DELETE", &path).answer().await.status
}

#[tokio::test]
async fn a_leaver_is_deleted_with_mail_waiting_and_their_history_tells_it() {
    let beckon = Beckon::start().await;
    let ada = beckon.invite("ada@example.com").await;
    let pin = beckon.newest_pin(&ada.email).await;
    let session = beckon.redeem(&ada).await;
    // The next mail waits: the mail service puts everything off.
    beckon
        .break_mail_service(&json!({ "fault": "throttle" }))
        .await;
    let batch = beckon.begin_batch(&[&ada]).await;
    until("the second mail waits", async || {
        let happened = beckon.history_events(&ada).await;
        happened
            .contains(&"invitationMailedAgain".to_owned())
            .then_some(())
    })
    .await;

    let path = format!("/v1/batches/{batch}/recipients");
    let recipient = async || {
        let page = beckon.get(&path).await.with_status(200);
        (page["items"][0]["email"].clone(), page["next"].clone())
    };
    let before = recipient().await;

    let deleted = delete(&beckon, &ada).await;
    let again = delete(&beckon, &ada).await;
    beckon.mend_mail_service().await;
    until("the mail is dropped", async || {
        let answer = beckon
            .get(&format!("/v1/batches/{batch}/recipients"))
            .await
            .with_status(200);
        (answer["items"][0]["delivery"] == "dropped").then_some(())
    })
    .await;

    assert_eq!((deleted, again), (204, 404));
    assert_eq!(before, (json!(ada.email), Value::Null));
    assert_eq!(recipient().await, (Value::Null, Value::Null));
    assert_eq!(
        beckon.get(&format!("/v1/users/{}", ada.id)).await.status,
        404
    );
    assert_eq!(beckon.users().await, [] as [Value; 0]);
    assert_eq!(beckon.mailbox_of(&ada.email).await.len(), 1);
    assert_eq!(beckon.show_pin(&ada.email, &pin).await.status, 403);
    assert_eq!(
        beckon
            .get(&format!("/v1/registrations/{session}"))
            .await
            .status,
        404
    );
    let batch = beckon.batch(&batch).await;
    assert_eq!(
        (
            &batch["batch"]["counts"]["selected"],
            &batch["batch"]["counts"]["issued"]
        ),
        (&json!(1), &json!(1))
    );
    let history = beckon.history(&ada).await;
    let told: Vec<&str> = history.iter().map(|entry| entry.text.as_str()).collect();
    assert_eq!(told.first(), Some(&"Added."));
    assert_eq!(
        told.last(),
        Some(&"Deleted; issue 1 stopped working, and only this history is kept.")
    );
    assert!(!told.concat().contains("ada"));
    // Nothing that was taken away puzzled the stream's reader.
    assert_eq!(beckon.failures().await, [] as [Value; 0]);
    // A device reported afterwards is nobody's.
    beckon
        .report_device(
            &json!({ "registrationId": session }),
            &json!({ "id": "d-1" }),
        )
        .await;
    until("the report is kept for somebody to look at", async || {
        (beckon.failures().await.len() == 1).then_some(())
    })
    .await;
    // The address is free.
    beckon.invite(&ada.email).await;
}

#[tokio::test]
async fn how_long_is_kept_what_is_known_of_people_is_a_setting() {
    let beckon = Beckon::start().await;

    let usual = beckon.get("/v1/settings").await.with_status(200);
    let saved = beckon
        .settings(&json!({ "retention": { "eraseAfterDays": 90 } }))
        .await;
    let refused = beckon
        .call("PUT", "/v1/settings")
        .header("If-Match", "*")
        .json(&json!({ "retention": { "eraseAfterDays": 0 } }))
        .answer()
        .await
        .with_status(422);

    assert_eq!(usual["retention"], json!({ "eraseAfterDays": null }));
    assert_eq!(saved["retention"], json!({ "eraseAfterDays": 90 }));
    assert_eq!(refused["errors"][0]["field"], "retention.eraseAfterDays");
}

#[tokio::test]
async fn null_clears_a_field_of_a_user_and_what_is_left_out_stays() {
    let beckon = Beckon::start().await;
    let ada = beckon
        .add_user(&json!({
            "email": "ada@example.com", "displayName": "Ada", "externalId": "e-1", "locale": "de",
            "timeZone": "Europe/Berlin", "groups": ["staff"], "invite": false,
        }))
        .await;
    let patch = async |patch: Value| {
        let call = beckon.call("PATCH", &format!("/v1/users/{}", ada.id));
        call.json(&patch).answer().await
    };

    let named = patch(json!({ "displayName": null })).await.with_status(200);
    let rest = json!({ "externalId": null, "locale": null, "timeZone": null, "groups": null });
    let bare = patch(rest).await.with_status(200);
    let nowhere = patch(json!({ "email": null })).await;

    assert_eq!(named["displayName"], Value::Null);
    assert_eq!(named["externalId"], "e-1");
    for field in ["externalId", "locale", "timeZone"] {
        assert_eq!(bare[field], Value::Null, "{field}");
    }
    assert_eq!(bare["groups"], json!([]));
    assert_eq!(nowhere.problem(422)["errors"][0]["field"], "email");
}

#[tokio::test]
async fn cursors_are_pasted_as_they_are_and_each_list_takes_its_own_alone() {
    let beckon = Beckon::start().await;
    let mut people = Vec::new();
    for email in ["a+b@example.com", "b+c@example.com", "c+d@example.com"] {
        people.push(beckon.add_uninvited(email).await);
    }

    let (mut seen, mut cursors) = (Vec::new(), Vec::new());
    let mut page = beckon.get("/v1/users?limit=1").await.with_status(200);
    loop {
        seen.push(page["items"][0]["email"].clone());
        let Some(next) = page["next"].as_str() else {
            break;
        };
        cursors.push(next.to_owned());
        let path = format!("/v1/users?limit=1&cursor={next}");
        page = beckon.get(&path).await.with_status(200);
    }
    let history = format!("/v1/users/{}/history", people[0].id);
    let elsewhere = ["/v1/users/export", "/v1/batches", &history];

    assert_eq!(
        seen,
        ["a+b@example.com", "b+c@example.com", "c+d@example.com"]
    );
    for list in elsewhere {
        let answer = beckon.get(&format!("{list}?cursor={}", cursors[0])).await;
        assert_eq!(answer.problem(422)["errors"][0]["field"], "cursor");
    }
    let previewed = beckon
        .post(
            &format!("/v1/invitations/preview?cursor={}", cursors[0]),
            &json!({ "selection": { "filter": {} } }),
        )
        .await;
    assert_eq!(previewed.problem(422)["errors"][0]["field"], "cursor");
}

#[tokio::test]
async fn who_is_over_for_long_enough_is_erased_and_the_batch_still_counts_them() {
    let often = |options: &mut Options| options.maintenance_every = Duration::from_millis(200);
    let beckon = Beckon::start_with(often).await;
    beckon
        .settings(&json!({ "retention": { "eraseAfterDays": 30 } }))
        .await;
    let over = beckon.add_uninvited("over@example.com").await;
    let recent = beckon.add_uninvited("recent@example.com").await;
    let open = beckon.add_uninvited("open@example.com").await;
    let sent = beckon.send(&[&over, &recent, &open], None).await;
    let batch = sent["batch"]["id"].as_str().unwrap();
    let mut sessions = Vec::new();
    for person in [&over, &recent] {
        let session = beckon.redeem(person).await;
        let device = json!({ "id": format!("device of {}", person.id) });
        beckon
            .report_device(&json!({ "registrationId": session }), &device)
            .await;
        sessions.push(session);
    }
    let before = beckon.batch(batch).await;

    beckon.let_days_pass_since_the_end(&recent, 29).await;
    beckon.let_days_pass_since_the_end(&over, 31).await;
    let history = format!("/v1/users/{}/history", over.id);
    until("the person and their history are gone", async || {
        (beckon.get(&history).await.status == 404).then_some(())
    })
    .await;

    let user = beckon.get(&format!("/v1/users/{}", over.id)).await;
    assert_eq!(user.status, 404);
    let path = format!("/v1/registrations/{}", sessions[0]);
    assert_eq!(beckon.get(&path).await.status, 404);
    let left = beckon.users().await;
    let left: Vec<&Value> = left.iter().map(|user| &user["email"]).collect();
    assert_eq!(left, ["open@example.com", "recent@example.com"]);
    assert_eq!(
        beckon.registration(&sessions[1]).await["state"],
        "confirmed"
    );
    let after = beckon.batch(batch).await;
    assert_eq!(after["batch"]["counts"]["delivered"], 3);
    assert_eq!(after, before);
    // Whoever comes back is somebody new.
    let anew = beckon.invite("over@example.com").await;
    assert_ne!(anew.id, over.id);
    assert_eq!(beckon.user(&anew).await["devices"], 0);
}
