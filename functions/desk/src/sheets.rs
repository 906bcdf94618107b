//! Sheets for several people on one page to print: each is handed over as by the route for one.

use axum::response::{IntoResponse as _, Response};
use beckon_domain::usecases::hand_over::HandOverRefused;
use beckon_domain::values::ids::UserId;
use beckon_domain::values::names::Label;
use beckon_domain::values::permission::Permission;
use beckon_domain::values::problem::{FieldProblem, Problems};
use beckon_runtime::{Authorised, Problem};

use crate::Desk;
use crate::handout;

/// The most people at a time.
pub(crate) const MAX_PEOPLE: usize = 100;

/// How much of a page is sent: Lambda answers 6 MB at most. Whoever comes behind it is handed nothing
/// over, and is named.
const MAX_PAGE_BYTES: usize = 4 * 1024 * 1024;

/// Each sheet keeps its own look to itself, on a page of its own.
const HEAD: &str = "<!doctype html><html><head><meta charset=\"utf-8\"><title>Beckon</title><style>\
    article{break-after:page}article:last-child{break-after:auto}\
    aside{font:1rem/1.5 system-ui,sans-serif;margin:2rem;break-after:page}</style></head><body>";

/// The page for these people, or what is wrong with the order.
pub(crate) async fn page(
    desk: &Desk,
    caller: &Authorised,
    ids: &[String],
    reason: &str,
) -> Result<Response, Problem> {
    caller.to(Permission::HandOver)?;
    let people = checked(ids, reason)?;
    let (mut sheets, mut left) = (String::new(), Vec::new());
    for id in people {
        if sheets.len() > MAX_PAGE_BYTES {
            left.push(format!("{id}: the page is full; ask for this sheet again"));
            continue;
        }
        match desk.hand_over.run(id, reason, &caller.actor()).await {
            Ok(handed) => {
                let html = handout::html(&desk.composer, handed.content)?;
                sheets.push_str(&handout::as_part(&html));
            }
            // What is wrong with one keeps nobody else from theirs; what is out of reach does.
            Err(HandOverRefused::Unavailable(error)) if error.unreadable().is_none() => {
                if sheets.is_empty() {
                    return Err(error.into());
                }
                left.push(format!(
                    "{id}: out of reach just now; ask for this sheet again"
                ));
            }
            Err(refusal) => left.push(format!("{id}: {}", Problem::from(refusal).detail)),
        }
    }
    let mut html = HEAD.to_owned();
    if !left.is_empty() {
        html.push_str("<aside><p>No sheet for:</p><ul>");
        for line in left {
            html.push_str("<li>");
            html.push_str(&escaped(&line));
            html.push_str("</li>");
        }
        html.push_str("</ul></aside>");
    }
    html.push_str(&sheets);
    html.push_str("</body></html>");
    Ok(handout::to_print(html.into_response()))
}

/// The people, each once; every wrong id is named.
fn checked(ids: &[String], reason: &str) -> Result<Vec<UserId>, Problem> {
    let mut problems = Problems::default();
    problems.check(Label::parse(reason).map_err(|problem| problem.under("reason")));
    problems.ensure(!ids.is_empty(), || {
        FieldProblem::new("userIds", "empty", "names nobody; name at least one user")
    });
    problems.ensure(ids.len() <= MAX_PEOPLE, || {
        let detail = format!(
            "names {} users; {MAX_PEOPLE} is the most at a time",
            ids.len()
        );
        FieldProblem::new("userIds", "tooMany", detail)
    });
    let mut people: Vec<UserId> = Vec::new();
    for (index, text) in ids.iter().enumerate() {
        let id = text.parse::<UserId>();
        let id = problems.check(id.map_err(|problem| problem.under(&format!("userIds[{index}]"))));
        people.extend(id.filter(|id| !people.contains(id)));
    }
    if problems.is_empty() {
        Ok(people)
    } else {
        Err(Problem::invalid_fields(problems.into_vec()))
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}
