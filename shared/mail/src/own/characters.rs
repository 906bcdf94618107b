//! Characters that may not stand in a wording: those that nobody sees. They part words for one
//! program and not for the next, so that a secret becomes part of an address; they turn the order
//! of what stands around them; they end a mail too early.

use super::syntax::Offence;

/// Why a character may not stand behind another.
fn unfit(before: Option<char>, c: char) -> Option<&'static str> {
    match c {
        '\n' | '\r' | '\t' => None,
        c if c.is_control() => Some("a control character"),
        '\u{2028}' | '\u{2029}' => Some("a line separator that not every mail program knows"),
        '\u{061C}'
        | '\u{200E}'
        | '\u{200F}'
        | '\u{202A}'..='\u{202E}'
        | '\u{2066}'..='\u{2069}' => {
            Some("a character that changes the direction of the text around it")
        }
        // They join or part letters of some scripts, and the parts of an emoji.
        '\u{200C}' | '\u{200D}'
            if before.is_some_and(|before| !before.is_ascii() && !is_invisible(before)) =>
        {
            None
        }
        c if is_invisible(c) => Some("a character that cannot be seen"),
        c if is_none(c) => Some("no character: Unicode keeps this number free for programs"),
        _ => None,
    }
}

/// Unicode's format characters, fillers and others that show nothing. Not the two selectors by
/// which an emoji is text or picture.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{AD}' | '\u{034F}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
        | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{2800}' | '\u{3164}' | '\u{FE00}'..='\u{FE0D}'
        | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}' | '\u{1BCA0}'..='\u{1BCA3}'
        | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
}

/// Numbers that Unicode promises never to give to a character.
fn is_none(c: char) -> bool {
    matches!(c, '\u{FDD0}'..='\u{FDEF}') || u32::from(c) & 0xFFFE == 0xFFFE
}

/// The first such character of a text that stands behind another: its place, and what is wrong
/// with it.
pub(super) fn first_unfit(mut before: Option<char>, text: &str) -> Option<(usize, String)> {
    for (at, c) in text.char_indices() {
        if let Some(why) = unfit(before, c) {
            return Some((
                at,
                format!("there is U+{:04X}, {why}; take it out", u32::from(c)),
            ));
        }
        before = Some(c);
    }
    None
}

/// Refuses a text with such a character, by line and column.
pub(super) fn check(text: &str) -> Result<(), Offence> {
    match first_unfit(None, text) {
        None => Ok(()),
        Some((at, what)) => {
            let before = text.get(..at).unwrap_or_default();
            let line = before.matches('\n').count() + 1;
            let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
            Err(Offence {
                code: "invisible",
                detail: format!("line {line}, column {column}: {what}"),
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_seen_may_stand_in_any_script() {
        for good in [
            "Grüß Gott,\r\n\tAda!",
            "a\u{A0}b \u{3000}",
            "می\u{200C}خواهم",
            "क्\u{200D}ष",
            "👩🏽\u{200D}💻 ❤\u{FE0F} 1\u{FE0F}\u{20E3}",
            "مرحبا",
        ] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
    }

    #[test]
    fn what_cannot_be_seen_is_named_with_its_place() {
        for (c, why) in [
            ('\0', "control"),
            ('\u{1B}', "control"),
            ('\u{7F}', "control"),
            ('\u{85}', "control"),
            ('\u{9B}', "control"),
            ('\u{0B}', "control"),
            ('\u{0C}', "control"),
            ('\u{2028}', "line separator"),
            ('\u{2029}', "line separator"),
            ('\u{202E}', "direction"),
            ('\u{200F}', "direction"),
            ('\u{2067}', "direction"),
            ('\u{061C}', "direction"),
            ('\u{200B}', "seen"),
            ('\u{200D}', "seen"),
            ('\u{2060}', "seen"),
            ('\u{FEFF}', "seen"),
            ('\u{AD}', "seen"),
            ('\u{3164}', "seen"),
            ('\u{E0041}', "seen"),
            ('\u{FFFE}', "no character"),
            ('\u{FDD0}', "no character"),
            ('\u{1FFFF}', "no character"),
        ] {
            let refused = check(&format!("first\nab{c}cd")).unwrap_err();

            let place = format!("line 2, column 3: there is U+{:04X}", u32::from(c));
            assert!(refused.detail.starts_with(&place), "{}", refused.detail);
            assert!(refused.detail.contains(why), "{}", refused.detail);
        }
    }
}
