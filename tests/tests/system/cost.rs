//! What an invitation costs in the table, in DynamoDB's own units, histories and indexes counted.

use std::time::Duration;

use beckon_tests::{Beckon, Person};
use serde_json::json;

/// A write unit costs less than a hundredth of a mail, so these keep the table at a fraction of SES.
const SEND_TO_DELIVERED: f64 = 26.0;
/// The registration, with its confirmation still to be sent.
const RECORDED: f64 = 20.0;
/// The registration, and the confirmation claimed, sent and delivered.
const REDEEMED_TO_CONFIRMED: f64 = 30.0;

/// A system without maintenance, so that only what is asked for is counted.
async fn without_clock() -> Beckon {
    Beckon::start_with(|options| options.maintenance_every = Duration::from_hours(1)).await
}

async fn people(beckon: &Beckon, count: usize) -> Vec<Person> {
    let mut people = Vec::new();
    for number in 0..count {
        people.push(
            beckon
                .add_uninvited(&format!("p{number}@example.com"))
                .await,
        );
    }
    people
}

#[tokio::test]
async fn an_invitation_of_a_larger_batch_takes_fewer_than_26_write_units_until_it_is_delivered() {
    let beckon = without_clock().await;
    let people = people(&beckon, 40).await;
    let everyone: Vec<&Person> = people.iter().collect();
    let (written, read) = beckon.consumed_units();

    let sent = beckon.send(&everyone, None).await;
    beckon
        .delivered(sent["batch"]["id"].as_str().unwrap())
        .await;

    let (written_then, read_then) = beckon.consumed_units();
    let each = (written_then - written) / 40.0;
    println!(
        "{each:.1} write units and {:.1} read units an invitation",
        (read_then - read) / 40.0
    );
    // A user, a mail and a history row, each written once at the very least.
    assert!(each > 6.0, "{each}");
    assert!(each < SEND_TO_DELIVERED, "{each}");
}

/// A system that confirms by mail.
async fn confirming_everyone() -> Beckon {
    let beckon = without_clock().await;
    beckon
        .settings(
            &json!({ "confirmation": { "enabled": true, "distribution": { "everyone": true } } }),
        )
        .await;
    beckon
}

#[tokio::test]
async fn recording_a_registration_takes_fewer_than_20_write_units() {
    let beckon = confirming_everyone().await;
    let ada = beckon.invite("ada@example.com").await;
    let session = beckon.redeem(&ada).await;
    beckon.hold_the_post().await;
    let (written, _) = beckon.consumed_units();

    let registrant = json!({ "registrationId": session });
    beckon
        .report_device(&registrant, &json!({ "id": "d-1" }))
        .await;

    let (written_then, _) = beckon.consumed_units();
    let units = written_then - written;
    println!("{units:.1} write units to record a registration");
    assert!(units > 6.0, "{units}");
    assert!(units < RECORDED, "{units}");
}

#[tokio::test]
async fn from_redeemed_until_the_confirmation_is_delivered_takes_fewer_than_30_write_units() {
    let beckon = confirming_everyone().await;
    let people = people(&beckon, 10).await;
    let everyone: Vec<&Person> = people.iter().collect();
    beckon.send(&everyone, None).await;
    let mut sessions = Vec::new();
    for person in &people {
        sessions.push(beckon.redeem(person).await);
    }
    beckon.quiet().await;
    let (written, _) = beckon.consumed_units();

    // One after the other, as they come: none shares a round of the delivery worker with the next.
    for (person, session) in people.iter().zip(&sessions) {
        beckon
            .report_device(
                &json!({ "registrationId": session }),
                &json!({ "id": person.id }),
            )
            .await;
        let confirmation = beckon.mail_number(2, &person.email).await;
        beckon.arrived(&confirmation).await;
    }
    beckon.quiet().await;

    let (written_then, _) = beckon.consumed_units();
    let each = (written_then - written) / 10.0;
    println!("{each:.1} write units from redeemed to the confirmation's delivery");
    assert!(each > RECORDED / 2.0, "{each}");
    assert!(each < REDEEMED_TO_CONFIRMED, "{each}");
}
