//! The shape of a text part: lines that fit, and never more than two blank ones.

/// RFC 3676 recommends lines of at most 78; 72 leaves room for being quoted.
const WIDTH: usize = 72;

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
        let letters = word.chars().count();
        if width > 0 && width + 1 + letters > WIDTH {
            shaped.push('\n');
            shaped.push_str(indent);
            width = indent.len();
        } else if width > 0 {
            shaped.push(' ');
            width += 1;
        }
        shaped.push_str(word);
        width += letters;
    }
}

/// Whether a line begins with a number and a full stop.
fn is_numbered(line: &str) -> bool {
    line.split_once(". ")
        .is_some_and(|(number, _)| number.bytes().all(|byte| byte.is_ascii_digit()))
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
}
