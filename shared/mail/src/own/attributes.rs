//! What attributes an element may have, and what may stand in each.

use super::colours::Colour;
use super::looks::{self, Inset, Look};
use super::markup::{Placed, shown};

const OF_ALL: [&str; 6] = ["style", "dir", "lang", "title", "align", "translate"];
const OF_ELEMENTS: [(&str, &[&str]); 8] = [
    ("a", &["href"]),
    ("img", &["src", "alt", "width", "height"]),
    ("ol", &["start"]),
    ("table", TABLE),
    ("td", CELL),
    ("th", CELL),
    ("tr", &["bgcolor", "valign"]),
    ("col", &["width", "span"]),
];
const TABLE: &[&str] = &[
    "role",
    "width",
    "border",
    "cellpadding",
    "cellspacing",
    "bgcolor",
];
const CELL: &[&str] = &["width", "height", "bgcolor", "valign", "colspan", "rowspan"];

/// Refuses an attribute that is not on the list, or that says what it may not. What it says of
/// looks is handed back.
pub(super) fn check(
    element: &str,
    name: &str,
    value: &str,
    placed: &dyn Fn(char) -> Option<Placed>,
) -> Result<Look, String> {
    let of_element = OF_ELEMENTS.iter().find(|(of, _)| *of == element);
    if !OF_ALL.contains(&name) && !of_element.is_some_and(|(_, names)| names.contains(&name)) {
        return Err(format!(
            "the attribute {} of <{element}> may not stand in a mail",
            shown(name)
        ));
    }
    if let Some(first) = value.chars().find_map(placed) {
        let alone = value.trim().chars().count() == 1;
        return match (name, first) {
            ("href", Placed::Address) if alone => Ok(Look::default()),
            ("href", _) => Err(
                "href of <a> may be an address that you write, or as a whole a variable that holds one, like {{ link }}"
                    .to_owned(),
            ),
            _ => Err(format!(
                "a variable stands in the attribute {name} of <{element}>; variables may stand in text, and {{{{ link }}}} in href"
            )),
        };
    }
    match name {
        "href" if !leads_to(value, &["https://", "http://", "mailto:", "tel:"]) => {
            Err("href of <a> must begin with https://, http://, mailto: or tel:".to_owned())
        }
        "src" if !leads_to(value, &["https://"]) => {
            Err("src of <img> must begin with https://".to_owned())
        }
        "style" => looks::parse(value).map_err(|unseemly| {
            let why = match unseemly.why {
                "" => String::new(),
                why => format!(": {why}"),
            };
            format!(
                "style of <{element}> may not say {}{why}",
                shown(&unseemly.declaration)
            )
        }),
        _ => plain(element, name, value),
    }
}

/// The attributes that are a word, a number or a colour.
fn plain(element: &str, name: &str, value: &str) -> Result<Look, String> {
    let value = value.trim().to_ascii_lowercase();
    let one_of = |words: &[&str]| words.contains(&value.as_str());
    let number = |most: u32| value.parse::<u32>().is_ok_and(|number| number <= most);
    let refused = |what: &str| {
        Err(format!(
            "{name} of <{element}> may not be {}: it must be {what}",
            shown(&value)
        ))
    };
    let mut look = Look::default();
    match name {
        "bgcolor" => match Colour::parse(&value) {
            Some(colour) => look.background = Some(colour),
            None => return refused("a colour, by name or as #rrggbb"),
        },
        "width" | "height" => {
            let digits = value.trim_end_matches("px").trim_end_matches('%');
            match digits.parse::<u32>() {
                Ok(1..=2000) => {}
                _ => return refused("1 to 2000, or 1% to 100%"),
            }
        }
        "dir" if !one_of(&["ltr", "rtl", "auto"]) => return refused("ltr, rtl or auto"),
        "align" if !one_of(&["left", "center", "right", "justify"]) => {
            return refused("left, center, right or justify");
        }
        "valign" if !one_of(&["top", "middle", "bottom", "baseline"]) => {
            return refused("top, middle, bottom or baseline");
        }
        "translate" if !one_of(&["yes", "no", ""]) => return refused("yes or no"),
        "role" if !one_of(&["presentation", "none"]) => return refused("presentation"),
        "border" | "cellpadding" | "cellspacing" => match value.parse::<u8>() {
            Ok(each @ ..=100) => look.inset = Inset::of_pixels(2.0 * f64::from(each)),
            _ => return refused("0 to 100"),
        },
        "colspan" | "rowspan" | "span" if !number(100) || value == "0" => {
            return refused("1 to 100");
        }
        "start" if value.parse::<i16>().is_err() => return refused("a number"),
        "lang"
            if value.len() > 35
                || !value
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') =>
        {
            return refused("a language, like de or pt-BR");
        }
        _ => {}
    }
    Ok(look)
}

/// Whether an address begins with one of these and has something behind it. Browsers skip
/// control characters in addresses, so there may be none.
fn leads_to(address: &str, beginnings: &[&str]) -> bool {
    let lower = address.to_ascii_lowercase();
    let beginning = beginnings
        .iter()
        .find(|beginning| lower.starts_with(*beginning));
    beginning.is_some_and(|beginning| lower.len() > beginning.len())
        && !address
            .chars()
            .any(|c| c.is_control() || c.is_whitespace() || c == '\\')
}
