//! What a style may say: a list of properties, each with the values that it may have. The list is
//! positive, so what hides a text in a way that nobody thought of is refused like what hides it in
//! a way that is known.

use std::ops::RangeInclusive;

use super::colours::Colour;

/// What is said of how text looks, where a reader's eye depends on it.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Look {
    pub(super) colour: Option<Said<Colour>>,
    pub(super) background: Option<Colour>,
    pub(super) size: Option<Size>,
    /// The declaration that makes a box too small for text.
    pub(super) small_box: Option<String>,
    /// How much room beside the text is taken from it, on both sides together.
    pub(super) inset: Inset,
}

/// Room that is taken from a text at its sides.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
pub(super) struct Inset {
    pixels: f64,
    /// In heights of the letters within.
    em: f64,
}

impl Inset {
    /// So many pixels.
    pub(super) const fn of_pixels(pixels: f64) -> Self {
        Self { pixels, em: 0.0 }
    }

    /// In pixels, with letters of this height.
    pub(super) fn among(self, letters: f64) -> f64 {
        self.pixels + self.em * letters
    }

    fn add(&mut self, told: &str) {
        match length(told) {
            Some((number, "px")) => self.pixels += number,
            Some((number, "pt")) => self.pixels += number * 4.0 / 3.0,
            Some((number, "rem")) => self.pixels += number * 16.0,
            Some((number, "em")) => self.em += number,
            Some((number, "%")) => self.pixels += number / 100.0 * WIDTH,
            _ => {}
        }
    }
}

/// How wide our letters are, in pixels.
const WIDTH: f64 = 600.0;

/// A value, or that of the element around.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Said<T> {
    Value(T),
    Inherited,
}

/// The height of letters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Size {
    Pixels(f64),
    /// Of that of the element around.
    Times(f64),
}

/// The smallest letters, in pixels.
pub(super) const MIN_PIXELS: f64 = 8.0;
/// The largest.
pub(super) const MAX_PIXELS: f64 = 100.0;

/// Why a declaration may not stand in a wording.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unseemly {
    /// As its author wrote it.
    pub(super) declaration: String,
    /// What it could say instead; empty where nothing.
    pub(super) why: &'static str,
}

const NOT_KNOWN: &str = "";
const A_COLOUR: &str = "a colour must be opaque: a name, #rrggbb, rgb(…) or hsl(…)";
const A_SIZE: &str = "letters must be 8 to 100 px high (6 to 75 pt, 0.5 to 6 em, 50 to 600 %)";
const A_LINE: &str = "a line must be 0.8 to 4 times as high as its letters, or 8 to 150 px";
const A_SPACE: &str = "a space must be 0 to 100 px (0 to 6 em, 0 to 25 %), and not negative";
const A_BOX: &str = "a width or height must be auto, 1 to 2000 px, 1 to 120 em or 1 to 100 %";
const A_BORDER: &str = "a border has a width of 0 to 20 px, a style and a colour";
const LETTERS_APART: &str = "letters may stand -0.5 to 10 px apart, words 0 to 20 px";
const AN_INDENT: &str = "an indent must be 0 to 100 px";
const A_FONT: &str = "a font must be one of letters";
const ONE_OF_ITS_WORDS: &str = "it is not one of the words that may stand there";

/// Reads a style, or says which declaration may not stand.
pub(super) fn parse(style: &str) -> Result<Look, Unseemly> {
    let mut look = Look::default();
    for declaration in declarations(style) {
        let declaration = declaration.trim();
        if declaration.is_empty() {
            continue;
        }
        let unseemly = |why| Unseemly {
            declaration: declaration.to_owned(),
            why,
        };
        let (name, value) = declaration
            .split_once(':')
            .ok_or_else(|| unseemly(NOT_KNOWN))?;
        let name = name.trim().to_ascii_lowercase();
        let value = without_importance(value);
        if !is_plain(value) {
            return Err(unseemly(NOT_KNOWN));
        }
        check_style(&name, &value.to_ascii_lowercase(), &mut look).map_err(unseemly)?;
    }
    Ok(look)
}

/// Split at semicolons that do not stand in quotes.
fn declarations(style: &str) -> Vec<&str> {
    let mut quote = None;
    style
        .split(move |c| {
            match (quote, c) {
                (None, '"' | '\'') => quote = Some(c),
                (Some(open), c) if open == c => quote = None,
                _ => {}
            }
            quote.is_none() && c == ';'
        })
        .collect()
}

fn without_importance(value: &str) -> &str {
    let value = value.trim();
    match value.rsplit_once('!') {
        Some((rest, word)) if word.trim().eq_ignore_ascii_case("important") => rest.trim_end(),
        _ => value,
    }
}

/// Words, numbers, colours and names in whole quotes; no escape, no comment, no rule.
fn is_plain(value: &str) -> bool {
    let plain = |c: char| {
        c.is_ascii_alphanumeric()
            || " #.,%()'\"-+/".contains(c)
            || (c.is_alphabetic() && !c.is_ascii())
    };
    let whole = |quote: char| value.matches(quote).count().is_multiple_of(2);
    !value.is_empty()
        && value.chars().all(plain)
        && !value.contains("/*")
        && whole('"')
        && whole('\'')
}

fn check_style(name: &str, value: &str, look: &mut Look) -> Result<(), &'static str> {
    match name {
        "color" => {
            look.colour = Some(match value {
                "inherit" => Said::Inherited,
                _ => Said::Value(Colour::parse(value).ok_or(A_COLOUR)?),
            });
        }
        "background-color" | "background" => {
            // What lies behind shows through.
            if !["transparent", "none", "inherit"].contains(&value) {
                look.background = Some(Colour::parse(value).ok_or(A_COLOUR)?);
            }
        }
        "font-size" => look.size = size(value)?,
        "font" => look.size = shorthand(value)?,
        "font-family" => family(value)?,
        "line-height" => line_height(value)?,
        "letter-spacing" => apart(value, &BETWEEN_LETTERS)?,
        "word-spacing" => apart(value, &BETWEEN_WORDS)?,
        "text-indent" => allowed(INDENTS.hold(value), AN_INDENT)?,
        "width" | "height" | "max-width" | "max-height" | "min-width" | "min-height" => {
            if is_small_box(value)? && !name.starts_with("min-") {
                look.small_box = Some(format!("{name}:{value}"));
            }
        }
        _ => return judge_around(name, value, look),
    }
    Ok(())
}

/// What lies around text, and words that change how it stands.
fn judge_around(name: &str, value: &str, look: &mut Look) -> Result<(), &'static str> {
    let parts: Vec<&str> = parts(value);
    if let Some(side) = ["margin", "padding"]
        .into_iter()
        .find_map(|space| side_of(name, space))
    {
        let most = if side.is_empty() { 4 } else { 1 };
        let may_be_auto = name.starts_with("margin");
        let fits = |part: &&str| (may_be_auto && *part == "auto") || SPACES.hold(part);
        // `margin-inline: a b`.
        let most = if side == "-inline" || side == "-block" {
            2
        } else {
            most
        };
        for part in at_the_sides(side, &parts) {
            look.inset.add(part);
        }
        return allowed(parts.len() <= most && parts.iter().all(fits), A_SPACE);
    }
    if name.starts_with("border") {
        let side = side_of(name.trim_end_matches("-width"), "border");
        let width = parts.iter().copied().find(|part| BORDERS.hold(part));
        if let (Some(side), Some(width)) = (side, width) {
            for part in at_the_sides(side, &[width]) {
                look.inset.add(part);
            }
        }
        return border(name, &parts).ok_or(A_BORDER);
    }
    let words = words_of(name).ok_or(NOT_KNOWN)?;
    let most = if matches!(
        name,
        "list-style" | "text-decoration" | "text-decoration-line"
    ) {
        3
    } else {
        1
    };
    allowed(
        parts.len() <= most && parts.iter().all(|part| words.contains(part)),
        ONE_OF_ITS_WORDS,
    )
}

/// The words that a property may be set to.
fn words_of(name: &str) -> Option<&'static [&'static str]> {
    Some(match name {
        "font-weight" => &[
            "normal", "bold", "bolder", "lighter", "100", "200", "300", "400", "500", "600", "700",
            "800", "900",
        ],
        "font-style" => &["normal", "italic", "oblique"],
        "font-variant" => &["normal", "small-caps"],
        "text-align" => &["left", "right", "center", "justify", "start", "end"],
        "text-decoration" | "text-decoration-line" => {
            &["none", "underline", "overline", "line-through"]
        }
        "text-transform" => &["none", "uppercase", "lowercase", "capitalize"],
        "vertical-align" => &[
            "baseline",
            "top",
            "middle",
            "bottom",
            "sub",
            "super",
            "text-top",
            "text-bottom",
        ],
        "white-space" => &["normal", "nowrap", "pre-wrap", "pre-line"],
        "direction" => &["ltr", "rtl"],
        "display" => &[
            "block",
            "inline",
            "inline-block",
            "list-item",
            "table",
            "table-row",
            "table-cell",
        ],
        "word-break" => &["normal", "break-all", "break-word", "keep-all"],
        "overflow-wrap" | "word-wrap" => &["normal", "break-word", "anywhere"],
        "list-style-position" => &["inside", "outside"],
        "list-style-type" | "list-style" => &[
            "none",
            "disc",
            "circle",
            "square",
            "decimal",
            "decimal-leading-zero",
            "lower-alpha",
            "upper-alpha",
            "lower-latin",
            "upper-latin",
            "lower-roman",
            "upper-roman",
            "lower-greek",
            "inside",
            "outside",
        ],
        _ => return None,
    })
}

/// Which parts of a margin, a padding or a border stand to the left and to the right.
fn at_the_sides<'a>(side: &str, parts: &[&'a str]) -> Vec<&'a str> {
    match (side, parts) {
        ("" | "-inline", [both]) | ("", [_, both] | [_, both, _]) => vec![both, both],
        ("", [_, right, _, left]) => vec![right, left],
        ("-inline", [start, end]) => vec![start, end],
        ("-left" | "-right" | "-inline-start" | "-inline-end", [one]) => vec![one],
        _ => Vec::new(),
    }
}

/// What a property says of which side, if it is one of this family: `margin-left` gives `-left`.
fn side_of<'a>(name: &'a str, family: &str) -> Option<&'a str> {
    const SIDES: [&str; 11] = [
        "",
        "-top",
        "-right",
        "-bottom",
        "-left",
        "-inline",
        "-block",
        "-inline-start",
        "-inline-end",
        "-block-start",
        "-block-end",
    ];
    name.strip_prefix(family)
        .filter(|side| SIDES.contains(side))
}

fn border(name: &str, parts: &[&str]) -> Option<()> {
    const STYLES: [&str; 10] = [
        "none", "hidden", "solid", "dashed", "dotted", "double", "groove", "ridge", "inset",
        "outset",
    ];
    let width = |part: &str| ["thin", "medium", "thick"].contains(&part) || BORDERS.hold(part);
    let round = |part: &str| CORNERS.hold(part);
    let style = |part: &str| STYLES.contains(&part);
    let colour = |part: &str| part == "transparent" || Colour::parse(part).is_some();
    let all = |most: usize, fits: &dyn Fn(&str) -> bool| {
        (parts.len() <= most && parts.iter().all(|part| fits(part))).then_some(())
    };
    match name {
        "border-collapse" => return all(1, &|part| ["collapse", "separate"].contains(&part)),
        "border-spacing" => return all(2, &|part| BETWEEN_CELLS.hold(part)),
        "border-radius" => return all(4, &round),
        "border-top-left-radius"
        | "border-top-right-radius"
        | "border-bottom-left-radius"
        | "border-bottom-right-radius" => return all(2, &round),
        _ => {}
    }
    for (what, fits) in [
        ("-width", &width as &dyn Fn(&str) -> bool),
        ("-style", &style),
        ("-color", &colour),
    ] {
        if let Some(rest) = name.strip_suffix(what) {
            return side_of(rest, "border").and_then(|_| all(4, fits));
        }
    }
    side_of(name, "border").and_then(|_| all(3, &|part| width(part) || style(part) || colour(part)))
}

/// The parts of a value between spaces; what stands in parentheses is one.
fn parts(value: &str) -> Vec<&str> {
    let mut depth = 0_i32;
    value
        .split(move |c| {
            depth += i32::from(c == '(') - i32::from(c == ')');
            depth == 0 && c == ' '
        })
        .filter(|part| !part.is_empty())
        .collect()
}

/// A length: a number and its unit.
fn length(text: &str) -> Option<(f64, &str)> {
    let end = text
        .find(|c: char| !(c.is_ascii_digit() || ".+-".contains(c)))
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    Some((number.parse().ok()?, unit))
}

/// The lengths that a property may have, by unit. Points and rem count as pixels.
struct Lengths {
    pixels: RangeInclusive<f64>,
    em: RangeInclusive<f64>,
    percent: RangeInclusive<f64>,
}

const NO_PERCENT: RangeInclusive<f64> = 1.0..=0.0;
const LETTERS: Lengths = Lengths {
    pixels: MIN_PIXELS..=MAX_PIXELS,
    em: 0.5..=6.0,
    percent: 50.0..=600.0,
};
const SPACES: Lengths = Lengths {
    pixels: 0.0..=100.0,
    em: 0.0..=6.0,
    percent: 0.0..=25.0,
};
const INDENTS: Lengths = Lengths {
    pixels: 0.0..=100.0,
    em: 0.0..=6.0,
    percent: NO_PERCENT,
};
const BETWEEN_LETTERS: Lengths = Lengths {
    pixels: -0.5..=10.0,
    em: -0.03..=0.6,
    percent: NO_PERCENT,
};
const BETWEEN_WORDS: Lengths = Lengths {
    pixels: 0.0..=20.0,
    em: 0.0..=1.2,
    percent: NO_PERCENT,
};
const BOXES: Lengths = Lengths {
    pixels: 1.0..=2000.0,
    em: 1.0..=120.0,
    percent: 1.0..=100.0,
};
const BORDERS: Lengths = Lengths {
    pixels: 0.0..=20.0,
    em: 0.0..=1.0,
    percent: NO_PERCENT,
};
const CORNERS: Lengths = Lengths {
    pixels: 0.0..=200.0,
    em: 0.0..=10.0,
    percent: 0.0..=100.0,
};
const BETWEEN_CELLS: Lengths = Lengths {
    pixels: 0.0..=40.0,
    em: 0.0..=3.0,
    percent: NO_PERCENT,
};

impl Lengths {
    fn hold(&self, text: &str) -> bool {
        length(text).is_some_and(|(number, unit)| match unit {
            // Zero alone needs no unit.
            "" => number == 0.0 && self.pixels.contains(&0.0),
            "px" => self.pixels.contains(&number),
            "pt" => self.pixels.contains(&(number * 4.0 / 3.0)),
            "rem" => self.pixels.contains(&(number * 16.0)),
            "em" => self.em.contains(&number),
            "%" => self.percent.contains(&number),
            _ => false,
        })
    }
}

fn size(value: &str) -> Result<Option<Size>, &'static str> {
    let named = [
        ("x-small", 10.0),
        ("small", 13.0),
        ("medium", 16.0),
        ("large", 18.0),
        ("x-large", 24.0),
        ("xx-large", 32.0),
    ];
    if let Some((_, pixels)) = named.iter().find(|(name, _)| *name == value) {
        return Ok(Some(Size::Pixels(*pixels)));
    }
    match value {
        "inherit" => return Ok(None),
        "smaller" => return Ok(Some(Size::Times(0.83))),
        "larger" => return Ok(Some(Size::Times(1.2))),
        _ => {}
    }
    allowed(LETTERS.hold(value), A_SIZE)?;
    let (number, unit) = length(value).ok_or(A_SIZE)?;
    Ok(Some(match unit {
        "px" => Size::Pixels(number),
        "pt" => Size::Pixels(number * 4.0 / 3.0),
        "rem" => Size::Pixels(number * 16.0),
        "em" => Size::Times(number),
        _ => Size::Times(number / 100.0),
    }))
}

/// `italic bold 16px/1.5 Arial, sans-serif`.
fn shorthand(value: &str) -> Result<Option<Size>, &'static str> {
    let mut rest = value;
    loop {
        let (word, behind) = rest.split_once(' ').ok_or(A_FONT)?;
        if [
            "normal",
            "italic",
            "oblique",
            "small-caps",
            "bold",
            "bolder",
            "lighter",
        ]
        .contains(&word)
            || (word.len() == 3 && word.ends_with("00") && word.parse::<u16>().is_ok())
        {
            rest = behind.trim_start();
            continue;
        }
        let (high, line) = word.split_once('/').unwrap_or((word, "normal"));
        line_height(line)?;
        family(behind)?;
        return size(high);
    }
}

/// Any font of letters. There are fonts in which each letter is a sign or nothing.
fn family(value: &str) -> Result<(), &'static str> {
    const OF_SIGNS: [&str; 13] = [
        "dings",
        "dingbats",
        "symbol",
        "marlett",
        "mt extra",
        "icon",
        "assets",
        "braille",
        "ornament",
        "blank",
        "barcode",
        "lastresort",
        "emoji",
    ];
    let fits = |name: &str| {
        let name = name.trim().trim_matches(['"', '\'']).trim();
        !name.is_empty()
            && name
                .chars()
                .all(|c| c.is_alphanumeric() || " -.".contains(c))
            && !OF_SIGNS.iter().any(|sign| name.contains(sign))
    };
    allowed(value.split(',').all(fits), A_FONT)
}

fn line_height(value: &str) -> Result<(), &'static str> {
    if value == "normal" || value == "inherit" {
        return Ok(());
    }
    let (number, unit) = length(value).ok_or(A_LINE)?;
    let fits = match unit {
        "" | "em" => (0.8..=4.0).contains(&number),
        "%" => (80.0..=400.0).contains(&number),
        "px" => (8.0..=150.0).contains(&number),
        "pt" => (6.0..=110.0).contains(&number),
        "rem" => (0.8..=8.0).contains(&number),
        _ => false,
    };
    allowed(fits, A_LINE)
}

fn apart(value: &str, lengths: &Lengths) -> Result<(), &'static str> {
    allowed(value == "normal" || lengths.hold(value), LETTERS_APART)
}

fn allowed(fits: bool, why: &'static str) -> Result<(), &'static str> {
    fits.then_some(()).ok_or(why)
}

/// Whether no text fits into a box of this width or height.
fn is_small_box(value: &str) -> Result<bool, &'static str> {
    if value == "auto" || value == "none" {
        return Ok(false);
    }
    allowed(BOXES.hold(value), A_BOX)?;
    let (number, unit) = length(value).ok_or(A_BOX)?;
    Ok(match unit {
        "px" => number < 16.0,
        "pt" => number < 12.0,
        "rem" => number < 1.0,
        _ => false,
    })
}
