//! The shape of a text part: lines that fit, and never more than two blank ones.

/// RFC 3676 recommends lines of at most 78 columns; 72 leaves room for being quoted.
const WIDTH: usize = 72;

/// What must not begin a line in Chinese and Japanese: closing marks, and small letters that
/// belong to the one before.
const NEVER_FIRST: &str =
    "、。，．・：；？！）」』】》〉”’％…‥ーぁぃぅぇぉっゃゅょァィゥェォッャュョ,.:;?!)%]}";
/// What must not end one.
const NEVER_LAST: &str = "（「『【《〈“‘([{";

/// Breaks long lines between words, and drops blank lines beyond two. A word longer than a line,
/// such as a link, stays whole. What follows in a numbered item is set in under its text.
pub(crate) fn shaped(text: &str) -> String {
    let mut shaped = String::with_capacity(text.len());
    let mut blank_lines = 0;
    for line in text.lines().map(str::trim_end) {
        if line.is_empty() {
            blank_lines += 1;
            continue;
        }
        if !shaped.is_empty() {
            shaped.push_str(match blank_lines {
                0 => "\n",
                1 => "\n\n",
                _ => "\n\n\n",
            });
        }
        blank_lines = 0;
        push_wrapped(&mut shaped, line);
    }
    shaped.push('\n');
    shaped
}

fn push_wrapped(shaped: &mut String, line: &str) {
    let indent = if is_numbered(line) { "   " } else { "" };
    let mut width = 0;
    for word in line.split(' ').filter(|word| !word.is_empty()) {
        for (nth, piece) in pieces(word).into_iter().enumerate() {
            let space = usize::from(nth == 0 && width > 0);
            let columns = piece.chars().map(columns).sum::<usize>();
            if width > 0 && width + space + columns > WIDTH {
                shaped.push('\n');
                shaped.push_str(indent);
                width = indent.len();
            } else if space > 0 {
                shaped.push(' ');
                width += space;
            }
            shaped.push_str(piece);
            width += columns;
        }
    }
}

/// Whether a line begins with a number and a full stop.
fn is_numbered(line: &str) -> bool {
    line.split_once(". ")
        .is_some_and(|(number, _)| number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// A word in the pieces between which a line may end. Chinese and Japanese are written without
/// spaces, so there nearly every character is one.
fn pieces(word: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = word;
    let mut before = None;
    let mut start = 0;
    for (at, c) in word.char_indices() {
        if before.is_some_and(|before| may_part(before, c)) {
            let (piece, after) = rest.split_at(at - start);
            pieces.push(piece);
            (rest, start) = (after, at);
        }
        before = Some(c);
    }
    pieces.push(rest);
    pieces
}

fn may_part(before: char, after: char) -> bool {
    (stands_alone(before) || stands_alone(after))
        && !NEVER_FIRST.contains(after)
        && !NEVER_LAST.contains(before)
}

/// Characters that need no space to the next: Chinese, kana and their marks. Korean has spaces.
fn stands_alone(c: char) -> bool {
    matches!(c,
        '\u{2E80}'..='\u{30FF}' | '\u{31F0}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}'
        | '\u{FF01}'..='\u{FF60}' | '\u{20000}'..='\u{3FFFD}')
}

/// How many columns a character takes where all letters are equally wide: two for those that
/// Unicode calls wide, none for what keeps directions apart.
fn columns(c: char) -> usize {
    match c {
        '\u{2066}'..='\u{2069}' => 0,
        '\u{1100}'..='\u{115F}' | '\u{AC00}'..='\u{D7A3}' | '\u{FFE0}'..='\u{FFE6}' => 2,
        wide if stands_alone(wide) => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words_and_links_never() {
        let link = format!("https://example.com/{}", "x".repeat(100));
        let text = format!(
            "{}\n\n\n\n{link}\nend  \n\n1. {}",
            "word ".repeat(20),
            "word ".repeat(15)
        );

        let shaped = shaped(&text);

        assert_eq!(
            shaped,
            format!(
                "{}\n{}\n\n\n{link}\nend\n\n1. {}\n   word\n",
                ["word"; 14].join(" "),
                ["word"; 6].join(" "),
                ["word"; 14].join(" "),
            )
        );
    }

    #[test]
    fn chinese_and_japanese_break_between_characters_and_korean_between_words() {
        // 36 characters of two columns fill a line.
        assert_eq!(shaped(&"漢".repeat(40)), "漢".repeat(36) + "\n漢漢漢漢\n");
        assert_eq!(
            shaped(&format!("{} {}", "한".repeat(30), "글".repeat(30))),
            format!("{}\n{}\n", "한".repeat(30), "글".repeat(30))
        );
    }

    #[test]
    fn no_line_begins_with_a_closing_mark_or_ends_with_an_opening_one() {
        let full = "漢".repeat(35);

        assert_eq!(
            shaped(&format!("{full}字。次")),
            format!("{full}\n字。次\n")
        );
        assert_eq!(
            shaped(&format!("{full}「字」")),
            format!("{full}\n「字」\n")
        );
        assert_eq!(
            shaped(&format!("{full}PINです")),
            format!("{full}\nPINです\n")
        );
    }
}
