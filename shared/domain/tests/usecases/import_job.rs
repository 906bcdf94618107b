//! An import as a job: each line once, whatever goes wrong, by the rules of an import that is answered at once.

use std::fmt::Write as _;

use beckon_domain::model::batch::BatchSelection;
use beckon_domain::model::job::{JobOutcome, JobResult};
use beckon_domain::usecases::carry_out_job::CarriedOn;
use beckon_domain::usecases::import_users::ImportOrder;
use beckon_domain::usecases::start_job::StartJobRefused;
use beckon_domain::values::ids::JobId;
use beckon_testkit::World;
use beckon_testkit::builders::{a_user, an_administrator};
use beckon_testkit::store::keys;

fn order(invite: bool) -> ImportOrder {
    ImportOrder {
        dry_run: false,
        invite,
        charset: None,
        who: an_administrator(),
    }
}

async fn started(world: &World, file: &str, invite: bool) -> JobId {
    let starting = world.start_job();
    let started = starting.import(file.as_bytes(), &order(invite), None).await;
    started.unwrap().job.id
}

async fn carried_out(world: &World, id: JobId) {
    for _ in 0..100 {
        match world.carry_out_job().run(id).await {
            Ok(CarriedOn::Done) => return,
            Ok(CarriedOn::More) | Err(_) => {}
            other => panic!("{other:?}"),
        }
    }
    panic!("it is never done");
}

fn outcomes(world: &World, id: JobId) -> Vec<JobOutcome> {
    let pages = world.store.outcomes_of(id);
    pages.into_iter().flat_map(|page| page.outcomes).collect()
}

#[tokio::test]
async fn each_line_has_its_outcome_and_the_file_is_gone_with_the_last() {
    let world = World::new();
    let known = world.with(a_user().called("Ada"));
    let same = world.with(a_user().called("Ben"));
    let file = format!(
        "email,name\nnew@example.com,New\n{},Ada Lovelace\n{},Ben\nnobody,X\n",
        known.email.as_str(),
        same.email.as_str()
    );

    let job = started(&world, &file, false).await;
    assert!(world.store.has_file(job));
    carried_out(&world, job).await;

    let all = outcomes(&world, job);
    let lines: Vec<Option<u64>> = all.iter().map(|one| one.line).collect();
    assert_eq!(lines, [Some(2), Some(3), Some(4), Some(5)]);
    assert_eq!(all[0].result, JobResult::Added);
    let changes = vec!["name".to_owned()];
    assert_eq!(all[1].result, JobResult::Updated { changes });
    assert_eq!(all[2].result, JobResult::Unchanged { reason: None });
    assert!(matches!(all[3].result, JobResult::Invalid { .. }));
    assert!(!world.store.has_file(job));
    assert_eq!(world.store.all_users().len(), 3);
    let kept = world.store.outcomes_of(job);
    assert!(kept.iter().all(|page| page.kept_until.is_some()));
}

/// As many as several turns take, with an answer lost again and again.
#[tokio::test]
async fn a_long_file_adds_everyone_once_however_often_a_step_is_lost() {
    let world = World::new();
    let mut file = "email\n".to_owned();
    for number in 0..700 {
        writeln!(file, "p{number}@example.com").unwrap();
    }
    let job = started(&world, &file, true).await;
    for after in [5, 40, 90, 130] {
        world.store.plan(after, beckon_testkit::Fault::LoseAnswer);
    }

    carried_out(&world, job).await;

    assert_eq!(world.store.all_users().len(), 700);
    assert_eq!(outcomes(&world, job).len(), 700);
    let batches = world.store.all_batches();
    assert_eq!(batches.len(), 1);
    let selection = BatchSelection::Many { count: 700 };
    assert_eq!(batches[0].0.selection, selection);
    let (_, cursor) = world.store.all_jobs().remove(0);
    assert_eq!(cursor.batch, Some(batches[0].0.id));
}

#[tokio::test]
async fn what_another_line_of_the_file_says_counts_however_far_away_it_stands() {
    let world = World::new();
    let user = world.with(a_user().known_as("E-1").at("ada@example.com"));
    let mut file = "externalId,email\nE-1,moved@example.com\n".to_owned();
    for number in 0..100 {
        writeln!(file, ",p{number}@example.com").unwrap();
    }
    // About the same person, by the address that the first line takes from them.
    file.push_str(",ada@example.com\n");

    let job = started(&world, &file, false).await;
    carried_out(&world, job).await;

    let all = outcomes(&world, job);
    for line in [&all[0], &all[101]] {
        assert!(matches!(line.result, JobResult::Invalid { .. }), "{line:?}");
    }
    assert_eq!(world.now_of(&user).email, user.email);
}

#[tokio::test]
async fn a_stopped_import_adds_nobody_further_and_its_file_is_gone() {
    let world = World::new();
    let mut file = "email\n".to_owned();
    for number in 0..900 {
        writeln!(file, "p{number}@example.com").unwrap();
    }
    let job = started(&world, &file, true).await;
    world.carry_out_job().run(job).await.unwrap();

    world
        .stop_job()
        .run(job, &an_administrator())
        .await
        .unwrap();
    carried_out(&world, job).await;

    let added = world.store.all_users().len();
    assert!(added > 0 && added < 900, "{added}");
    assert_eq!(outcomes(&world, job).len(), added);
    assert!(!world.store.has_file(job));
    assert!(world.store.all_batches().is_empty());
}

#[tokio::test]
async fn what_is_no_list_of_users_starts_no_job() {
    let world = World::new();
    let starting = world.start_job();

    let refused = starting.import(b"colour\nred\n", &order(false), None).await;

    assert!(matches!(refused, Err(StartJobRefused::InvalidFile(_))));
    assert!(world.store.all_jobs().is_empty());
}

/// They have the address, and nobody finds them by it.
#[tokio::test]
async fn a_line_with_the_address_of_somebody_whom_nobody_can_read_is_refused_and_holds_up_no_other()
{
    let world = World::new();
    let user = world.with(a_user().at("ada@example.com"));
    world.store.spoil(&keys::user(user.id));

    let job = started(&world, "email\nada@example.com\nben@example.com\n", false).await;
    carried_out(&world, job).await;

    let all = outcomes(&world, job);
    let JobResult::Invalid { problems } = &all[0].result else {
        panic!("{all:?}");
    };
    assert_eq!(
        (&*problems[0].field, &*problems[0].code),
        ("email", "unreadable")
    );
    assert_eq!(all[1].result, JobResult::Added);
}
