//! What may touch a secret or an address in running text. Mail programs make links of what looks
//! like one, and some fetch them unasked: what is written right before a PIN could carry it away.

use super::syntax::Offence;

/// What a character of a filled part is, where this matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The placeholder of a secret.
    Secret,
    /// The placeholder of an address, which may hold a secret.
    Address,
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
/// variable a placeholder is. `is_text` of a part in which mail programs alone make links: there
/// nothing stands right behind an address but signs that no program takes for a part of it.
///
/// Every program parts words at spaces and line ends of ASCII, and at no other character.
pub(super) fn check(
    text: &str,
    is_text: bool,
    kind: impl Fn(char) -> Kind,
    name: impl Fn(char) -> &'static str,
) -> Result<(), Offence> {
    for (number, line) in text.split('\n').enumerate() {
        for run in line.split(|c: char| c.is_ascii_whitespace()) {
            let Some(held) = run.chars().find(|c| kind(*c) != Kind::Plain) else {
                continue;
            };
            let holds_secret = |c: &char| matches!(kind(*c), Kind::Secret | Kind::Address);
            let secret = run.chars().find(holds_secret);
            let glued = match secret {
                Some(secret) => {
                    let ends_it = is_text && kind(secret) == Kind::Address;
                    !stands_alone(run, secret, &kind) || (ends_it && !nothing_behind(run, secret))
                }
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

/// Whether only signs and words of scripts without spaces stand around a secret. A space that is
/// not of ASCII, as editors put before colons, parts it from what is no address by its looks.
fn stands_alone(run: &str, secret: char, kind: &impl Fn(char) -> Kind) -> bool {
    let mut parts = run.split(char::is_whitespace);
    let could_be_carried = |part: &str| {
        part.contains(['/', '@', '?', '=', '#', '%', '&'])
            || part.trim_end_matches(BEHIND).contains(['.', ':'])
            || part.chars().any(|c| kind(c) != Kind::Plain)
    };
    parts.all(|part| {
        if !part.contains(secret) {
            return !could_be_carried(part);
        }
        let mut around = part
            .trim_start_matches(BEFORE)
            .trim_end_matches(BEHIND)
            .chars();
        let mut seen = false;
        around.all(|c| {
            let first = c == secret && !seen;
            seen |= first;
            first || (!c.is_ascii() && c.is_alphabetic()) || CLOSE.contains(c)
        })
    })
}

/// Whether an address ends with its placeholder, but for signs that end a sentence or a quotation.
fn nothing_behind(run: &str, address: char) -> bool {
    run.trim_end_matches(|c| BEHIND.contains(&c) || CLOSE.contains(c))
        .ends_with(address)
}

fn looks_like_an_address(run: &str) -> bool {
    let run = run.to_ascii_lowercase();
    run.contains("://") || run.contains("www.") || run.contains("mailto:")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `§` is a secret, `¶` an address, `¤` a name.
    fn refused(text: &str) -> Option<String> {
        let kind = |c| match c {
            '§' => Kind::Secret,
            '¶' => Kind::Address,
            '¤' => Kind::Shown,
            _ => Kind::Plain,
        };
        let name = |c| match c {
            '§' => "pin",
            '¶' => "link",
            _ => "name",
        };
        let offence = check(text, true, kind, name).err();
        offence.map(|offence| offence.detail)
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
            "Votre PIN\u{A0}: §",
            "PIN\u{A0}:\u{A0}§\u{A0}!",
            "暗証番号\u{3000}§\u{3000}です。",
            "¶",
            "(¶), ¶. „¶“",
            "登録：「¶」。",
            "リンク：¶",
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
            "https://evil.example/\u{85}§",
            "https://evil.example/\u{2028}§",
            "https://evil.example/?p=\u{A0}§",
            "evil.example\u{3000}§",
            "¶\u{A0}§",
            "¶\u{85}§",
            "¶\u{A0}today",
            "¶から登録",
            "¶です",
        ] {
            assert!(refused(bad).is_some(), "{bad}");
        }
        let refused = refused("Hello ¤\nx/§").unwrap();
        assert!(refused.starts_with("line 2: {{ pin }} "), "{refused}");
    }
}
