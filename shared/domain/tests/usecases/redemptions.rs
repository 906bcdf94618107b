//! What tests of PINs share: an invited user, a right and a wrong PIN, and an invitation in another state.

use beckon_domain::model::invitation::InvitationState;
use beckon_domain::model::user::User;
use beckon_domain::usecases::redeem::{RedeemRefused, Redeemed};
use beckon_testkit::World;
use beckon_testkit::builders::a_user;

/// A world in which one user has been invited by mail.
pub(crate) async fn invited() -> (World, User) {
    let world = World::new();
    let user = world.with(a_user());
    world.invite(&[&user]).await;
    (world, user)
}

pub(crate) async fn guess(world: &World, user: &User) -> Result<Redeemed, RedeemRefused> {
    world.show_pin(&user.email, &world.wrong_pin_of(user)).await
}

pub(crate) async fn show_right(world: &World, user: &User) -> Result<Redeemed, RedeemRefused> {
    world.show_pin(&user.email, &world.pin_of(user)).await
}

pub(crate) fn does_not_fit(result: &Result<Redeemed, RedeemRefused>) -> bool {
    matches!(result, Err(RedeemRefused::DoesNotFit))
}

pub(crate) fn set_state(world: &World, user: &User, state: InvitationState) {
    world.store.change_user(user.id, |user| {
        user.invitation.as_mut().unwrap().state = state;
    });
}
