//! What may touch a secret or an address in running text. Mail programs make links of what looks
//! like one, and some fetch them unasked: what is written right before a PIN could carry it away.

use super::syntax::Offence;

/// What a character of a filled part is, where this matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The placeholder of a secret, or of what may hold one.
    Secret,
    /// Another placeholder.
    Shown,
    /// Itself.
    Plain,
}

/// What may stand right before a secret, and is no part of an address.
const BEFORE: [char; 8] = ['(', '[', '"', '\'', '*', '„', '“', '«'];
/// What may stand right behind it, where a space or the end comes next.
const BEHIND: [char; 13] = [
    '.', ',', ';', ':', '!', '?', ')', ']', '"', '\'', '*', '。', '．',
];
/// Signs that stand close to words where words are not parted by spaces.
const CLOSE: &str = "，、（）「」『』【】；！？：“”„«»‘’…–—";

/// Refuses a text in which something that could be part of an address touches a secret, or in
/// which an address goes on with a variable. `kind` says what a character is, `name` of which
/// variable a placeholder is.
pub(super) fn check(
    text: &str,
    kind: impl Fn(char) -> Kind,
    name: impl Fn(char) -> &'static str,
) -> Result<(), Offence> {
    for (number, line) in text.lines().enumerate() {
        for run in line.split(char::is_whitespace) {
            let Some(held) = run.chars().find(|c| kind(*c) != Kind::Plain) else {
                continue;
            };
            let secret = run.chars().find(|c| kind(*c) == Kind::Secret);
            let glued = match secret {
                Some(secret) => !stands_alone(run, secret),
                None => looks_like_an_address(run),
            };
            if glued {
                return Err(Offence {
                    code: "notAlone",
                    detail: format!(
                        "line {}: {{{{ {} }}}} touches what stands beside it; leave spaces around it, or mail programs may make a link of both that carries it elsewhere",
                        number + 1,
                        name(secret.unwrap_or(held)),
                    ),
                });
            }
        }
    }
    Ok(())
}

fn stands_alone(run: &str, secret: char) -> bool {
    let mut around = run
        .trim_start_matches(BEFORE)
        .trim_end_matches(BEHIND)
        .chars();
    let mut seen = false;
    around.all(|c| {
        let first = c == secret && !seen;
        seen |= first;
        first || (!c.is_ascii() && c.is_alphabetic()) || CLOSE.contains(c)
    })
}

fn looks_like_an_address(run: &str) -> bool {
    let run = run.to_ascii_lowercase();
    run.contains("://") || run.contains("www.") || run.contains("mailto:")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `§` is a secret, `¤` a name.
    fn refused(text: &str) -> Option<String> {
        let kind = |c| match c {
            '§' => Kind::Secret,
            '¤' => Kind::Shown,
            _ => Kind::Plain,
        };
        let name = |c| if c == '§' { "pin" } else { "name" };
        check(text, kind, name).err().map(|offence| offence.detail)
    }

    #[test]
    fn a_secret_may_stand_between_spaces_signs_and_words_of_scripts_without_spaces() {
        for good in [
            "§",
            "PIN: §.",
            "Your PIN (§) is good\n\n§\n",
            "Hello ¤,\nyour PIN: §",
            "PINは 「§」 です。",
            "暗証番号は§です。",
            "„§“, *§*; https://example.com/help §",
            "¤-Team, ¤: https://example.com",
        ] {
            assert_eq!(refused(good), None, "{good}");
        }
    }

    #[test]
    fn nothing_that_could_be_part_of_an_address_touches_a_secret() {
        for bad in [
            "https://evil.example/?p=§",
            "https://evil.example/(§",
            "evil.example/§",
            "§.evil.example",
            "§@evil.example",
            "PIN:§",
            "¤§",
            "§§",
            "https://evil.example/は§",
            "a\u{200b}§",
            "https://evil.example/¤",
            "WWW.evil.example/¤",
            "mailto:¤",
        ] {
            assert!(refused(bad).is_some(), "{bad}");
        }
        let refused = refused("Hello ¤\nx/§").unwrap();
        assert!(refused.starts_with("line 2: {{ pin }} "), "{refused}");
    }
}
