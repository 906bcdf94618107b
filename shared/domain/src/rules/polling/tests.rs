use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::*;
use crate::model::outgoing_call::NotReached;
use crate::model::settings::device_sources::Authentication;
use crate::model::stored::Carried;
use crate::values::ids::Version;
use crate::values::source_name::SourceName;

fn source(kind: SourceKind) -> DeviceSource {
    DeviceSource {
        name: SourceName::parse("asked").unwrap(),
        kind,
        authentication: Authentication::Nothing,
        mapping: None,
        api: Some(SourceApi {
            address: ServiceUrl::parse("https://mdm.example.com").unwrap(),
            tenant: Some("contoso.example".to_owned()),
            client_id: Some("client".to_owned()),
            space: None,
        }),
    }
}

fn now() -> Timestamp {
    "2026-11-27T13:30:00Z".parse().unwrap()
}

fn begin() -> Walk {
    let poll = SourcePoll::new(SourceName::parse("asked").unwrap(), String::new(), now());
    walk(&poll, now())
}

fn answer(body: &Value) -> OutgoingAnswer {
    OutgoingAnswer {
        status: 200,
        body: body.to_string().into_bytes(),
        ..OutgoingAnswer::default()
    }
}

fn secret() -> SenderSecret {
    SenderSecret::made("api:secret".to_owned())
}

/// What is called for the page at which a walk stands.
fn called_for(source: &DeviceSource, walk: &Walk) -> String {
    let api = source.api.as_ref().unwrap();
    let call = page_call(source, api, &secret(), walk).unwrap();
    call.url.as_str().to_owned()
}

#[test]
fn a_walk_begins_before_the_last_one_began_and_looks_a_day_back_once_an_hour() {
    let before = |hours: i64, minutes: i64| {
        now() - SignedDuration::from_hours(hours) - SignedDuration::from_mins(minutes)
    };
    let new = SourcePoll::new(SourceName::parse("asked").unwrap(), String::new(), now());
    let known = SourcePoll {
        cursor: Some(before(0, 5)),
        looked_back_at: Some(before(0, 59)),
        ..new.clone()
    };
    let hourly = SourcePoll {
        looked_back_at: Some(before(1, 0)),
        ..known.clone()
    };
    let half = SourcePoll {
        walk: Some(Walk {
            from: before(9, 0),
            began_at: before(0, 1),
            position: None,
            pages: 7,
        }),
        ..known.clone()
    };

    assert_eq!(walk(&new, now()).from, before(30 * 24, 0));
    assert_eq!(walk(&known, now()).from, before(0, 15));
    assert_eq!(walk(&hourly, now()).from, before(24, 5));
    assert_eq!(walk(&half, now()).pages, 7);
}

#[test]
fn a_pause_grows_with_failures_and_is_never_shorter_than_the_system_asks_for() {
    let minutes = |failures, retry_after: Option<&str>| {
        after_failure(failures, retry_after, now())
            .duration_since(now())
            .as_mins()
    };

    assert_eq!(
        [1, 2, 3, 4, 5, 4_000].map(|failures| minutes(failures, None)),
        [5, 10, 20, 40, 60, 60]
    );
    assert_eq!(minutes(1, Some("60")), 5);
    assert_eq!(minutes(1, Some("7200")), 120);
    assert_eq!(minutes(1, Some("Fri, 27 Nov 2026 14:00:00 GMT")), 30);
    assert_eq!(minutes(1, Some("Fri, 27 Nov 2020 14:00:00 GMT")), 5);
    assert_eq!(minutes(1, Some("soon")), 5);
    assert_eq!(minutes(1, Some("4000000000")), 24 * 60);
}

#[test]
fn each_system_is_asked_as_its_documentation_says() {
    let begin = Walk {
        from: now(),
        ..begin()
    };
    let url = |kind| called_for(&source(kind), &begin);

    assert_eq!(
        url(SourceKind::Intune),
        "https://mdm.example.com/v1.0/deviceManagement/managedDevices?$filter=enrolledDateTime%20ge%202026-11-27T13:30:00Z"
    );
    assert_eq!(
        url(SourceKind::IvantiNeurons),
        "https://mdm.example.com/api/v1/tenant/partition/device?rows=200&start=0"
    );
    assert!(url(SourceKind::IvantiEpmm).starts_with(
        "https://mdm.example.com/api/v2/devices?adminDeviceSpaceId=1&query=common.status%20%3D%20%22ACTIVE%22&fields=common.uuid,"
    ));
    assert_eq!(
        url(SourceKind::Kandji),
        "https://mdm.example.com/api/v1/devices?limit=300&offset=0"
    );
    let neurons = source(SourceKind::IvantiNeurons);
    let api = neurons.api.as_ref().unwrap();
    let basic = page_call(&neurons, api, &secret(), &begin).unwrap();
    assert_eq!(basic.headers[0].1, "Basic YXBpOnNlY3JldA==");
    let kandji = source(SourceKind::Kandji);
    let bearer = page_call(&kandji, api, &secret(), &begin).unwrap();
    assert_eq!(bearer.headers[0].1, "Bearer api:secret");
}

#[test]
fn a_token_is_asked_for_where_the_tenants_cloud_gives_it_and_a_refusal_says_why() {
    let mut intune = source(SourceKind::Intune);
    let api = intune.api.as_mut().unwrap();
    api.address = ServiceUrl::parse("https://graph.microsoft.us").unwrap();

    let call = token_call(api, &SenderSecret::made("a&b=c".to_owned())).unwrap();

    assert_eq!(
        call.url.as_str(),
        "https://login.microsoftonline.us/contoso.example/oauth2/v2.0/token"
    );
    assert_eq!(
        String::from_utf8(call.body).unwrap(),
        "grant_type=client_credentials&client_id=client&client_secret=a%26b%3Dc&scope=https%3A%2F%2Fgraph.microsoft.us%2F.default"
    );
    let given = token_in(&answer(
        &json!({ "access_token": "abc", "expires_in": 3599 }),
    ));
    assert_eq!(given.unwrap().expose(), "abc");
    let refused = |status, body: Value| {
        token_in(&OutgoingAnswer {
            status,
            ..answer(&body)
        })
    };
    let why = |status, word: Option<&str>| {
        let word = word.map(str::to_owned);
        Err(PollFailed::NoToken { status, word })
    };
    let told = json!({ "error": "invalid_client", "error_description": "Secret abc is wrong" });
    assert_eq!(refused(401, told), why(401, Some("invalid_client")));
    let nameless = refused(400, json!({ "error": "Ada <x>" }));
    assert_eq!(nameless, why(400, None));
    assert!(nameless.unwrap_err().to_string().contains("(status 400)"));
    assert_eq!(refused(429, json!({})), Err(PollFailed::TooMany));
    let hostile = answer(&json!({ "access_token": "a\r\nX-Other: b" }));
    assert_eq!(token_in(&hostile), Err(PollFailed::NotUnderstood));
}

#[test]
fn what_a_failure_says_in_numbers_and_words_stands_beside_its_name() {
    let refused = |word: Option<&str>| PollFailed::NoToken {
        status: 400,
        word: word.map(str::to_owned),
    };
    let noted = |why: PollFailed| {
        let PollFailure { code, parameters } = why.noted();
        let told = parameters.into_iter();
        let told = told.map(|(name, value)| format!(" {name}={value}"));
        code + &told.collect::<String>()
    };
    for (why, told) in [
        (PollFailed::NoCredentials, "noCredentials"),
        (PollFailed::Unauthorised(401), "unauthorised status=401"),
        (PollFailed::Forbidden, "forbidden status=403"),
        (refused(None), "noToken status=400"),
        (
            refused(Some("invalid_client")),
            "noToken status=400 word=invalid_client",
        ),
        (PollFailed::TooMany, "tooMany status=429"),
        (PollFailed::Redirected(302), "redirected status=302"),
        (PollFailed::Status(500), "status status=500"),
        (PollFailed::Endless, "endless"),
        (NoAnswer::TooLate.into(), "tooLate"),
        (
            NoAnswer::Unreachable(NotReached::NotTrusted).into(),
            "notTrusted",
        ),
    ] {
        assert_eq!(noted(why), told);
    }
}

#[test]
fn a_next_page_is_the_systems_own_or_is_refused() {
    let intune = source(SourceKind::Intune);
    let api = intune.api.as_ref().unwrap();
    let read = |link: &str, walk: &Walk| {
        let body = json!({ "value": [{ "id": "1" }], "@odata.nextLink": link });
        let answer = answer(&body);
        page_in(&intune, api, walk, &answer).map(|page| page.next)
    };
    let next = "https://mdm.example.com/v1.0/deviceManagement/managedDevices?$skiptoken=x";

    let second = read(next, &begin()).unwrap();

    let at = Walk {
        position: second.clone(),
        ..begin()
    };
    assert_eq!(called_for(&intune, &at), next);
    assert!(!format!("{second:?}").contains("skiptoken"));
    for link in [
        "https://evil.example.com/next",
        "https://mdm.example.com.evil.example.com/next",
        "https://mdm.example.com:8443/next",
        "http://mdm.example.com/next",
        "https://mdm.example.com@evil.example.com/next",
        "//evil.example.com",
        "/relative",
        "",
    ] {
        assert_eq!(read(link, &begin()), Err(PollFailed::Elsewhere), "{link}");
    }
    assert_eq!(read(next, &at), Err(PollFailed::Endless));
}

#[test]
fn an_answer_that_is_no_list_says_so_and_what_to_do_where_that_is_known() {
    let begin = begin();
    for kind in [
        SourceKind::Intune,
        SourceKind::IvantiNeurons,
        SourceKind::IvantiEpmm,
        SourceKind::Kandji,
    ] {
        let source = source(kind);
        let api = source.api.as_ref().unwrap();
        let failed = |status, body: &[u8]| {
            let answer = OutgoingAnswer {
                status,
                body: body.to_vec(),
                ..OutgoingAnswer::default()
            };
            page_in(&source, api, &begin, &answer).map(|page| page.rows.len())
        };
        let bodies: [&[u8]; 6] = [
            b"",
            b"[{\"device_id\": \"one",
            b"{}",
            b"null",
            b"<html>",
            b"\"[]\"",
        ];
        for body in bodies {
            assert_eq!(
                failed(200, body),
                Err(PollFailed::NotUnderstood),
                "{kind:?}"
            );
        }
        assert_eq!(failed(401, b"{}"), Err(PollFailed::Unauthorised(401)));
        assert_eq!(failed(403, b"{}"), Err(PollFailed::Forbidden));
        assert_eq!(failed(429, b"{}"), Err(PollFailed::TooMany));
        assert_eq!(failed(302, b"{}"), Err(PollFailed::Redirected(302)));
        assert_eq!(failed(503, b"{}"), Err(PollFailed::Status(503)));
        assert_eq!(failed(204, b""), Err(PollFailed::Status(204)));
    }
}

#[test]
fn every_partition_of_a_tenant_is_read_to_its_end() {
    let neurons = source(SourceKind::IvantiNeurons);
    let api = neurons.api.as_ref().unwrap();
    let mut walk = begin();
    let mut read = Vec::new();
    let mut urls = Vec::new();
    let row = |number: u64| json!({ "guid": number.to_string() });
    let answers = [
        json!({ "errors": null, "result": { "searchResults": [{ "id": 7 }, { "id": 9 }], "totalCount": 2 } }),
        json!({ "result": { "searchResults": [row(1), row(2)], "totalCount": 2 } }),
        json!({ "result": { "searchResults": [row(3)], "totalCount": 1 } }),
    ];

    for body in answers {
        urls.push(called_for(&neurons, &walk));
        let answer = answer(&body);
        let page = page_in(&neurons, api, &walk, &answer).unwrap();
        read.extend(page.rows.iter().map(|row| row.get().to_owned()));
        walk.position = page.next;
    }

    assert_eq!(walk.position, None);
    assert_eq!(read.len(), 3);
    assert!(urls[1].contains("dmPartitionId=7&") && urls[2].contains("dmPartitionId=9&"));
}

/// A list of a system that gives at most so many rows at once, from which rows go and to which rows come between pages.
fn walked(give: usize, changes: impl Fn(usize, &mut Vec<u64>)) -> BTreeSet<u64> {
    let kandji = source(SourceKind::Kandji);
    let api = kandji.api.as_ref().unwrap();
    let mut list: Vec<u64> = (0..200).collect();
    let mut seen = BTreeSet::new();
    let mut walk = begin();
    for page in 0..400 {
        let url = called_for(&kandji, &walk);
        let offset: usize = url.split("offset=").nth(1).unwrap().parse().unwrap();
        let rows: Vec<Value> = list
            .iter()
            .skip(offset)
            .take(give)
            .map(|id| json!({ "device_id": id.to_string() }))
            .collect();
        let answer = answer(&Value::Array(rows));
        let read = page_in(&kandji, api, &walk, &answer).unwrap();
        for row in read.rows {
            let row: Value = serde_json::from_str(row.get()).unwrap();
            seen.insert(row["device_id"].as_str().unwrap().parse().unwrap());
        }
        walk.position = read.next;
        if walk.position.is_none() {
            return seen;
        }
        changes(page, &mut list);
    }
    panic!("the walk does not end");
}

#[test]
fn whoever_is_listed_all_the_time_is_read_however_the_rows_move() {
    let stays: BTreeSet<u64> = (0..200).filter(|id| id % 5 != 0).collect();
    // A page of one row has nothing in common with the next.
    assert_eq!(walked(1, |_, _| {}).len(), 200);
    for give in [2, 7, 41, 300] {
        let still = walked(give, |_, _| {});
        assert_eq!(still.len(), 200, "{give}");
        // One that was read goes after each page, from the front.
        let leaving = walked(give, |page, list| {
            let gone = u64::try_from(page).unwrap() * 5;
            list.retain(|id| *id != gone || gone >= 200);
        });
        assert!(leaving.is_superset(&stays), "{give}");
        // New ones come at the front.
        let coming = walked(give, |page, list| {
            if page < 20 {
                list.insert(0, 1_000 + u64::try_from(page).unwrap());
            }
        });
        assert!(coming.is_superset(&(0..200).collect()), "{give}");
        // Every fifth goes at once: more than two pages have in common.
        let at_once = walked(give, |page, list| {
            if page == 1 {
                list.retain(|id| id % 5 != 0);
            }
        });
        assert!(at_once.is_superset(&stays), "{give}");
        // Half of them do, when some pages were read: the next page has nothing in common with the last.
        let halved = walked(give, |page, list| {
            if page == 4 {
                list.retain(|id| id % 2 == 1);
            }
        });
        let odd: BTreeSet<u64> = (0..200).filter(|id| id % 2 == 1).collect();
        assert!(halved.is_superset(&odd), "{give}");
    }
}

#[test]
fn the_same_enrolment_is_the_same_message_and_another_one_is_not() {
    let kandji = source(SourceKind::Kandji);
    let mapping = mapping_of(&kandji);
    let walk = Walk {
        from: "2026-11-27T13:00:00Z".parse().unwrap(),
        ..begin()
    };
    let later = now() + SignedDuration::from_hours(3);
    let kept = |enrolled: &str, checked_in: &str, at| {
        let row = json!({
            "device_id": "1",
            "user": { "email": "ada@example.com" },
            "last_enrollment": enrolled,
            "last_check_in": checked_in,
        });
        let row = RawValue::from_string(row.to_string()).unwrap();
        message_of(&kandji, &mapping, &row, &walk, at).map(|event| event.id)
    };
    let first = kept("2026-11-27 13:04:22.000000+00:00", "a", now());

    assert!(first.is_some());
    assert_eq!(kept("2026-11-27 13:04:22.000000+00:00", "b", later), first);
    assert_ne!(kept("2026-11-27 13:04:23.000000+00:00", "a", now()), first);
    assert_eq!(kept("2026-11-27 12:59:59.000000+00:00", "a", now()), None);
    // Whether it is new is not known: it is kept, once.
    assert!(kept("some day", "a", now()).is_some());
}

#[test]
fn a_row_that_is_not_understood_is_kept_once_a_day_and_one_of_no_interest_never() {
    let kandji = source(SourceKind::Kandji);
    let mapping = mapping_of(&kandji);
    let kept = |row: &Value, at| {
        let row = RawValue::from_string(row.to_string()).unwrap();
        message_of(&kandji, &mapping, &row, &begin(), at).map(|event| event.id)
    };
    let without_id = json!({ "last_enrollment": "2026-11-27T13:04:22Z", "device_name": "a" });
    let another = json!({ "last_enrollment": "2026-11-27T13:05:22Z", "device_name": "b" });
    let tomorrow = now() + SignedDuration::from_hours(24);

    assert!(kept(&without_id, now()).is_some());
    assert_eq!(kept(&another, now()), kept(&without_id, now()));
    assert_ne!(kept(&another, tomorrow), kept(&without_id, now()));
    let midnight: Timestamp = "2026-11-27T00:00:00Z".parse().unwrap();
    let last_second = midnight + SignedDuration::from_secs(24 * 60 * 60 - 1);
    assert_eq!(kept(&another, midnight), kept(&another, last_second));
    assert_eq!(kept(&json!({ "device_id": "1" }), now()), None);
    let removed =
        json!({ "device_id": "1", "last_enrollment": "2026-11-27T13:04:22Z", "is_removed": true });
    assert_eq!(kept(&removed, now()), None);
}

#[test]
fn a_walk_begins_anew_only_after_failures_that_its_position_may_have_caused() {
    for why in [
        PollFailed::Status(400),
        PollFailed::Status(404),
        PollFailed::Status(410),
        PollFailed::NotUnderstood,
        PollFailed::Elsewhere,
        PollFailed::Endless,
    ] {
        assert!(why.may_be_the_position(), "{why}");
    }
    for why in [
        PollFailed::Status(500),
        PollFailed::NoCredentials,
        PollFailed::Unauthorised(401),
        PollFailed::TooMany,
        PollFailed::Redirected(302),
        NoAnswer::TooLate.into(),
    ] {
        assert!(!why.may_be_the_position(), "{why}");
    }
}

#[test]
fn what_is_known_of_a_source_counts_until_it_is_asked_elsewhere_or_read_otherwise() {
    let kandji = source(SourceKind::Kandji);
    let elsewhere = DeviceSource {
        api: source(SourceKind::Kandji).api.map(|api| SourceApi {
            address: ServiceUrl::parse("https://other.example.com").unwrap(),
            ..api
        }),
        ..kandji.clone()
    };
    let otherwise = DeviceSource {
        mapping: Some(Mapping::default()),
        ..kandji.clone()
    };
    let new = SourcePoll::new(kandji.name.clone(), asked_by(&kandji), now());
    let known = SourcePoll {
        cursor: Some(now()),
        version: Version::from_number(7),
        carried: Carried::new("what a later version wrote".to_owned()),
        ..new.clone()
    };
    let later = now() + SignedDuration::from_hours(1);

    assert_eq!(poll_of(None, &kandji, now()), new);
    assert_eq!(poll_of(Some(known.clone()), &kandji, later), known);
    for changed in [elsewhere, otherwise] {
        let poll = poll_of(Some(known.clone()), &changed, later);
        assert_eq!((poll.cursor, poll.version), (None, known.version));
        assert_eq!(poll.carried, known.carried);
        assert_ne!(poll.asked_by, known.asked_by);
    }
}

#[test]
fn that_it_went_well_is_noted_when_it_is_news() {
    let new = SourcePoll::new(SourceName::parse("asked").unwrap(), String::new(), now());
    let quiet = SourcePoll {
        last_success_at: Some(now() - POLL_EVERY + SignedDuration::from_secs(1)),
        ..new.clone()
    };
    let changed = |change: fn(&mut SourcePoll)| {
        let mut poll = quiet.clone();
        change(&mut poll);
        poll
    };
    let failed = changed(|poll| poll.failures = 1);
    let told = changed(|poll| poll.last_error = Some("why".to_owned()));
    let silent = changed(|poll| poll.last_success_at = Some(now() - POLL_EVERY));

    assert_eq!(went_well(quiet.clone(), now()), None);
    for news in [new, failed, told, silent] {
        let went_wrong = went_wrong(news.clone(), &PollFailed::Status(500), now());
        assert_eq!(went_wrong.last_round_at, Some(now()));
        assert_eq!(
            went_wrong.last_failure,
            Some(PollFailed::Status(500).noted())
        );
        let why = went_wrong.last_error.clone();
        assert_eq!(why, Some(PollFailed::Status(500).to_string()));
        for poll in [went_wrong, news] {
            let next = poll.version.next();
            let well = went_well(poll, now()).unwrap();
            assert_eq!(
                (well.failures, &well.last_error, &well.last_failure),
                (0, &None, &None)
            );
            assert_eq!(
                (well.last_round_at, well.last_success_at),
                (Some(now()), Some(now()))
            );
            assert_eq!(well.version, next);
        }
    }
}

#[test]
fn a_row_is_kept_from_the_beginning_of_the_walk_on_and_up_to_the_largest_body() {
    let kandji = source(SourceKind::Kandji);
    let mapping = mapping_of(&kandji);
    let walk = Walk {
        from: now(),
        ..begin()
    };
    let row = |at: Timestamp, pad: usize| {
        let row = json!({
            "device_id": "1", "last_enrollment": at.to_string(), "user": { "email": "ada@example.com" },
            "device_name": "x".repeat(pad),
        });
        RawValue::from_string(row.to_string()).unwrap()
    };
    let is_kept = |row: &RawValue| message_of(&kandji, &mapping, row, &walk, now()).is_some();
    let room = MAX_BODY_BYTES - row(now(), 0).get().len();

    assert!(is_kept(&row(now(), 0)));
    assert!(!is_kept(&row(now() - SignedDuration::from_secs(1), 0)));
    assert!(is_kept(&row(now(), room)));
    assert!(!is_kept(&row(now(), room + 1)));
}

#[test]
fn a_list_of_ivantis_goes_on_while_it_says_that_there_is_more() {
    let (neurons, epmm) = (
        source(SourceKind::IvantiNeurons),
        source(SourceKind::IvantiEpmm),
    );
    let next = |source: &DeviceSource, body: &Value, position: Option<Position>| {
        let walk = Walk {
            position,
            ..begin()
        };
        let answer = answer(body);
        page_in(source, source.api.as_ref().unwrap(), &walk, &answer).map(|page| page.next)
    };
    let partitions = |ids: &[u64], total: u64| {
        let ids: Vec<Value> = ids.iter().map(|id| json!({ "id": id })).collect();
        json!({ "result": { "searchResults": ids, "totalCount": total } })
    };
    let rows = |total: u64| json!({ "result": { "searchResults": [{ "guid": "1" }, { "guid": "2" }], "totalCount": total } });

    // Which partitions there are is read at once, or not at all.
    let whole = next(&neurons, &partitions(&[7], 1), None).unwrap();
    assert!(next(&neurons, &partitions(&[7], 0), None).is_ok());
    for part in [partitions(&[7], 2), partitions(&[], 0)] {
        assert_eq!(next(&neurons, &part, None), Err(PollFailed::NotUnderstood));
    }
    assert!(next(&neurons, &rows(3), whole.clone()).unwrap().is_some());
    assert_eq!(next(&neurons, &rows(2), whole), Ok(None));
    let answer = |more: bool| json!({ "results": [{ "common.uuid": "1" }], "hasMore": more });
    assert!(next(&epmm, &answer(true), None).unwrap().is_some());
    assert_eq!(next(&epmm, &answer(false), None), Ok(None));
}
