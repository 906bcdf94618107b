//! What a wording may ask the template engine to do: show a variable, choose by one, go through a
//! list. Everything else is refused by name before the engine sees it, so that what the engine
//! can do besides, now or in a later version, is out of reach. Nothing here knows a variable.

/// Something that may not stand in a wording.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Offence {
    pub(super) code: &'static str,
    /// `line 3, column 5: …`
    pub(super) detail: String,
}

const STATEMENTS: [&str; 6] = ["if", "elif", "else", "endif", "for", "endfor"];
const OPERATORS: [&str; 7] = ["==", "!=", "(", ")", ".", "<", ">"];
const WORDS: [&str; 3] = ["and", "or", "not"];
/// How deep conditions and lists may lie within one another. The engine goes down once for each, and
/// for each `elif`, on a stack that ends with the process.
const MAX_DEPTH: usize = 20;
/// The most names, numbers, texts and signs of one expression, each of which the engine may take for
/// one step down.
const MAX_EXPRESSION_LENGTH: usize = 40;
/// The most variables and statements of one part.
const MAX_TAGS: usize = 500;

/// What does not stand between braces is text; what does is read here, token by token.
struct Reader<'a> {
    source: &'a str,
    at: usize,
}

#[derive(Debug, PartialEq, Eq, Clone, Copy)]
enum Token<'a> {
    Name(&'a str),
    Text,
    Number,
    Operator(&'a str),
}

/// Refuses a wording that asks for more than it may, with the first thing that it asks for.
pub(super) fn check(source: &str) -> Result<(), Offence> {
    let mut reader = Reader { source, at: 0 };
    // How deep each open condition or list has led the engine.
    let mut open: Vec<usize> = Vec::new();
    let mut tags = 0_usize;
    while let Some((opening, start)) = reader.next_opening() {
        let (end, inside) = match opening {
            "{#" => {
                reader.skip_comment(start)?;
                continue;
            }
            "{{" => ("}}", reader.tokens("}}", start)?),
            _ => ("%}", reader.tokens("%}", start)?),
        };
        let offence = |code, what: &str| Err(reader.offence(start, code, what));
        tags += 1;
        if tags > MAX_TAGS {
            return offence(
                "tooMany",
                &format!("more than {MAX_TAGS} variables and statements stand in one part"),
            );
        }
        let expression = if end == "}}" {
            inside.as_slice()
        } else {
            let Some((Token::Name(name), rest)) = inside.split_first() else {
                return offence("malformed", "the statement has no name");
            };
            if !STATEMENTS.contains(name) {
                return offence(
                    "notAllowed",
                    &format!(
                        "{{% {name} %}} is not available in a wording; there are if, elif, else, endif, for and endfor"
                    ),
                );
            }
            match *name {
                "if" | "for" => open.push(1),
                "elif" => open
                    .iter_mut()
                    .next_back()
                    .into_iter()
                    .for_each(|deep| *deep += 1),
                "endif" | "endfor" => drop(open.pop()),
                _ => {}
            }
            if open.iter().sum::<usize>() > MAX_DEPTH {
                return offence(
                    "tooDeep",
                    &format!(
                        "conditions lie more than {MAX_DEPTH} deep in one another, each elif counted"
                    ),
                );
            }
            match (*name, rest) {
                // `for step in steps`: what comes behind `in` is an expression.
                ("for", [Token::Name(_), Token::Name("in"), list @ ..]) => list,
                ("for", _) => {
                    return offence(
                        "malformed",
                        "a list is gone through as {% for step in steps %}",
                    );
                }
                (_, rest) => rest,
            }
        };
        check_expression(expression).map_err(|(code, what)| reader.offence(start, code, &what))?;
    }
    Ok(())
}

/// The source as if each condition held and each list had one entry, on the lines where its
/// author wrote it: variables as their placeholders, statements and comments as nothing.
pub(super) fn all_branches(source: &str, placeholder: impl Fn(&str) -> Option<char>) -> String {
    let mut reader = Reader { source, at: 0 };
    let mut all = String::with_capacity(source.len());
    let mut copied = 0;
    while let Some((opening, start)) = reader.next_opening() {
        all.push_str(source.get(copied..start).unwrap_or_default());
        let tokens = match opening {
            "{#" => reader.skip_comment(start).map(|()| Vec::new()),
            "{{" => reader.tokens("}}", start),
            _ => reader.tokens("%}", start).map(|_| Vec::new()),
        };
        if let Ok([Token::Name(name)]) = tokens.as_deref() {
            all.extend(placeholder(name));
        }
        copied = reader.at;
        let read = source.get(start..copied).unwrap_or_default();
        all.extend(read.chars().filter(|c| *c == '\n'));
    }
    all.push_str(source.get(copied..).unwrap_or_default());
    all
}

fn check_expression(tokens: &[Token<'_>]) -> Result<(), (&'static str, String)> {
    if tokens.len() > MAX_EXPRESSION_LENGTH {
        return Err((
            "tooLong",
            format!("the expression has more than {MAX_EXPRESSION_LENGTH} parts; split it"),
        ));
    }
    let mut before = None;
    for (place, token) in tokens.iter().enumerate() {
        let next = tokens.get(place + 1);
        match token {
            Token::Name(name) if next == Some(&Token::Operator("(")) && !WORDS.contains(name) => {
                return Err(if before == Some(Token::Operator("|")) {
                    filter(name)
                } else {
                    (
                        "call",
                        format!("{name}(…) is a call; a wording can call nothing"),
                    )
                });
            }
            Token::Operator("|") => {
                let name = match next {
                    Some(Token::Name(name)) => name,
                    _ => "|",
                };
                return Err(filter(name));
            }
            Token::Operator(operator) if !OPERATORS.contains(operator) => {
                return Err((
                    "notAllowed",
                    format!(
                        "{operator} is not available in a wording; variables can be shown, and compared with == and !="
                    ),
                ));
            }
            Token::Name("is" | "in" | "if" | "else" | "recursive") => {
                return Err((
                    "notAllowed",
                    "a variable is tested by its name alone: {% if name %}".to_owned(),
                ));
            }
            Token::Name(_) | Token::Text | Token::Number | Token::Operator(_) => {}
        }
        before = Some(*token);
    }
    Ok(())
}

fn filter(name: &str) -> (&'static str, String) {
    (
        "filter",
        format!(
            "|{name} is a filter; a wording has none, its variables come as they are to be shown"
        ),
    )
}

impl<'a> Reader<'a> {
    /// The next place where the engine begins to read, and what begins there.
    fn next_opening(&mut self) -> Option<(&'static str, usize)> {
        let rest = self.source.get(self.at..)?;
        let (found, opening) = ["{{", "{%", "{#"]
            .into_iter()
            .filter_map(|opening| Some((rest.find(opening)?, opening)))
            .min()?;
        let start = self.at + found;
        self.at = start + opening.len();
        Some((opening, start))
    }

    fn skip_comment(&mut self, start: usize) -> Result<(), Offence> {
        let rest = self.source.get(self.at..).unwrap_or_default();
        let length = rest
            .find("#}")
            .ok_or_else(|| self.offence(start, "malformed", "the comment {# has no end #}"))?;
        self.at += length + "#}".len();
        Ok(())
    }

    /// The tokens up to an end, and goes on behind it.
    fn tokens(&mut self, end: &str, start: usize) -> Result<Vec<Token<'a>>, Offence> {
        let mut tokens = Vec::new();
        // Whitespace control is no part of the expression.
        if self.rest().starts_with(['-', '+']) {
            self.at += 1;
        }
        loop {
            let rest = self.rest();
            let Some(first) = rest.chars().next() else {
                return Err(self.offence(start, "malformed", &format!("there is no {end} to it")));
            };
            let closed = [end.to_owned(), format!("-{end}"), format!("+{end}")]
                .into_iter()
                .find(|end| rest.starts_with(end.as_str()));
            if let Some(closed) = closed {
                self.at += closed.len();
                return Ok(tokens);
            }
            let length = match first {
                c if c.is_whitespace() => c.len_utf8(),
                '"' | '\'' => {
                    let length = text_length(rest, first).ok_or_else(|| {
                        self.offence(start, "malformed", "a text in quotes has no end")
                    })?;
                    tokens.push(Token::Text);
                    length
                }
                c if c.is_ascii_digit() => {
                    let length = length_while(rest, |c| c.is_ascii_alphanumeric() || c == '_');
                    tokens.push(Token::Number);
                    length
                }
                c if c.is_alphabetic() || c == '_' => {
                    let length = length_while(rest, |c| c.is_alphanumeric() || c == '_');
                    tokens.push(Token::Name(rest.get(..length).unwrap_or_default()));
                    length
                }
                c => {
                    let two = rest.get(..2).filter(|two| OPERATORS.contains(two));
                    let length = two.map_or(c.len_utf8(), str::len);
                    tokens.push(Token::Operator(rest.get(..length).unwrap_or_default()));
                    length
                }
            };
            self.at += length;
        }
    }

    fn rest(&self) -> &'a str {
        self.source.get(self.at..).unwrap_or_default()
    }

    fn offence(&self, start: usize, code: &'static str, what: &str) -> Offence {
        let before = self.source.get(..start).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
        Offence {
            code,
            detail: format!("line {line}, column {column}: {what}"),
        }
    }
}

fn length_while(text: &str, keep: impl Fn(char) -> bool) -> usize {
    text.find(|c: char| !keep(c)).unwrap_or(text.len())
}

/// How long a text in quotes is, both quotes included.
fn text_length(text: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (place, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return Some(place + c.len_utf8()),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(source: &str) -> &'static str {
        check(source).unwrap_err().code
    }

    #[test]
    fn variables_conditions_lists_and_comments_may_stand_in_a_wording() {
        for good in [
            "",
            "no braces, or single { ones } and 100 %",
            "{{ name }}{{name}}{{- name -}}",
            "{% if name and not (method == 'qrCode' or method != \"pin\") %}{{ name }}{% elif pin %}b{% else %}c{% endif %}",
            "{%- for step in steps +%}{{ loop.index }}. {{ step }}{% endfor -%}",
            "{# {{ nothing(here) }} {% include 'x' %} #}",
            "{% if method == \"}} {% macro \\\" %}\" %}x{% endif %}",
        ] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
    }

    #[test]
    fn whatever_reaches_further_is_refused_by_name_and_place() {
        let refused = check("Hello\n  {% include 'secrets' %}").unwrap_err();
        assert_eq!(
            refused.detail,
            "line 2, column 3: {% include %} is not available in a wording; there are if, elif, else, endif, for and endfor"
        );
        for (source, expected) in [
            ("{% import 'x' as y %}", "notAllowed"),
            ("{% extends 'x' %}", "notAllowed"),
            ("{% macro f() %}{{ f() }}{% endmacro %}", "notAllowed"),
            ("{% set a = name %}", "notAllowed"),
            (
                "{% autoescape false %}{{ name }}{% endautoescape %}",
                "notAllowed",
            ),
            ("{% raw %}{{{% endraw %}", "notAllowed"),
            ("{{ range(1000000000) }}", "call"),
            ("{% for i in range(1000000000) %}x{% endfor %}", "call"),
            ("{{ name.upper() }}", "call"),
            ("{{ name|safe }}", "filter"),
            ("{{ name | replace('a', 'b') }}", "filter"),
            ("{% if name is defined %}", "notAllowed"),
            ("{{ name ~ name }}", "notAllowed"),
            ("{{ 'x' * 100000000 }}", "notAllowed"),
            ("{{ pin[0] }}", "notAllowed"),
            ("{% for a in [1, 2] %}", "notAllowed"),
            ("{{ {'a': 1} }}", "notAllowed"),
            ("{{ name", "malformed"),
            ("{# for ever", "malformed"),
            ("{{ 'open }}", "malformed"),
            ("{% %}", "malformed"),
            ("{% for a, b in steps %}", "malformed"),
        ] {
            assert_eq!(code(source), expected, "{source}");
        }
        assert_eq!(code(&"{% if name %}".repeat(21)), "tooDeep");
        let elifs = format!("{{% if name %}}{}", "{% elif name %}".repeat(20));
        assert_eq!(code(&elifs), "tooDeep");
        assert_eq!(
            code(&format!("{{{{ {}name }}}}", "not ".repeat(40))),
            "tooLong"
        );
        assert_eq!(code(&"{{ name }}".repeat(501)), "tooMany");
    }
}
