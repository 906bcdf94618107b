//! The words of every language, and which language a reader gets. Nothing here knows a letter;
//! the words themselves are in `locales/`, and the build turns them into the constants below.

use beckon_domain::locale::Locale;
use beckon_domain::names::is_plain;

include!(concat!(env!("OUT_DIR"), "/locales.rs"));

/// Everything that one language needs.
pub(crate) struct Catalogue {
    pub(crate) tag: &'static str,
    pub(crate) direction: Direction,
    plural_rule: PluralRule,
    /// Monday first.
    pub(crate) weekdays: [&'static str; 7],
    pub(crate) months: [&'static str; 12],
    /// How a date with its time and zone is written.
    pub(crate) moment: &'static str,
    pub(crate) days: Plural,
    pub(crate) hours: Plural,
    pub(crate) minutes: Plural,
    pub(crate) words: &'static Words,
}

/// The direction in which a language is written.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "each is constructed once a locale uses it")
)]
pub(crate) enum Direction {
    Ltr,
    Rtl,
}

impl Direction {
    /// The value of HTML's `dir`.
    pub(crate) const fn html(self) -> &'static str {
        match self {
            Self::Ltr => "ltr",
            Self::Rtl => "rtl",
        }
    }

    /// The side on which a line begins.
    pub(crate) const fn start(self) -> &'static str {
        match self {
            Self::Ltr => "left",
            Self::Rtl => "right",
        }
    }
}

/// Which numbers take which form.
#[derive(Clone, Copy)]
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "each is constructed once a locale uses it")
)]
enum PluralRule {
    Other,
    One,
    ZeroOne,
    Arabic,
}

/// A counted thing in all forms; a form that a language does not have repeats `other`.
pub(crate) struct Plural {
    zero: &'static str,
    one: &'static str,
    two: &'static str,
    few: &'static str,
    many: &'static str,
    other: &'static str,
}

impl Catalogue {
    /// The first language of the chain that there are words for: each as it is, then without
    /// its region or script; English in the end.
    pub(crate) fn for_chain(chain: &[Locale]) -> &'static Self {
        let find = |tag: &str| {
            CATALOGUES
                .iter()
                .find(|catalogue| catalogue.tag == tag)
                .copied()
        };
        chain
            .iter()
            .find_map(|locale| find(locale.as_str()).or_else(|| find(locale.language())))
            .unwrap_or(&EN)
    }

    /// The locale, as the domain names it.
    pub(crate) fn locale(&self) -> Locale {
        Locale::parse(self.tag).unwrap_or_else(|_| Locale::english())
    }

    /// Puts values into a text's placeholders, once: a value that looks like a placeholder stays
    /// what it is. Values are people's input, so each is made harmless here.
    pub(crate) fn fill(&self, text: &str, values: &[(&str, &str)]) -> String {
        let mut filled = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            filled.push_str(before);
            let (name, after) = after.split_once('}').unwrap_or((after, ""));
            if let Some((_, value)) = values.iter().find(|(known, _)| *known == name) {
                filled.push_str(&self.isolated(&one_line(value)));
            }
            rest = after;
        }
        filled.push_str(rest);
        filled
    }

    /// A number of things in words.
    pub(crate) fn count(&self, plural: &Plural, number: u64) -> String {
        self.fill(
            self.plural_rule.form(plural, number),
            &[("count", &number.to_string())],
        )
    }

    /// In a text from right to left, a Latin name would pull the punctuation around it to its
    /// own side; Unicode's isolates keep it apart.
    fn isolated(&self, value: &str) -> String {
        match self.direction {
            Direction::Ltr => value.to_owned(),
            Direction::Rtl => format!("\u{2068}{value}\u{2069}"),
        }
    }
}

impl PluralRule {
    /// Unicode CLDR's rules for whole numbers.
    const fn form(self, plural: &Plural, number: u64) -> &'static str {
        match (self, number) {
            (Self::One | Self::Arabic, 1) | (Self::ZeroOne, 0 | 1) => plural.one,
            (Self::Other | Self::One | Self::ZeroOne, _) => plural.other,
            (Self::Arabic, 0) => plural.zero,
            (Self::Arabic, 2) => plural.two,
            (Self::Arabic, _) => match number % 100 {
                3..=10 => plural.few,
                11..=99 => plural.many,
                _ => plural.other,
            },
        }
    }
}

/// Text that cannot break out of its line: what the domain's names refuse anyway, taken away
/// once more from values that were stored before a rule was.
pub(crate) fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if is_plain(c) { c } else { ' ' })
        .collect::<String>()
        .trim()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(chain: &[&str]) -> &'static str {
        let chain: Vec<Locale> = chain
            .iter()
            .map(|tag| Locale::parse(tag).unwrap())
            .collect();
        Catalogue::for_chain(&chain).tag
    }

    fn catalogue(direction: Direction, plural_rule: PluralRule) -> Catalogue {
        let forms = || Plural {
            zero: "zero",
            one: "one",
            two: "two",
            few: "{count} few",
            many: "{count} many",
            other: "{count} other",
        };
        Catalogue {
            tag: "xx",
            direction,
            plural_rule,
            weekdays: EN.weekdays,
            months: EN.months,
            moment: EN.moment,
            days: forms(),
            hours: forms(),
            minutes: forms(),
            words: EN.words,
        }
    }

    #[test]
    fn each_language_of_the_chain_is_tried_exactly_then_without_its_region_then_english() {
        assert_eq!(chosen(&["de"]), "de");
        assert_eq!(chosen(&["de-AT"]), "de");
        assert_eq!(chosen(&["fr-CA", "de-CH", "en"]), "de");
        assert_eq!(chosen(&["en-GB", "de"]), "en");
        assert_eq!(chosen(&["fr", "ja"]), "en");
        assert_eq!(chosen(&[]), "en");
    }

    #[test]
    fn a_value_that_looks_like_a_placeholder_or_breaks_the_line_stays_a_harmless_value() {
        let values = [
            ("name", "{organisation}\r\nBcc: x\u{202E}"),
            ("organisation", "Acme"),
        ];

        assert_eq!(
            EN.fill("Hello {name} at {organisation}", &values),
            "Hello {organisation}  Bcc: x at Acme"
        );
    }

    #[test]
    fn a_value_in_a_text_from_right_to_left_is_kept_apart() {
        let arabic = catalogue(Direction::Rtl, PluralRule::Arabic);

        assert_eq!(
            arabic.fill("<{name}>", &[("name", "Acme")]),
            "<\u{2068}Acme\u{2069}>"
        );
    }

    #[test]
    fn numbers_take_the_form_that_their_language_gives_them() {
        let forms = |rule, numbers: &[u64]| -> Vec<String> {
            let language = catalogue(Direction::Ltr, rule);
            numbers
                .iter()
                .map(|n| language.count(&language.days, *n))
                .collect()
        };

        assert_eq!(
            forms(PluralRule::Other, &[0, 1, 2]),
            ["0 other", "1 other", "2 other"]
        );
        assert_eq!(
            forms(PluralRule::One, &[0, 1, 2]),
            ["0 other", "one", "2 other"]
        );
        assert_eq!(
            forms(PluralRule::ZeroOne, &[0, 1, 2]),
            ["one", "one", "2 other"]
        );
        assert_eq!(
            forms(PluralRule::Arabic, &[0, 1, 2, 7, 11, 100, 103]),
            [
                "zero",
                "one",
                "two",
                "7 few",
                "11 many",
                "100 other",
                "103 few"
            ]
        );
    }

    #[test]
    fn every_folder_has_a_tag_that_a_reader_can_have() {
        for catalogue in CATALOGUES {
            assert_eq!(catalogue.locale().as_str(), catalogue.tag);
        }
    }
}
