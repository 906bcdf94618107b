//! A guesser against the rules as they stand together: tries, locks, renewals, cancelling and
//! giving back. What they reach is what the settings state.

use beckon_domain::model::settings::Settings;
use beckon_domain::model::user::User;
use beckon_domain::usecases::change_invitation::InvitationChange;
use beckon_domain::usecases::redeem::RedeemRefused;
use beckon_domain::values::guessing::chance_per_invitation;
use beckon_domain::values::ids::IssueNumber;
use beckon_testkit::World;
use beckon_testkit::builders::{a_user, an_administrator, settings};
use jiff::SignedDuration;

const PEOPLE: u32 = 1_000;

/// PINs of one symbol, so that hits are frequent enough to count.
fn guessable(tries: u8, renewable: bool) -> Settings {
    let mut settings = settings().tries(tries).build();
    settings.registration.pin.length = 1;
    settings.registration.allow_pin_request = renewable;
    settings
}

/// What somebody knows of one person's PIN who forgets nothing.
#[derive(Default)]
struct Guesser {
    issue: Option<IssueNumber>,
    next: u8,
    right: Option<u8>,
}

impl Guesser {
    /// Guesses for as long as guesses are compared; whether one opened a session.
    async fn guess(&mut self, world: &World, user: &User) -> bool {
        let issue = world.invitation_of(user).issue;
        if self.issue != Some(issue) {
            *self = Self {
                issue: Some(issue),
                ..Self::default()
            };
        }
        while world.invitation_of(user).tries_left > 0 && self.next < 10 {
            let shown = self.right.unwrap_or(self.next);
            match world.show_pin(&user.email, &shown.to_string()).await {
                Ok(_) => return true,
                // It was right, for an invitation that was taken back: good to know.
                Err(RedeemRefused::Ended(_)) => {
                    self.right = Some(shown);
                    return false;
                }
                Err(_) => self.next += 1,
            }
        }
        // One more than there are tries is compared with nothing.
        let beyond = world.show_pin(&user.email, &world.pin_of(user)).await;
        world.invitation_of(user).tries_left == 0 && beyond.is_ok()
    }
}

async fn change(world: &World, user: &User, change: InvitationChange) -> bool {
    let changes = world.change_invitation();
    changes
        .run(user.id, change, &an_administrator())
        .await
        .is_ok()
}

#[tokio::test]
async fn whoever_uses_every_way_to_guess_reaches_the_stated_chance_and_no_more() {
    for (tries, renewable) in [(1, false), (3, false), (1, true), (3, true)] {
        let settings = guessable(tries, renewable);
        let world = World::under(&settings);
        let mut people: Vec<(User, Guesser, bool)> = (0..PEOPLE)
            .map(|n| world.with(a_user().at(&format!("p{n}@example.com"))))
            .map(|user| (user, Guesser::default(), false))
            .collect();
        let everybody: Vec<&User> = people.iter().map(|(user, ..)| user).collect();
        world.invite(&everybody).await;

        // More rounds than there are renewals, a day apart, since nobody is mailed without end.
        for _ in 0..6 {
            for (n, (user, guesser, hit)) in people.iter_mut().enumerate() {
                if *hit {
                    continue;
                }
                // Every other one is taken back, guessed at, and given back before.
                if n % 2 == 0 && change(&world, user, InvitationChange::Cancel).await {
                    assert!(
                        !guesser.guess(&world, user).await,
                        "what was cancelled opened"
                    );
                    assert!(change(&world, user, InvitationChange::Restore).await);
                }
                *hit = guesser.guess(&world, user).await;
                world.request_pin().run(&user.email).await.unwrap();
            }
            world.wait(SignedDuration::from_hours(24));
        }

        let hits = people.iter().filter(|(.., hit)| *hit).count();
        let stated = chance_per_invitation(settings.registration.pin, renewable);
        let reached = f64::from(u32::try_from(hits).unwrap()) / f64::from(PEOPLE);
        // Four standard deviations of a share of a thousand.
        let slack = 4.0 * (stated * (1.0 - stated) / f64::from(PEOPLE)).sqrt();
        assert!(
            (reached - stated).abs() < slack,
            "{tries} tries, renewable {renewable}: stated {stated}, reached {reached}"
        );
    }
}
