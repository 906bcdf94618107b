//! Texts as people type them: brought into one form, cleared of what nobody sees, and compared. Every
//! rule about characters stands here, so that a name, an address, a group and a search word are all read
//! alike. The facts about characters are Unicode's, from ICU4X.
//!
//! Nothing here knows what a text is for.

use icu_casemap::CaseMapper;
use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};
use icu_properties::props::{
    BinaryProperty as _, CanonicalCombiningClass, DefaultIgnorableCodePoint,
    EnumeratedProperty as _, GeneralCategory, GeneralCategoryGroup,
};

/// Whether a character leaves no mark where it stands, and is no white space either: zero-width
/// characters, joiners, text-direction controls, fillers, variation selectors, tags, soft hyphens.
#[must_use]
pub fn is_invisible(c: char) -> bool {
    if c.is_ascii() {
        return false;
    }
    DefaultIgnorableCodePoint::for_char(c)
        // These leave no mark although Unicode does not have them ignored: the empty Braille cell,
        // annotation marks, a musical null, the Khitan filler, Egyptian layout controls.
        || matches!(c,
            '\u{2800}' | '\u{FFF9}'..='\u{FFFB}' | '\u{1D159}' | '\u{16FE4}' | '\u{13430}'..='\u{1343F}')
}

fn is_blank_character(c: char) -> bool {
    c.is_whitespace() || is_invisible(c)
}

/// Whether nothing of a text can be seen.
#[must_use]
pub fn is_blank(text: &str) -> bool {
    text.chars().all(is_blank_character)
}

/// The text without white space and invisible characters at its edges. What shapes the last visible
/// character stays with it: the variation selector of an emoji, the tags of a flag, a joiner behind a
/// virama.
#[must_use]
pub fn trimmed(text: &str) -> &str {
    let text = text.trim_start_matches(is_blank_character);
    let seen = text.trim_end_matches(is_blank_character);
    let Some(last) = seen.chars().next_back() else {
        return "";
    };
    let tail = text.get(seen.len()..).unwrap_or_default();
    let shaping: usize = tail
        .chars()
        .take_while(|c| shapes(last, *c))
        .map(char::len_utf8)
        .sum();
    text.get(..seen.len() + shaping).unwrap_or(seen)
}

/// Whether an invisible character says how the visible one before it is written.
fn shapes(visible: char, c: char) -> bool {
    match c {
        '\u{FE00}'..='\u{FE0F}' => {
            is_ideograph(visible)
                || !(visible.is_alphanumeric()
                    || GeneralCategoryGroup::Mark.contains(GeneralCategory::for_char(visible)))
        }
        '\u{E0100}'..='\u{E01EF}' => is_ideograph(visible),
        '\u{E0020}'..='\u{E007F}' => visible == '\u{1F3F4}',
        '\u{180B}'..='\u{180D}' | '\u{180F}' => matches!(visible, '\u{1800}'..='\u{18AF}'),
        '\u{200C}' | '\u{200D}' => {
            CanonicalCombiningClass::for_char(visible) == CanonicalCombiningClass::Virama
        }
        _ => false,
    }
}

fn is_ideograph(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{323AF}')
}

/// The form in which a text that somebody typed is kept: composed (Unicode's NFC), without what is
/// invisible at its edges.
#[must_use]
pub fn normalised(text: &str) -> String {
    let composed = ComposingNormalizerBorrowed::new_nfc().normalize(text);
    trimmed(&composed).to_owned()
}

/// The form in which two texts are the same to a reader who minds neither case nor how many spaces
/// stand between words: by full case folding, and by canonical equivalence. What is invisible does not
/// count.
#[must_use]
pub fn comparison_key(text: &str) -> String {
    let folded = if text.is_ascii() {
        text.to_ascii_lowercase()
    } else {
        let nfd = DecomposingNormalizerBorrowed::new_nfd();
        let folded = CaseMapper::new()
            .fold_string(&nfd.normalize(text))
            .into_owned();
        let folded = nfd.normalize(&folded);
        folded.chars().filter(|c| !is_invisible(*c)).collect()
    };
    let words: Vec<&str> = folded.split_whitespace().collect();
    words.join(" ")
}

/// The form in which texts are searched: as [`comparison_key`], and without accents, in the plain form
/// of each character.
#[must_use]
pub fn search_key(text: &str) -> String {
    if text.is_ascii() {
        return comparison_key(text);
    }
    let nfkd = DecomposingNormalizerBorrowed::new_nfkd();
    let plain = nfkd.normalize(text);
    let folded = CaseMapper::new().fold_string(&plain);
    let mut key = String::with_capacity(folded.len());
    for c in nfkd.normalize(&folded).chars() {
        match c {
            c if is_accent(c) || is_invisible(c) => {}
            // Letters with a stroke, and two letters written as one, have no decomposition.
            'ø' => key.push('o'),
            'ł' => key.push('l'),
            'đ' | 'ð' => key.push('d'),
            'ħ' => key.push('h'),
            'ŧ' => key.push('t'),
            'ı' => key.push('i'),
            'æ' => key.push_str("ae"),
            'œ' => key.push_str("oe"),
            'þ' => key.push_str("th"),
            // A telephone writes an apostrophe as a quotation mark.
            '\u{2019}' | '\u{2018}' | '\u{2BC}' => key.push('\''),
            c => key.push(c),
        }
    }
    let words: Vec<&str> = key.split_whitespace().collect();
    words.join(" ")
}

/// A mark above, below or in a letter. Vowel signs and the virama of Indic scripts are no accents: a
/// word without them is another word.
fn is_accent(c: char) -> bool {
    !matches!(
        CanonicalCombiningClass::for_char(c),
        CanonicalCombiningClass::NotReordered | CanonicalCombiningClass::Virama
    )
}

/// Whether a word, in its [`search_key`], begins a text or a word in it.
#[must_use]
pub fn begins_a_word(text: &str, word: &str) -> bool {
    let mut before = None;
    text.char_indices().any(|(place, c)| {
        let starts = before.is_none_or(|before: char| !before.is_alphanumeric());
        before = Some(c);
        starts && text.get(place..).is_some_and(|rest| rest.starts_with(word))
    })
}

/// How a character is named to people: `U+200B`.
#[must_use]
pub fn code_point(c: char) -> String {
    format!("U+{:04X}", u32::from(c))
}

/// How many characters before a flaw are shown, so that it can be found.
const SHOWN: usize = 20;

/// Says where the first character stands that is `wrong`: its name, and the text before it.
#[must_use]
pub fn place_of(text: &str, wrong: impl Fn(char) -> bool) -> Option<Place> {
    let (index, character) = text.char_indices().find(|(_, c)| wrong(*c))?;
    let before: Vec<char> = text.get(..index)?.chars().collect();
    let shown = before.iter().skip(before.len().saturating_sub(SHOWN));
    Some(Place {
        character,
        after: shown.collect(),
    })
}

/// Where a character stands in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Which.
    pub character: char,
    /// The last characters before it.
    pub after: String,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = code_point(self.character);
        if self.after.is_empty() {
            write!(f, "({name}) at its beginning")
        } else {
            write!(f, "({name}) after '{}'", self.after)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_text_of_invisible_characters_is_blank() {
        for text in [
            "",
            " \t\r\n",
            "\u{200B}",
            "\u{200D}\u{200D}",
            "\u{3164}",
            "\u{2800}\u{2800}",
            "\u{AD}",
            "\u{FE0F}",
            "\u{E0061}\u{E007F}",
            "\u{115F}\u{1160}",
            "\u{FFA0}",
            "\u{FEFF}\u{202A}",
            "\u{2060}\u{A0}\u{3000}",
            "\u{34F}",
            "\u{180E}",
            "\u{E0100}",
            "\u{17B4}",
        ] {
            assert!(is_blank(text), "{text:?}");
            assert_eq!(trimmed(text), "", "{text:?}");
        }
        for text in ["a", "\u{200B}.", "❤\u{FE0F}", "ー", "_"] {
            assert!(!is_blank(text), "{text:?}");
        }
    }

    #[test]
    fn invisible_characters_go_at_the_edges_alone() {
        for (typed, kept) in [
            ("\u{FEFF}ada\u{202A}", "ada"),
            ("\u{200B} Ada \u{3164}", "Ada"),
            ("\u{2068}عمر\u{2069}", "عمر"),
            ("Ada\u{FE0F}", "Ada"),
            ("7\u{FE0F}", "7"),
            ("Ada\u{200D}", "Ada"),
            ("Ada\u{E0041}", "Ada"),
            ("می\u{200C}خواهم", "می\u{200C}خواهم"),
            ("👩\u{200D}💻", "👩\u{200D}💻"),
        ] {
            assert_eq!(normalised(typed), kept, "{typed:?}");
        }
    }

    #[test]
    fn what_shapes_the_last_character_stays() {
        for text in [
            "I ❤\u{FE0F}",
            "🏴\u{E0067}\u{E0062}\u{E0073}\u{E0063}\u{E0074}\u{E007F}",
            "ശ്രീജന്\u{200D}",
            "क्\u{200D}",
            "葛\u{E0100}",
        ] {
            assert_eq!(trimmed(&format!("{text} \u{200B}")), text);
        }
    }

    #[test]
    fn one_text_in_two_spellings_of_unicode_is_kept_in_one() {
        assert_eq!(normalised("Cafe\u{301}"), "Caf\u{E9}");
        assert_eq!(normalised("\u{1112}\u{1161}\u{11AB}"), "한");
        assert_eq!(normalised("\u{212B}"), "\u{C5}");
    }

    #[test]
    fn a_comparison_minds_neither_case_nor_spelling() {
        for (one, other) in [
            ("Staff", "sTAFF"),
            ("Café", "CAFE\u{301}"),
            ("Straße", "STRASSE"),
            ("ΟΔΟΣ", "οδος"),
            ("Field  Force", "field force"),
            ("Field\u{A0}Force", "Field Force"),
            ("st\u{200B}aff", "staff"),
            ("ﬀ", "FF"),
        ] {
            assert_eq!(comparison_key(one), comparison_key(other), "{one} {other}");
        }
        for (one, other) in [
            ("Cafe", "Café"),
            ("Staff", "Stafff"),
            ("a b", "ab"),
            ("Sales, EMEA", "Sales"),
        ] {
            assert_ne!(comparison_key(one), comparison_key(other), "{one} {other}");
        }
    }

    #[test]
    fn a_search_minds_no_accents() {
        for (text, key) in [
            ("Zoë MÜLLER", "zoe muller"),
            ("Łukasz Sørensen", "lukasz sorensen"),
            ("İstanbul ılık", "istanbul ilik"),
            ("Ægir Þór", "aegir thor"),
            ("Ａｄａ", "ada"),
            ("Groß", "gross"),
            ("Nguyễn", "nguyen"),
            ("Ёлкин", "елкин"),
            ("O’Néill", "o'neill"),
            ("ʼAlī", "'ali"),
        ] {
            assert_eq!(search_key(text), key);
        }
        assert_ne!(search_key("कि"), search_key("क"));
    }

    #[test]
    fn a_word_is_found_where_a_word_begins() {
        for (text, word, found) in [
            ("ada king-noel", "noel", true),
            ("o'brien", "brien", true),
            ("ada lovelace", "ada l", true),
            ("ada lovelace", "lace", false),
            ("", "a", false),
            ("山田 太郎", "太郎", true),
        ] {
            assert_eq!(begins_a_word(text, word), found, "{text} {word}");
        }
    }

    #[test]
    fn a_flaw_is_named_by_its_code_point_and_what_stands_before_it() {
        let place = |text: &str| place_of(text, is_invisible).map(|place| place.to_string());

        assert_eq!(place("ada\u{200B}@x").unwrap(), "(U+200B) after 'ada'");
        assert_eq!(place("\u{E0041}").unwrap(), "(U+E0041) at its beginning");
        assert_eq!(place("ada"), None);
    }

    proptest! {
        #[test]
        fn every_form_is_final(text in "\\PC{0,12}|[a-zÀ-ž\u{300}-\u{308}\u{200B}-\u{200F}\u{FE0F} ]{0,12}") {
            for form in [normalised, comparison_key, search_key] {
                let once = form(&text);
                prop_assert_eq!(form(&once), once);
            }
            prop_assert_eq!(comparison_key(&normalised(&text)), comparison_key(&text));
        }
    }
}
