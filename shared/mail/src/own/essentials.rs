//! What an invitation must not lose, whatever words it has: the secret, where to go with it, and
//! until when.

use beckon_domain::values::method::Method;
use beckon_domain::values::problem::FieldProblem;

use super::{Body, Part};

/// Something that people cannot do without, and the variables that bring it.
struct Essential {
    what: &'static str,
    brought_by: &'static [&'static str],
}

const EXPIRY: Essential = Essential {
    what: "until when the invitation is good",
    brought_by: &["expires", "validityBlock"],
};
const LINK: Essential = Essential {
    what: "where to go on",
    brought_by: &["link", "buttonBlock", "stepsBlock"],
};
const PIN: Essential = Essential {
    what: "the PIN, which the registration method asks for",
    brought_by: &["pin", "secretBlock"],
};
const CODE: Essential = Essential {
    what: "the QR code, which the registration method asks for",
    brought_by: &["qr", "secretBlock"],
};
/// A text has no image; the link says the same.
const CODE_IN_TEXT: Essential = Essential {
    what: "the link, which stands for the QR code",
    brought_by: &["link", "secretBlock", "stepsBlock"],
};

fn essentials(method: Method, part: Part) -> [Option<&'static Essential>; 3] {
    let secret = match method {
        Method::Pin | Method::PasswordAndPin => Some(&PIN),
        Method::QrCode if part == Part::Html => Some(&CODE),
        Method::QrCode => Some(&CODE_IN_TEXT),
        Method::Password => None,
    };
    [secret, Some(&LINK), Some(&EXPIRY)]
}

/// Refuses a mail in which one of them is missing.
pub(super) fn check(method: Method, html: &Body<'_>, text: &Body<'_>) -> Result<(), FieldProblem> {
    for body in [html, text] {
        for essential in essentials(method, body.part).into_iter().flatten() {
            if !essential.brought_by.iter().any(|name| body.holds(name)) {
                let names: Vec<String> = essential
                    .brought_by
                    .iter()
                    .map(|name| format!("{{{{ {name} }}}}"))
                    .collect();
                return Err(body.part.problem(
                    "essentialMissing",
                    format!(
                        "does not say {} (method {}); use {}",
                        essential.what,
                        super::places::method_name(method),
                        names.join(" or ")
                    ),
                ));
            }
        }
    }
    Ok(())
}
