//! What an invitation costs in the table, in DynamoDB's own units, histories and indexes counted.

use std::time::Duration;

use beckon_tests::{Beckon, Person};
use serde_json::json;

/// A write unit costs less than a hundredth of a mail, so these keep the table at a fraction of SES.
const SEND_TO_DELIVERED: f64 = 26.0;
const REDEEMED_TO_CONFIRMED: f64 = 20.0;

/// A system whose clock stays away, so that only what is asked for is counted.
async fn without_clock() -> Beckon {
    Beckon::start_with(|options| options.tick = Duration::from_hours(1)).await
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
async fn an_invitation_of_a_larger_send_takes_fewer_than_26_write_units_until_it_is_delivered() {
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

#[tokio::test]
async fn from_redeemed_to_confirmed_takes_fewer_than_20_write_units() {
    let beckon = without_clock().await;
    beckon
        .settings(
            &json!({ "confirmation": { "enabled": true, "distribution": { "everyone": true } } }),
        )
        .await;
    let ada = beckon.invite("ada@example.com").await;
    let session = beckon.redeem(&ada).await;
    let (written, _) = beckon.consumed_units();

    let registrant = json!({ "registrationId": session });
    beckon
        .report_device(&registrant, &json!({ "id": "d-1" }))
        .await;

    let (written_then, _) = beckon.consumed_units();
    let units = written_then - written;
    println!("{units:.1} write units from redeemed to confirmed");
    assert!(units > 6.0, "{units}");
    assert!(units < REDEEMED_TO_CONFIRMED, "{units}");
}
