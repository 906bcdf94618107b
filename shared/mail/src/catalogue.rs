//! The words of every language, and which language a reader gets. Nothing here knows a letter;
//! the words themselves are in `locales/`, and the build turns them into the constants below.

use beckon_domain::values::locale::Locale;
use beckon_domain::values::names::is_plain;

include!(concat!(env!("OUT_DIR"), "/locales.rs"));

/// Everything that one language needs.
pub(crate) struct Catalogue {
    pub(crate) tag: &'static str,
    pub(crate) direction: Direction,
    plural_rule: PluralRule,
    /// Monday first.
    pub(crate) weekdays: [&'static str; 7],
    pub(crate) months: [&'static str; 12],
    /// How the first day of a month is written in a date: `1er` in French.
    pub(crate) first: &'static str,
    /// How a date with its time and zone is written.
    pub(crate) moment: &'static str,
    pub(crate) days: Plural,
    pub(crate) hours: Plural,
    pub(crate) minutes: Plural,
    pub(crate) words: &'static Words,
}

/// The direction in which a language is written.
#[derive(Clone, Copy, PartialEq, Eq)]
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

    /// What keeps a value apart in plain text: an opening whose text says its own direction, an
    /// opening from left to right, and the end of both. Text from left to right goes without:
    /// they are invisible, but not everywhere.
    pub(crate) const fn isolates(self) -> [&'static str; 3] {
        match self {
            Self::Ltr => ["", "", ""],
            Self::Rtl => ["\u{2068}", "\u{2066}", "\u{2069}"],
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
    /// The first language of the chain that there are words for; English in the end.
    pub(crate) fn for_chain(chain: &[Locale]) -> &'static Self {
        chain.iter().find_map(Self::nearest).unwrap_or(&EN)
    }

    /// The locale as it is; else its language in the script that its region writes; else the
    /// language; else another region of it: whoever asks for `pt-PT` reads `pt-BR` with more ease
    /// than English. The script comes first, since nobody reads a script that they never learnt.
    fn nearest(locale: &Locale) -> Option<&'static Self> {
        let find = |wanted: &dyn Fn(&str) -> bool| {
            CATALOGUES
                .iter()
                .find(|catalogue| wanted(catalogue.tag))
                .copied()
        };
        let language = locale.language();
        find(&|tag| tag == locale.as_str()).or_else(|| match chinese_script(locale) {
            Some(script) => find(&|tag| tag == script),
            None => find(&|tag| tag == language)
                .or_else(|| find(&|tag| tag.split('-').next() == Some(language))),
        })
    }

    /// The locale, as the domain names it.
    pub(crate) fn locale(&self) -> Locale {
        Locale::parse(self.tag).unwrap_or_else(|_| Locale::english())
    }

    /// Puts values into a text's placeholders. Values are people's input, so each is made harmless
    /// and kept apart here.
    pub(crate) fn fill(&self, text: &str, values: &[(&str, &str)]) -> String {
        let apart: Vec<(&str, String)> = values
            .iter()
            .map(|(name, value)| (*name, self.isolated(&one_line(value))))
            .collect();
        let apart: Vec<(&str, &str)> = apart
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        Self::put(text, &apart)
    }

    /// Puts words and numbers of our own into a text's placeholders, once: a value that looks like
    /// a placeholder stays what it is. They run on with the text around them: `14:30` of two
    /// numbers kept apart would be read from right to left where the text is.
    pub(crate) fn put(text: &str, values: &[(&str, &str)]) -> String {
        let mut filled = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            filled.push_str(before);
            let (name, after) = after.split_once('}').unwrap_or((after, ""));
            if let Some((_, value)) = values.iter().find(|(known, _)| *known == name) {
                filled.push_str(value);
            }
            rest = after;
        }
        filled.push_str(rest);
        filled
    }

    /// Puts one text of ours into another, such as a moment into a sentence.
    pub(crate) fn put_in(&self, text: &str, name: &str, value: &str) -> String {
        Self::put(text, &[(name, &self.isolated(value))])
    }

    /// A number of things in words.
    pub(crate) fn count(&self, plural: &Plural, number: u64) -> String {
        Self::put(
            self.plural_rule.form(plural, number),
            &[("count", &number.to_string())],
        )
    }

    /// In a text from right to left, a Latin name would pull the punctuation around it to its
    /// own side; Unicode's isolates keep it apart.
    pub(crate) fn isolated(&self, value: &str) -> String {
        let [open, _, close] = self.direction.isolates();
        format!("{open}{value}{close}")
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

/// The script in which a Chinese reader reads, by their locale's own word or by its region.
fn chinese_script(locale: &Locale) -> Option<&'static str> {
    if locale.language() != "zh" {
        return None;
    }
    let mut parts = locale.as_str().split('-').skip(1);
    // The script stands before the region, so the first that says something decides.
    let script = parts.find_map(|part| match part {
        "Hant" | "TW" | "HK" | "MO" => Some("zh-Hant"),
        "Hans" => Some("zh-Hans"),
        _ => None,
    });
    Some(script.unwrap_or("zh-Hans"))
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

    #[test]
    fn a_language_is_found_by_each_of_its_codes_however_long_ago_it_was_stored() {
        for (tag, expected) in [
            ("deu", "de"),
            ("ger", "de"),
            ("fra-CA", "fr"),
            ("fre", "fr"),
            ("jpn", "ja"),
            ("zh-TW", "zh-Hant"),
            ("zho-HK", "zh-Hant"),
            ("cmn-Hans", "zh-Hans"),
            ("pt", "pt-BR"),
            ("de_AT.UTF-8", "de"),
            ("nb", "en"),
        ] {
            assert_eq!(chosen(&[tag]), expected, "{tag}");
        }
        for (tag, expected) in [("deu", "de"), ("zho-Hant", "zh-Hant")] {
            let stored: Locale = serde_json::from_str(&format!("\"{tag}\"")).unwrap();
            assert_eq!(Catalogue::for_chain(&[stored]).tag, expected, "{tag}");
        }
    }

    #[test]
    fn the_domain_knows_which_languages_there_are_words_for() {
        let mut languages: Vec<&str> = CATALOGUES
            .iter()
            .filter_map(|catalogue| catalogue.tag.split('-').next())
            .collect();
        languages.sort_unstable();
        languages.dedup();

        assert_eq!(languages, beckon_domain::values::locale::TRANSLATED);
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
            first: EN.first,
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
        assert_eq!(chosen(&["nl-BE", "de-CH", "en"]), "de");
        assert_eq!(chosen(&["en-GB", "de"]), "en");
        assert_eq!(chosen(&["nl", "sv"]), "en");
        assert_eq!(chosen(&[]), "en");
    }

    #[test]
    fn a_region_that_there_are_no_words_for_reads_those_of_its_script_or_of_another_region() {
        for (asked, given) in [
            ("zh", "zh-Hans"),
            ("zh-CN", "zh-Hans"),
            ("zh-SG", "zh-Hans"),
            ("zh-Hans-HK", "zh-Hans"),
            ("zh-TW", "zh-Hant"),
            ("zh-HK", "zh-Hant"),
            ("zh-MO", "zh-Hant"),
            ("zh_hant_hk", "zh-Hant"),
            ("pt", "pt-BR"),
            ("pt-PT", "pt-BR"),
            ("es-MX", "es"),
            ("es-419", "es"),
            ("fr-CA", "fr"),
            ("it-CH", "it"),
            ("fi-FI", "fi"),
            ("ja-JP", "ja"),
            ("ko-KR", "ko"),
            ("ar-EG", "ar"),
        ] {
            assert_eq!(chosen(&[asked, "de"]), given, "{asked}");
        }
    }

    #[test]
    fn each_of_the_twelve_languages_has_words_for_itself() {
        for tag in [
            "ar", "de", "en", "es", "fi", "fr", "it", "ja", "ko", "pt-BR", "zh-Hans", "zh-Hant",
        ] {
            assert_eq!(chosen(&[tag]), tag);
        }
        assert_eq!(TAGS.len(), 12);
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
