//! What HTML may stand in a wording: a list of elements, of attributes, of places that links may
//! lead to and of looks (`attributes.rs` and `looks.rs` beside this). Whatever is not on it is refused by name and line, never taken out in
//! silence. It reads tokens, as a browser does; since no element on the list makes a browser read
//! on in another way (as script, style or svg would), a browser reads the same.

use std::cell::RefCell;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{
    BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};

use super::looks::Look;
use super::sight::Sight;
use super::syntax::Offence;
use super::{attributes, characters};

const ELEMENTS: [&str; 42] = [
    "a",
    "abbr",
    "b",
    "bdi",
    "blockquote",
    "br",
    "caption",
    "center",
    "code",
    "col",
    "colgroup",
    "dd",
    "div",
    "dl",
    "dt",
    "em",
    "h1",
    "h2",
    "h3",
    "h4",
    "hr",
    "i",
    "img",
    "li",
    "ol",
    "p",
    "pre",
    "s",
    "small",
    "span",
    "strong",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "u",
    "ul",
];
/// Elements that stand in a line of text, and do not part words.
const IN_TEXT: [&str; 14] = [
    "a", "abbr", "b", "bdi", "code", "em", "i", "s", "small", "span", "strong", "sub", "sup", "u",
];
const VOID: [&str; 4] = ["br", "col", "hr", "img"];
/// Elements that only make sense in another; alone, a browser would close what is around them.
const INSIDE: [(&str, &[&str]); 12] = [
    ("caption", &["table"]),
    ("colgroup", &["table"]),
    ("col", &["colgroup", "table"]),
    ("thead", &["table"]),
    ("tbody", &["table"]),
    ("tfoot", &["table"]),
    ("tr", &["table", "thead", "tbody", "tfoot"]),
    ("td", &["tr"]),
    ("th", &["tr"]),
    ("li", &["ol", "ul"]),
    ("dt", &["dl"]),
    ("dd", &["dl"]),
];
/// What the placeholders in a part stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Placed {
    /// An address, which may be where a link leads.
    Address,
    /// A piece of our own mail, which has colours of its own.
    Piece,
    /// Anything else, which may stand in text alone.
    Other,
}

/// Refuses HTML that is not on the list, with the first thing that is not. `placed` says what a
/// character stands for, if it stands for something. With `whole`, each element must also be
/// closed where it should be. What is left is the text that a reader sees, on the lines where it
/// was written.
pub(super) fn check(
    html: &str,
    placed: &dyn Fn(char) -> Option<Placed>,
    whole: bool,
) -> Result<String, Offence> {
    let sink = Sink {
        placed,
        whole,
        state: RefCell::new(State {
            open: Vec::new(),
            text: String::new(),
            offence: None,
        }),
    };
    let options = TokenizerOpts {
        exact_errors: true,
        ..TokenizerOpts::default()
    };
    let tokenizer = Tokenizer::new(sink, options);
    let input = BufferQueue::default();
    input.push_back(StrTendril::from_slice(html));
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    let State {
        open,
        text,
        offence,
    } = tokenizer.sink.state.into_inner();
    if let Some(offence) = offence {
        return Err(offence);
    }
    match open.last() {
        Some(Open { name, line, .. }) if whole => Err(offence_at(
            *line,
            "unclosed",
            &format!("<{name}> is not closed"),
        )),
        _ => Ok(text),
    }
}

struct Sink<'a> {
    placed: &'a dyn Fn(char) -> Option<Placed>,
    whole: bool,
    state: RefCell<State>,
}

struct State {
    open: Vec<Open>,
    /// What a reader sees, without markup.
    text: String,
    offence: Option<Offence>,
}

/// An element that is open.
struct Open {
    name: String,
    /// Since which line.
    line: u64,
    sight: Sight,
    /// Whether it is a link to an address that its author wrote.
    leads_elsewhere: bool,
}

impl TokenSink for Sink<'_> {
    type Handle = ();

    fn process_token(&self, token: Token, line: u64) -> TokenSinkResult<()> {
        let mut state = self.state.borrow_mut();
        if state.offence.is_none() {
            let before = state.text.chars().next_back();
            let judged = self.judged(&token, line, before, &mut state.open);
            state.offence = judged.err();
            match &token {
                Token::CharacterTokens(text) => state.text.push_str(text),
                // What is not in a line of text parts words.
                Token::TagToken(tag) if !IN_TEXT.contains(&&*tag.name) => state.text.push(' '),
                _ => {}
            }
        }
        TokenSinkResult::Continue
    }
}

impl Sink<'_> {
    fn judged(
        &self,
        token: &Token,
        line: u64,
        before: Option<char>,
        open: &mut Vec<Open>,
    ) -> Result<(), Offence> {
        match token {
            Token::EOFToken => Ok(()),
            Token::CharacterTokens(text) => self.text(before, text, line, open),
            Token::TagToken(tag) => self.tag(tag, line, open),
            Token::CommentToken(_) => Err(offence_at(
                line,
                "notAllowed",
                "a comment <!-- … --> may not stand in a mail; write {# … #} instead",
            )),
            Token::DoctypeToken(_) => Err(offence_at(
                line,
                "notAllowed",
                "<!DOCTYPE> may not stand in a wording: it is the letter alone, what stands around it is there already",
            )),
            Token::NullCharacterToken => {
                Err(offence_at(line, "malformed", "there is a null character"))
            }
            // Of several branches at once, none of which is at fault by itself.
            Token::ParseError(_) if !self.whole => Ok(()),
            Token::ParseError(what) => Err(offence_at(
                line,
                "malformed",
                &format!(
                    "this is no proper HTML ({what}); write < as &lt; and & as &amp; where they are meant as characters"
                ),
            )),
        }
    }

    fn tag(&self, tag: &Tag, line: u64, open: &mut Vec<Open>) -> Result<(), Offence> {
        let name: &str = &tag.name;
        if !ELEMENTS.contains(&name) {
            return Err(offence_at(
                line,
                "notAllowed",
                &format!("<{}> may not stand in a mail", shown(name)),
            ));
        }
        if tag.kind == TagKind::EndTag {
            return self.closed(name, line, open);
        }
        let parents = INSIDE.iter().find(|(inner, _)| *inner == name);
        if let Some((_, parents)) = parents
            && self.whole
            && !open
                .last()
                .is_some_and(|parent| parents.contains(&parent.name.as_str()))
        {
            return Err(offence_at(
                line,
                "misplaced",
                &format!("<{name}> may only stand in <{}>", parents.join("> or <")),
            ));
        }
        let looks = self.looks(tag, line)?;
        if !VOID.contains(&name) {
            let is_written = |value: &str| !value.chars().any(|c| (self.placed)(c).is_some());
            let around = open
                .last()
                .map_or_else(Sight::of_layout, |open| open.sight.clone());
            open.push(Open {
                name: name.to_owned(),
                line,
                sight: around.within(name, &looks),
                leads_elsewhere: tag.attrs.iter().any(|attribute| {
                    &*attribute.name.local == "href" && is_written(&attribute.value)
                }),
            });
        }
        Ok(())
    }

    /// What the attributes of an element say of its looks.
    fn looks(&self, tag: &Tag, line: u64) -> Result<Vec<Look>, Offence> {
        let name: &str = &tag.name;
        let (mut looks, mut by_style) = (Vec::new(), None);
        for attribute in &tag.attrs {
            if let Some((_, what)) = characters::first_unfit(None, &attribute.value) {
                return Err(offence_at(line, "invisible", &what));
            }
            let local: &str = &attribute.name.local;
            let look = attributes::check(name, local, &attribute.value, self.placed)
                .map_err(|what| offence_at(line, "notAllowed", &what))?;
            if local == "style" {
                by_style = Some(look);
            } else {
                looks.push(look);
            }
        }
        // It counts before what other attributes say.
        looks.extend(by_style);
        Ok(looks)
    }

    /// Refuses text that nobody would see, or that misleads.
    fn text(
        &self,
        before: Option<char>,
        text: &str,
        line: u64,
        open: &[Open],
    ) -> Result<(), Offence> {
        if let Some((_, what)) = characters::first_unfit(before, text) {
            return Err(offence_at(line, "invisible", &what));
        }
        let holds = |such: Placed| text.chars().any(|c| (self.placed)(c) == Some(such));
        let misleads = open.iter().any(|element| element.leads_elsewhere);
        if misleads && holds(Placed::Address) {
            return Err(offence_at(
                line,
                "misleading",
                "an address stands in a link that leads elsewhere; write <a href=\"{{ link }}\">",
            ));
        }
        let is_piece = |c: char| (self.placed)(c) == Some(Placed::Piece);
        let shows_words = text.chars().any(|c| !c.is_whitespace() && !is_piece(c));
        let Some(Open { sight, .. }) = open.last().filter(|_| self.whole) else {
            return Ok(());
        };
        let words = shows_words.then(|| sight.hides(false)).flatten();
        let pieces = || holds(Placed::Piece).then(|| sight.hides(true)).flatten();
        match words.or_else(pieces) {
            Some(why) => Err(offence_at(line, "hidden", &why)),
            None => Ok(()),
        }
    }

    fn closed(&self, name: &str, line: u64, open: &mut Vec<Open>) -> Result<(), Offence> {
        if VOID.contains(&name) {
            return Err(offence_at(
                line,
                "misplaced",
                &format!("</{name}> closes nothing; <{name}> has no end"),
            ));
        }
        match open.last() {
            Some(last) if last.name == name => {
                open.pop();
                Ok(())
            }
            _ if !self.whole => Ok(()),
            Some(last) => Err(offence_at(
                line,
                "misplaced",
                &format!(
                    "</{name}> stands where <{}> of line {} is to be closed first",
                    last.name, last.line
                ),
            )),
            None => Err(offence_at(
                line,
                "misplaced",
                &format!("</{name}> closes what was not opened"),
            )),
        }
    }
}

/// What somebody wrote, as it may be repeated in a refusal.
pub(super) fn shown(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(60).collect()
}

fn offence_at(line: u64, code: &'static str, what: &str) -> Offence {
    Offence {
        code,
        detail: format!("line {line}: {what}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINK: char = '\u{E000}';
    const NAME: char = '\u{E001}';

    fn judged(html: &str) -> Result<(), Offence> {
        let placed = |c| match c {
            LINK => Some(Placed::Address),
            NAME => Some(Placed::Other),
            _ => None,
        };
        check(html, &placed, true).map(|_| ())
    }

    fn refused(html: &str) -> String {
        judged(html).expect_err(html).detail
    }

    #[test]
    fn what_letters_are_made_of_may_stand() {
        for good in [
            "plain &amp; simple",
            "<p>Hello <strong>you</strong>,<br>welcome<br/></p><hr>",
            "<p style=\"color:#333; margin: 0 0 12px; font-family: 'Segoe UI', Arial; background-color: rgb(1, 2, 3) !important\">x</p>",
            "<ul><li>a</li><li><a href=\"https://example.com/?a=b&amp;c\">b</a></li></ul>",
            "<table role=\"presentation\" width=\"100%\"><tbody><tr><td bgcolor=\"#fff\" align=\"center\">x</td></tr></tbody></table>",
            "<img src=\"https://example.com/a.png\" alt=\"Our logo\" width=\"40\">",
            "<a href=\"\u{E000}\">\u{E001}</a> <a href=\"mailto:it@example.com\">m</a> <a href='tel:+4930'>t</a>",
        ] {
            assert_eq!(judged(good), Ok(()), "{good}");
        }
    }

    #[test]
    fn what_could_do_something_is_refused_by_name_and_line() {
        assert_eq!(
            refused("<p>a</p>\n<p>b</p>\n<script>alert(1)</script>"),
            "line 3: <script> may not stand in a mail"
        );
        for (html, part) in [
            ("<SCRIPT src=x></SCRIPT>", "<script>"),
            ("<svg/onload=alert(1)>", "<svg>"),
            ("<style>*{}</style>", "<style>"),
            ("<link rel=stylesheet href=//evil>", "<link>"),
            ("<iframe src=\"https://e\"></iframe>", "<iframe>"),
            ("<form action=x><input></form>", "<form>"),
            ("<object></object>", "<object>"),
            ("<meta http-equiv=refresh>", "<meta>"),
            ("<base href=x>", "<base>"),
            ("<textarea><img></textarea>", "<textarea>"),
            ("<math><mi>", "<math>"),
            (
                "<noscript><p title=\"</noscript><img onerror=1>\">",
                "<noscript>",
            ),
            ("<p onclick=\"x()\">a</p>", "onclick of <p>"),
            (
                "<img src=https://e/a.png onerror=alert(1)>",
                "onerror of <img>",
            ),
            ("<p id=x>a</p>", "id of <p>"),
            ("<a href=\"javascript:alert(1)\">a</a>", "href of <a>"),
            ("<a href=\" javascript:alert(1)\">a</a>", "href of <a>"),
            ("<a href=\"java&#10;script:alert(1)\">a</a>", "href of <a>"),
            ("<a href=\"&#106;avascript:alert(1)\">a</a>", "href of <a>"),
            ("<a href=\"data:text/html,x\">a</a>", "href of <a>"),
            ("<a href=\"//evil\">a</a>", "href of <a>"),
            ("<a href=\"https://e/?p=\u{E001}\">a</a>", "href of <a>"),
            ("<a href=\"\u{E000}x\">a</a>", "href of <a>"),
            ("<a href=\"\u{E001}\">a</a>", "href of <a>"),
            ("<img src=\"\u{E000}\" alt=\"\">", "attribute src of <img>"),
            ("<p title=\"\u{E001}\">a</p>", "attribute title of <p>"),
            ("<img src=\"http://e/a.png\">", "src of <img>"),
            ("<img src=\"data:image/png;base64,AAAA\">", "src of <img>"),
            ("<p style=\"position:fixed\">a</p>", "position:fixed"),
            (
                "<p style=\"background:url(https://e)\">a</p>",
                "background:url(https",
            ),
            (
                "<p style=\"background-color:url(x)\">a</p>",
                "background-color:url(x)",
            ),
            ("<p style=\"width:calc(1px)\">a</p>", "width:calc(1px)"),
            (
                "<p style=\"width:expression(x)\">a</p>",
                "width:expression(x)",
            ),
            ("<p style=\"color:\\72 ed\">a</p>", "color:\\72 ed"),
            ("<p style=\"color:red/**/\">a</p>", "color:red/**/"),
            ("<!-- a -->", "a comment"),
            ("<![CDATA[x]]>", "comment"),
            ("<?xml x?>", "comment"),
            ("<!DOCTYPE html>", "<!DOCTYPE>"),
            ("a <b", "no proper HTML"),
            ("a < b", "no proper HTML"),
        ] {
            let refused = refused(html);
            assert!(
                refused.contains(part) || refused.contains("no proper HTML"),
                "{html}: {refused}"
            );
        }
    }

    #[test]
    fn nothing_of_a_letter_reaches_out_of_it() {
        for (html, part) in [
            ("</div>", "</div> closes what was not opened"),
            ("<p></div></p>", "</div> stands where <p> of line 1"),
            ("<p>\n<b>a</p>", "</p> stands where <b> of line 2"),
            ("<p>a", "<p> is not closed"),
            ("<td>a</td>", "<td> may only stand in <tr>"),
            ("<table><td>a</td></table>", "<td> may only stand in <tr>"),
            ("<li>a</li>", "<li> may only stand in <ol> or <ul>"),
            ("</br>", "</br> closes nothing"),
        ] {
            let refused = refused(html);
            assert!(refused.contains(part), "{html}: {refused}");
        }
    }
}
