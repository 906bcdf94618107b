//! Mails: loading, saving, and claiming them for the delivery worker.

use beckon_domain::model::mail::{
    Mail, MailClass, MailEvent, MailKind, MailReason, MailState, TestMail,
};
use beckon_domain::model::template::{TemplateKind, TemplateName, Wording};
use beckon_domain::model::user::User;
use beckon_domain::ports::error::SaveError;
use beckon_domain::values::address::EmailAddress;
use beckon_domain::values::ids::{BatchId, DeviceId, IssueNumber, MailId, RunId, Version};
use beckon_domain::values::locale::Locale;
use jiff::SignedDuration;

use super::{Store, added, at_once, load_mail, mailed, next, saved};
use crate::builders::{a_mail, a_row, a_user, an_answer, monday_morning};
use crate::entropy::fresh_ulid;

/// A user and a waiting mail of theirs.
async fn with_mail(store: &impl Store) -> (User, Mail) {
    let user = added(store, a_user().build()).await;
    let mail = a_mail(user.id).build();
    let user = mailed(store, &user, std::slice::from_ref(&mail)).await;
    (user, mail)
}

fn claimed(mail: &Mail) -> Mail {
    Mail {
        run: Some(RunId::new(fresh_ulid())),
        attempts: mail.attempts + 1,
        ..mail.after(MailEvent::Claim).unwrap()
    }
}

/// More than one request of the table holds, in any order, some twice.
pub async fn two_hundred_and_fifty_mails_are_loaded_once_each_without_the_unknown<S: Store>(
    store: S,
) {
    let user = added(&store, a_user().build()).await;
    let mails: Vec<Mail> = (0..210).map(|_| a_mail(user.id).build()).collect();
    mailed(&store, &user, &mails).await;
    let mut asked: Vec<MailId> = (0..20).map(|_| MailId::new(fresh_ulid())).collect();
    asked.extend(mails.iter().rev().map(|mail| mail.id));
    asked.extend(mails.iter().take(20).map(|mail| mail.id));

    let mut found = store.load_mails(&asked).await.unwrap();

    found.sort_by_key(|mail| mail.id);
    assert_eq!(asked.len(), 250);
    assert_eq!(found, mails);
    assert_eq!(store.load_mails(&[]).await.unwrap(), []);
}

/// With every field filled in, and with none.
pub async fn a_mail_in_every_state_is_read_as_it_was_written<S: Store>(store: S) {
    let user = added(&store, a_user().build()).await;
    let mut mails = Vec::new();
    for state in MailState::ALL {
        mails.push(a_mail(user.id).in_state(state).build());
        mails.push(Mail {
            kind: MailKind::Invitation {
                issue: IssueNumber::from_number(9),
                replaces: true,
                again: true,
                after: None,
            },
            batch: Some(BatchId::new(fresh_ulid())),
            settings: Version::from_number(12),
            class: MailClass::Bulk,
            attempts: 4,
            run: Some(RunId::new(fresh_ulid())),
            service_id: Some("0102018f-service".to_owned()),
            reason: Some(MailReason {
                code: "throttled".to_owned(),
                detail: "the mail service asked to go slower".to_owned(),
            }),
            due_at: monday_morning() + SignedDuration::from_micros(1),
            ..a_mail(user.id).in_state(state).build()
        });
    }
    mails.push(Mail {
        kind: MailKind::Confirmation {
            device: DeviceId::parse("device/1").unwrap(),
        },
        ..a_mail(user.id).build()
    });
    mailed(&store, &user, &mails).await;

    let ids: Vec<MailId> = mails.iter().map(|mail| mail.id).collect();
    let mut found = store.load_mails(&ids).await.unwrap();

    found.sort_by_key(|mail| mail.id);
    assert_eq!(found, mails);
}

/// Both, as one.
pub async fn a_mail_is_saved_with_what_happened<S: Store>(store: S) {
    let (user, mail) = with_mail(&store).await;
    let sent = mail.after(MailEvent::Accept).unwrap();
    let delivered = sent.after(MailEvent::Deliver).unwrap();
    let row = a_row(user.id, monday_morning());

    store.save_mail(&sent, None).await.unwrap();
    store.save_mail(&delivered, Some(&row)).await.unwrap();

    let rows = store.history_of(user.id, None, 100).await.unwrap().items;
    assert_eq!(load_mail(&store, &mail).await, Some(delivered));
    assert_eq!(rows.len(), 2);
    assert!(rows.contains(&row));
}

/// Neither an older version, nor one that skips, nor a first one, nor one of nothing.
pub async fn a_mail_that_somebody_wrote_first_is_not_saved_nor_is_what_happened<S: Store>(
    store: S,
) {
    let (user, mail) = with_mail(&store).await;
    let theirs = mail.after(MailEvent::Accept).unwrap();
    store.save_mail(&theirs, None).await.unwrap();
    let late = mail.after(MailEvent::Drop).unwrap();
    let early = Mail {
        version: theirs.version.next().next(),
        ..late.clone()
    };
    let unheard_of = a_mail(user.id).build().after(MailEvent::Drop).unwrap();

    for ours in [&late, &early, &mail, &unheard_of] {
        let row = a_row(user.id, monday_morning());
        let result = store.save_mail(ours, Some(&row)).await;
        assert!(matches!(result, Err(SaveError::Conflict)), "{result:?}");
    }

    let rows = store.history_of(user.id, None, 100).await.unwrap().items;
    assert_eq!(rows.len(), 1);
    assert_eq!(load_mail(&store, &mail).await, Some(theirs));
    assert_eq!(load_mail(&store, &unheard_of).await, None);
}

/// The user's row stays as it is.
pub async fn a_mail_is_claimed_while_its_user_is_as_it_was_judged<S: Store>(store: S) {
    let (user, mail) = with_mail(&store).await;
    let claimed = claimed(&mail);

    store.claim_mail(&claimed, user.version).await.unwrap();

    assert_eq!(load_mail(&store, &mail).await, Some(claimed));
    assert_eq!(super::load(&store, user.id).await, Some(user));
}

/// Whoever changed may have been cancelled or invited anew.
pub async fn a_mail_whose_user_changed_since_is_not_claimed<S: Store>(store: S) {
    let (judged_by, mail) = with_mail(&store).await;
    let changed = saved(&store, next(&judged_by, |user| user.enabled = false)).await;

    for version in [judged_by.version, changed.version.next()] {
        let result = store.claim_mail(&claimed(&mail), version).await;
        assert!(matches!(result, Err(SaveError::Conflict)), "{result:?}");
    }
    assert_eq!(load_mail(&store, &mail).await, Some(mail));
}

/// Nobody's mail is anybody's to send.
pub async fn a_mail_whose_user_is_gone_is_not_claimed<S: Store>(store: S) {
    let (user, mail) = with_mail(&store).await;
    let of_nobody = Mail {
        user: a_user().build().id,
        ..claimed(&mail)
    };

    let result = store.claim_mail(&of_nobody, user.version).await;

    assert!(matches!(result, Err(SaveError::Conflict)), "{result:?}");
    assert_eq!(load_mail(&store, &mail).await, Some(mail));
}

/// As when it was reported, dropped, or claimed by another run.
pub async fn a_mail_that_changed_since_is_not_claimed<S: Store>(store: S) {
    let (user, mail) = with_mail(&store).await;
    let theirs = claimed(&mail);
    store.claim_mail(&theirs, user.version).await.unwrap();

    let result = store.claim_mail(&claimed(&mail), user.version).await;

    assert!(matches!(result, Err(SaveError::Conflict)), "{result:?}");
    assert_eq!(load_mail(&store, &mail).await, Some(theirs));
}

/// So it is sent once.
pub async fn of_many_claims_of_one_mail_at_once_one_holds<S: Store>(store: S) {
    let (user, mail) = with_mail(&store).await;

    let results = at_once(8, |_| {
        let (store, claimed, version) = (store.clone(), claimed(&mail), user.version);
        async move {
            let result = store.claim_mail(&claimed, version).await;
            result.map(|()| claimed)
        }
    })
    .await;

    let (held, refused): (Vec<_>, Vec<_>) = results.into_iter().partition(Result::is_ok);
    let all_told = refused
        .iter()
        .all(|result| matches!(result, Err(SaveError::Conflict)));
    assert_eq!(held.len(), 1);
    assert!(all_told, "{refused:?}");
    assert_eq!(
        load_mail(&store, &mail).await.as_ref(),
        held[0].as_ref().ok()
    );
}

/// A mail that tries a wording, to an address that is no user's.
fn a_test() -> Mail {
    let test = TestMail {
        to: EmailAddress::parse("somebody@example.com").unwrap(),
        template: TemplateName {
            kind: TemplateKind::Reminder,
            locale: Locale::parse("pt-BR").unwrap(),
        },
        draft: Some(Wording {
            subject: "A draft".to_owned(),
            title: None,
            html: Some("<p>{{ name }}</p>".to_owned()),
            text: Some("{{ name }}".to_owned()),
        }),
    };
    Mail {
        kind: MailKind::Test(Box::new(test)),
        ..a_mail(a_user().build().id).build()
    }
}

/// It is claimed without anybody to judge it by.
pub async fn a_mail_of_nobody_is_added_due_and_settled<S: Store>(store: S) {
    let mail = a_test();

    store.add_mail(&mail, None).await.unwrap();

    let due = store
        .due_mails(MailClass::Small, monday_morning(), 10)
        .await;
    assert_eq!(due.unwrap(), [mail.id]);
    assert_eq!(load_mail(&store, &mail).await.as_ref(), Some(&mail));
    let taken = claimed(&mail);
    store.save_mail(&taken, None).await.unwrap();
    let again = store.save_mail(&claimed(&mail), None).await;
    assert!(matches!(again, Err(SaveError::Conflict)), "{again:?}");
    let sent = taken.after(MailEvent::Accept).unwrap();
    store.save_mail(&sent, None).await.unwrap();
    let due = store
        .due_mails(MailClass::Small, monday_morning(), 10)
        .await;
    assert_eq!(due.unwrap(), []);
}

/// Nothing is written, and the first answer stays.
pub async fn a_used_key_adds_no_second_mail<S: Store>(store: S) {
    let answer = an_answer();
    let (first, second) = (a_test(), a_test());
    store.add_mail(&first, Some(&answer)).await.unwrap();

    let result = store.add_mail(&second, Some(&answer)).await;

    assert!(matches!(result, Err(SaveError::Conflict)), "{result:?}");
    assert_eq!(load_mail(&store, &second).await, None);
    let kept = store.recall_answer(&answer.key, monday_morning()).await;
    assert_eq!(kept.unwrap(), Some(answer));
}
