//! What every adapter of the store ports must do: one suite, run against the fake and the real
//! table alike. A case is a function whose name is the sentence it checks.
//!
//! Every case gets a store of its own, for what is due, listed or counted belongs to nobody; so
//! the factory gives an empty one each time. All else uses fresh ids and addresses.

pub mod adding;
pub mod answers;
pub mod batches;
pub mod counting;
pub mod delivery;
pub mod device_events;
pub mod due;
pub mod erasure;
pub mod groups;
pub mod history;
pub mod jobs;
pub mod life;
pub mod listing;
pub mod mails;
pub mod publishing;
pub mod saving;
pub mod sessions;
pub mod settings;
pub mod tallies;
pub mod templates;
pub mod tries;
pub mod unreachable;
pub mod unreadable;

use std::fmt::Debug;
use std::future::Future;
use std::panic::resume_unwind;

use beckon_domain::model::change::{ChangeOutcome, UserChange};
use beckon_domain::model::invitation::Invitation;
use beckon_domain::model::mail::Mail;
use beckon_domain::model::user::User;
use beckon_domain::ports::batches::Batches;
use beckon_domain::ports::counters::Counters;
use beckon_domain::ports::delivery::Delivery;
use beckon_domain::ports::devices::Devices;
use beckon_domain::ports::error::Unavailable;
use beckon_domain::ports::idempotency::Idempotency;
use beckon_domain::ports::jobs::Jobs;
use beckon_domain::ports::mails::Mails;
use beckon_domain::ports::reads::ListPage;
use beckon_domain::ports::settings::SettingsStore;
use beckon_domain::ports::users::Users;
use beckon_domain::values::ids::{UserId, Version};
use tokio::task::JoinSet;

use crate::builders::{InvitationBuilder, a_row, a_user, monday_morning};

/// Every list of these cases is shorter than so many pages.
const MAX_PAGES: usize = 1_000;

/// All of a list, read page by page; no page holds more than `limit`.
async fn every_page<T, F>(limit: usize, read: impl Fn(Option<String>) -> F) -> Vec<T>
where
    F: Future<Output = Result<ListPage<T>, Unavailable>>,
{
    let mut all = Vec::new();
    let mut position: Option<String> = None;
    for _ in 0..MAX_PAGES {
        let page = read(position).await.unwrap();
        assert!(page.items.len() <= limit, "{} of {limit}", page.items.len());
        all.extend(page.items);
        position = page.next;
        if position.is_none() {
            return all;
        }
    }
    panic!("the list does not come to an end");
}

/// Every store port at once.
pub trait Store:
    Users
    + Devices
    + Batches
    + Jobs
    + Mails
    + Delivery
    + Counters
    + SettingsStore
    + Idempotency
    + Clone
    + Send
    + Sync
    + 'static
{
}

impl<S> Store for S where
    S: Users
        + Devices
        + Batches
        + Jobs
        + Mails
        + Delivery
        + Counters
        + SettingsStore
        + Idempotency
        + Clone
        + Send
        + Sync
        + 'static
{
}

/// Hands the list of all cases to another macro, after what that one wants to be handed back.
#[doc(hidden)]
#[macro_export]
macro_rules! for_each_case {
    ($then:path, $($given:tt)*) => {
        $then! {
            ($($given)*)
            adding::a_user_is_found_by_id_address_and_external_id_as_written;
            adding::an_address_is_found_whatever_its_case;
            adding::part_of_an_address_or_of_an_external_id_finds_nobody;
            adding::what_nobody_has_is_absent_and_no_error;
            adding::many_are_found_by_address_or_external_id_each_once_without_the_unknown;
            adding::two_hundred_and_fifty_ids_are_loaded_once_each_without_the_unknown;
            adding::a_taken_address_adds_nothing;
            adding::a_taken_external_id_adds_nothing;
            adding::of_many_who_add_one_address_at_once_one_wins;
            adding::of_many_who_add_one_external_id_at_once_one_wins;
            adding::user_history_batch_and_answer_are_added_as_one;
            adding::a_repeated_request_is_told_so_before_its_own_address_is_taken;
            listing::users_are_listed_in_the_order_of_their_addresses;
            listing::users_are_listed_from_the_last_address_to_the_first;
            listing::ids_are_listed_in_the_order_of_users_page_by_page;
            listing::a_page_holds_no_more_than_its_limit_and_the_last_one_ends_the_list;
            listing::pages_neither_repeat_nor_skip_while_users_are_added;
            listing::a_filter_finds_by_state_group_and_beginning;
            listing::an_invitation_whose_time_ran_out_is_listed_as_expired;
            listing::users_are_found_by_when_their_open_invitation_ends;
            life::random_lives_keep_every_promise;
            listing::everyone_on_the_list_comes_with_their_invitation;
            listing::users_are_found_by_where_the_mail_of_their_invitation_stands;
            listing::a_filter_that_finds_nobody_comes_to_an_end;
            saving::a_change_is_written_with_all_that_belongs_to_it;
            saving::no_changes_have_no_outcomes;
            saving::a_change_from_an_older_version_conflicts_and_writes_nothing;
            saving::a_change_that_skips_a_version_conflicts;
            saving::a_change_of_nobody_conflicts;
            saving::a_change_whose_mail_exists_was_done_before_and_writes_nothing;
            saving::a_change_brings_a_mail_its_next_version;
            saving::a_change_whose_mail_somebody_wrote_first_conflicts_and_writes_nothing;
            saving::one_that_conflicts_and_one_done_before_leave_sixty_eight_others_be;
            saving::two_changes_of_one_user_in_one_call_are_refused_and_nothing_is_written;
            saving::of_many_changes_of_one_user_at_once_one_is_saved;
            saving::who_repeats_after_a_conflict_loses_no_change_of_another;
            saving::a_user_is_found_by_what_a_change_claims_and_not_by_what_it_frees;
            saving::a_change_claims_an_external_id_and_frees_it_again;
            saving::a_change_that_claims_what_another_has_is_told_so_and_writes_nothing;
            saving::a_change_from_an_older_version_conflicts_whatever_it_claims;
            saving::first_versions_are_added_each_with_what_they_are_found_by;
            saving::of_many_who_claim_one_address_at_once_one_has_it;
            erasure::a_user_who_is_removed_is_gone_with_all_but_their_history;
            erasure::a_user_who_changed_since_or_is_unknown_is_not_removed;
            erasure::whom_others_change_at_once_is_removed_once_or_not_at_all;
            erasure::users_are_over_from_the_end_of_their_invitation_on;
            erasure::what_is_left_of_a_user_is_found_until_it_is_erased;
            erasure::a_long_history_is_erased_piece_by_piece;
            groups::a_group_is_found_by_id_name_and_external_id_as_written;
            groups::a_name_or_an_external_id_is_one_group_s_until_it_lets_go;
            groups::of_many_who_add_one_name_at_once_one_wins;
            groups::a_group_that_somebody_wrote_first_is_neither_replaced_nor_removed;
            groups::groups_are_listed_in_the_order_of_their_names_page_by_page;
            groups::a_member_is_told_what_the_group_is_called_now_by_every_way_of_reading;
            groups::a_group_that_is_removed_leaves_nobody_a_member;
            groups::members_are_listed_in_pages_and_forgotten_piece_by_piece;
            groups::a_member_who_leaves_or_is_removed_is_on_no_list;
            groups::what_is_noted_of_the_directory_is_known_and_a_refusal_stays;
            groups::a_change_begins_the_batch_that_invites;
            adding::of_many_who_add_one_user_name_at_once_one_wins;
            tries::a_try_is_taken_and_shows_in_the_user;
            tries::a_hundred_guesses_at_once_take_the_five_tries_there_are;
            tries::no_try_is_taken_from_another_issue;
            tries::no_try_is_taken_where_none_is_left;
            tries::no_try_is_taken_from_what_is_not_pending;
            tries::no_try_is_taken_once_the_time_is_over;
            tries::a_cancelled_invitation_has_as_many_tries_as_it_had;
            tries::no_try_is_taken_from_whom_nobody_invited_or_nobody_knows;
            tries::a_try_makes_whatever_was_read_before_stale;
            sessions::a_session_is_read_by_its_digest_alone;
            sessions::a_session_that_is_set_again_is_replaced;
            sessions::a_registration_is_read_by_user_and_device;
            sessions::a_registration_that_is_set_again_is_replaced;
            sessions::a_user_s_registrations_are_listed_newest_first;
            device_events::a_message_is_read_as_it_was_written_in_each_state;
            device_events::a_message_that_somebody_wrote_first_is_not_replaced;
            device_events::a_message_is_due_while_it_waits_and_listed_when_it_failed;
            device_events::failed_messages_are_listed_newest_first_page_by_page;
            device_events::how_far_the_asking_of_a_source_is_is_read_as_it_was_written;
            device_events::of_each_source_the_latest_message_is_known_with_what_became_of_it;
            device_events::a_device_that_was_told_of_is_read_as_it_was_written;
            device_events::a_device_of_nobody_is_listed_and_found_by_what_it_names_until_it_is_somebodys;
            device_events::devices_of_nobody_are_listed_newest_first_page_by_page;
            device_events::of_many_who_write_a_device_at_once_one_does;
            device_events::a_device_is_recorded_as_one_with_whose_it_is;
            device_events::a_device_is_forgotten_with_the_messages_that_told_of_it;
            device_events::a_device_of_which_more_became_known_is_not_forgotten;
            device_events::a_reference_is_written_beside_the_session;
            history::a_history_is_read_newest_first_page_by_page;
            history::every_history_event_is_read_as_it_was_written;
            history::nobody_else_s_history_is_read;
            settings::the_defaults_are_version_zero_until_somebody_saves;
            settings::saved_settings_hold_and_earlier_ones_stay_readable;
            settings::a_version_that_never_was_is_absent;
            settings::settings_that_changed_since_are_not_replaced;
            settings::of_many_who_change_the_settings_at_once_one_does;
            settings::saved_settings_are_listed_newest_first_with_who_saved_them;
            settings::before_anybody_saved_any_no_settings_are_listed;
            templates::a_wording_is_read_as_it_was_written_alone_and_among_all;
            templates::a_wording_that_was_never_kept_is_absent;
            templates::a_wording_that_somebody_wrote_first_is_not_replaced;
            templates::of_many_who_keep_a_wording_at_once_one_does;
            templates::as_many_and_as_large_wordings_as_there_can_be_are_all_read;
            answers::an_answer_is_recalled_until_its_time_is_over;
            answers::an_unknown_key_has_no_answer;
            answers::a_used_key_starts_no_second_batch;
            answers::a_used_key_adds_no_second_user;
            answers::a_key_past_its_time_can_be_used_again;
            answers::of_many_same_requests_at_once_one_starts_a_batch;
            batches::a_batch_and_its_cursor_are_read_as_they_were_written;
            batches::an_unknown_batch_is_absent;
            batches::ten_rows_of_a_thousand_named_users_are_read_back_by_page;
            batches::a_batch_is_not_started_over_another;
            batches::a_finished_page_is_read_and_the_cursor_has_moved;
            batches::a_page_is_not_finished_from_an_older_cursor;
            batches::of_many_who_finish_a_page_at_once_one_does;
            batches::pages_of_a_thousand_are_read_in_their_order;
            batches::a_pushed_cursor_is_written_and_an_older_one_is_not;
            batches::a_stopped_batch_is_written_and_an_older_one_is_not;
            batches::what_was_never_started_is_neither_moved_nor_stopped;
            batches::batches_are_listed_newest_first_page_by_page;
            jobs::a_job_its_cursor_its_users_and_its_file_are_read_as_they_were_written;
            jobs::a_file_that_one_write_does_not_hold_starts_no_job;
            jobs::an_unknown_job_is_absent;
            jobs::a_used_key_starts_no_second_job;
            jobs::a_step_is_written_as_a_whole;
            jobs::a_step_from_an_older_cursor_writes_nothing;
            jobs::a_step_that_meets_a_user_who_changed_writes_nothing_and_names_them;
            jobs::of_many_who_carry_out_one_step_at_once_one_does;
            jobs::a_step_deletes_users_with_what_they_are_found_by;
            jobs::a_step_erases_the_file;
            jobs::pages_of_outcomes_are_read_in_their_order;
            jobs::a_job_is_due_until_it_moves_or_is_done;
            jobs::jobs_are_listed_newest_first_page_by_page;
            mails::two_hundred_and_fifty_mails_are_loaded_once_each_without_the_unknown;
            mails::a_mail_in_every_state_is_read_as_it_was_written;
            mails::a_mail_is_saved_with_what_happened;
            mails::a_mail_that_somebody_wrote_first_is_not_saved_nor_is_what_happened;
            mails::a_mail_is_claimed_while_its_user_is_as_it_was_judged;
            mails::a_mail_whose_user_changed_since_is_not_claimed;
            mails::a_mail_whose_user_is_gone_is_not_claimed;
            mails::a_mail_that_changed_since_is_not_claimed;
            mails::of_many_claims_of_one_mail_at_once_one_holds;
            mails::a_mail_of_nobody_is_added_due_and_settled;
            mails::a_used_key_adds_no_second_mail;
            due::due_mails_come_oldest_first_and_no_more_than_asked_for;
            due::due_mails_of_one_class_do_not_hide_behind_another;
            due::a_mail_is_due_while_it_is_unsettled_and_its_time_has_come;
            due::a_mail_that_was_deferred_is_due_later;
            due::a_cursor_is_due_until_it_moves_or_is_done;
            due::an_open_invitation_is_due_once_its_time_is_over;
            due::an_open_invitation_is_due_at_its_reminder_first;
            due::an_invitation_that_ended_is_not_due;
            due::no_more_than_asked_for_is_due;
            due::open_invitations_are_counted;
            delivery::a_lease_is_held_by_one_run_until_it_ends;
            delivery::a_run_renews_its_own_lease;
            delivery::a_run_that_lost_its_lease_does_not_get_it_back_from_who_holds_it;
            delivery::a_lease_that_was_given_back_is_free;
            delivery::a_lease_is_given_back_by_its_holder_alone;
            delivery::of_many_who_take_the_lease_at_once_one_holds_it;
            delivery::a_pause_is_read_as_it_was_set_until_it_is_lifted;
            counting::what_is_noted_is_listed_once_and_rows_are_read_together;
            counting::a_list_goes_only_if_it_lists_what_was_read;
            counting::of_two_who_write_the_ledger_one_does;
            counting::sheets_and_sums_change_together_or_not_at_all;
            counting::whoever_counts_is_refused_once_somebody_else_begins;
            counting::every_fate_on_a_sheet_is_read_as_it_was_written;
            counting::a_sheet_that_batches_share_tells_them_apart;
            counting::sums_are_told_in_the_order_asked_with_how_often_they_were_added_to;
            counting::what_is_due_before_a_moment_is_told_page_by_page;
            tallies::a_tally_that_nobody_began_is_nothing;
            tallies::of_many_who_add_to_a_tally_at_once_none_is_lost;
            tallies::a_tally_ends_at_the_time_it_was_begun_for_however_much_is_added;
            tallies::a_tally_whose_time_is_over_begins_anew;
            tallies::a_mail_that_bounces_twice_counts_once;
            tallies::bounces_noted_at_once_are_all_counted_each_for_its_own_batch;
            tallies::the_pace_is_what_was_noted_last;
        }
    };
}

/// Makes one `#[tokio::test]` of each case; each calls the factory, an `async fn() -> S`, for a
/// store of its own:
///
/// ```text
/// async fn fresh_store() -> MyStore { … }
///
/// beckon_testkit::contract_tests!(fresh_store);
/// ```
#[macro_export]
macro_rules! contract_tests {
    ($make:ident) => {
        $crate::for_each_case!($crate::contract_tests, @each $make);
    };
    ((@each $make:ident) $($family:ident::$case:ident;)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::contract::$family::$case($make().await).await;
            }
        )*
    };
}

/// Runs the whole contract, each case with a store of its own, and names the sentence that does
/// not hold.
pub async fn whole_contract<S, F, Fut>(make: F)
where
    S: Store,
    F: Fn() -> Fut,
    Fut: Future<Output = S>,
{
    macro_rules! run_each {
        (($make:ident) $($family:ident::$case:ident;)*) => {
            $(
                let case = tokio::spawn($family::$case($make().await));
                if let Err(failure) = case.await {
                    eprintln!("does not hold: {}", stringify!($case));
                    resume_unwind(failure.into_panic());
                }
            )*
        };
    }
    for_each_case!(run_each, make);
}

/// Adds a user as the directory does.
async fn added(store: &impl Store, user: User) -> User {
    store
        .add_user(&user, &a_row(user.id, monday_morning()), None, None)
        .await
        .expect("the user is added");
    user
}

/// Adds a user and invites them: the row is then in its second version.
async fn invited(store: &impl Store, invitation: InvitationBuilder) -> User {
    let user = added(store, a_user().build()).await;
    let change = next(&user, |user| {
        let invitation = invitation.build();
        user.latest_issue = invitation.issue;
        user.invitation = Some(invitation);
    });
    saved(store, change).await
}

/// A change of a user by one version.
fn next(user: &User, change: impl FnOnce(&mut User)) -> UserChange {
    let mut user = user.clone();
    user.version = user.version.next();
    change(&mut user);
    UserChange::of(user)
}

/// Saves one change, and gives the user as they are then.
async fn saved(store: &impl Store, change: UserChange) -> User {
    assert_eq!(save(store, &change).await, ChangeOutcome::Saved);
    change.user
}

async fn save(store: &impl Store, change: &UserChange) -> ChangeOutcome {
    let outcomes = store.save_users(std::slice::from_ref(change)).await;
    let outcomes = outcomes.expect("the store can be reached");
    assert_eq!(outcomes.len(), 1);
    outcomes[0]
}

/// Writes the first version of mails of one user.
async fn mailed(store: &impl Store, user: &User, mails: &[Mail]) -> User {
    let mut user = user.clone();
    // No more at a time than any change of a use case holds.
    for mails in mails.chunks(2) {
        let change = UserChange {
            mails: mails.to_vec(),
            ..next(&user, |_| {})
        };
        user = saved(store, change).await;
    }
    user
}

async fn load(store: &impl Store, id: UserId) -> Option<User> {
    let mut found = store
        .load_users(&[id])
        .await
        .expect("the store can be reached");
    assert!(found.len() <= 1);
    found.pop()
}

async fn load_mail(store: &impl Store, mail: &Mail) -> Option<Mail> {
    let mut found = store
        .load_mails(&[mail.id])
        .await
        .expect("the store can be reached");
    assert!(found.len() <= 1);
    found.pop()
}

fn invitation_of(user: &User) -> &Invitation {
    user.invitation.as_ref().expect("the user is invited")
}

/// The version that somebody who missed one write would write.
fn too_late(version: Version) -> Version {
    version.replaces().expect("it is not the first")
}

/// Does the same many times at once, and gives every outcome.
async fn at_once<T, Fut>(times: usize, each: impl Fn(usize) -> Fut) -> Vec<T>
where
    T: Send + Debug + 'static,
    Fut: Future<Output = T> + Send + 'static,
{
    let mut tasks = JoinSet::new();
    for number in 0..times {
        tasks.spawn(each(number));
    }
    tasks.join_all().await
}
