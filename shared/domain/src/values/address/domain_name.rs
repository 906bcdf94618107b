//! Domain names in other letters than ASCII's: how they are kept (`xn--…`, by UTS 46), and which are
//! refused because they look like another.

use icu_properties::props::{EnumeratedProperty as _, Script};
use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};

use crate::values::text::{code_point, is_invisible, place_of};

/// The name in ASCII; one in ASCII already is left as it is, but its `xn--` labels must mean something.
/// Refused with the reason.
pub(super) fn in_ascii(name: &str) -> Result<String, String> {
    let encoded = name.split('.').any(|label| {
        label
            .get(..4)
            .is_some_and(|head| head.eq_ignore_ascii_case("xn--"))
    });
    if name.is_ascii() && !encoded {
        return Ok(name.to_owned());
    }
    if let Some(place) = place_of(name, is_invisible) {
        return Err(format!(
            "contains an invisible character {place}; remove it"
        ));
    }
    let converted = Uts46::new().to_ascii(
        name.as_bytes(),
        AsciiDenyList::STD3,
        Hyphens::CheckFirstLast,
        DnsLength::Verify,
    );
    let Ok(ascii) = converted else {
        return Err(if name.is_ascii() {
            "has a part beginning with xn-- that stands for no name; copy it again, or give the name itself".to_owned()
        } else {
            "has characters that no domain name can have, or is too long as one".to_owned()
        });
    };
    // Who gives the encoded form means it.
    if !name.is_ascii() {
        let (shown, _) = Uts46::new().to_unicode(
            ascii.as_bytes(),
            AsciiDenyList::STD3,
            Hyphens::CheckFirstLast,
        );
        if let Some(why) = looks_like_another(&shown) {
            return Err(format!("{why}; if you do mean it, give it as {ascii}"));
        }
    }
    Ok(ascii.into_owned())
}

/// Why people would take a name for another one. The rules are those of UTS 39's *moderately
/// restrictive* level for each label, and browsers' rule for labels wholly of look-alikes.
fn looks_like_another(name: &str) -> Option<String> {
    let ending = name.rsplit('.').next().unwrap_or_default();
    name.split('.').find_map(|label| {
        let mut scripts: Vec<Script> = label
            .chars()
            .map(Script::for_char)
            .filter(|script| !matches!(*script, Script::Common | Script::Inherited))
            .collect();
        scripts.dedup();
        scripts.sort_unstable();
        scripts.dedup();
        if !may_stand_together(&scripts) {
            let foreign = label
                .chars()
                .find(|c| !c.is_ascii() && !matches!(Script::for_char(*c), Script::Latin | Script::Common | Script::Inherited))?;
            return Some(format!(
                "mixes scripts in '{label}' ('{foreign}' is {}), as the look-alike of another name would",
                code_point(foreign)
            ));
        }
        let [script] = scripts.as_slice() else {
            return None;
        };
        let like_latin = label.chars().filter(|c| c.is_alphabetic()).all(looks_latin);
        let local_ending = ending.chars().any(|c| Script::for_char(c) == *script);
        (like_latin && !local_ending).then(|| {
            format!("looks like a Latin name in '{label}', but is written in letters of another script")
        })
    })
}

fn may_stand_together(scripts: &[Script]) -> bool {
    const TOGETHER: [&[Script]; 3] = [
        &[
            Script::Latin,
            Script::Han,
            Script::Hiragana,
            Script::Katakana,
        ],
        &[Script::Latin, Script::Han, Script::Bopomofo],
        &[Script::Latin, Script::Han, Script::Hangul],
    ];
    let among = |set: &[Script]| scripts.iter().all(|script| set.contains(script));
    match scripts {
        [] | [_] => true,
        [one, other] if [*one, *other].contains(&Script::Latin) => {
            ![Script::Cyrillic, Script::Greek]
                .iter()
                .any(|script| [one, other].contains(&script))
        }
        _ => TOGETHER.into_iter().any(among),
    }
}

/// Cyrillic and Greek letters that many fonts draw as they draw a Latin one.
fn looks_latin(c: char) -> bool {
    "асԁеһіјӏорԗԛѕԝхуъьҽпгѵѡαικνρυωηοτ".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_other_letters_is_kept_in_ascii() {
        for (typed, kept) in [
            ("bücher.example", "xn--bcher-kva.example"),
            ("BU\u{308}CHER.example", "xn--bcher-kva.example"),
            ("例え。テスト", "xn--r8jz45g.xn--zckzah"),
            ("почта.рф", "xn--80a1acny.xn--p1ai"),
            ("xn--bcher-kva.example", "xn--bcher-kva.example"),
            ("r3---sn-4g5e6n7k.example", "r3---sn-4g5e6n7k.example"),
            ("straße.example", "xn--strae-oqa.example"),
        ] {
            assert_eq!(in_ascii(typed).unwrap(), kept);
        }
    }

    #[test]
    fn a_name_that_looks_like_another_is_refused_with_its_encoded_form() {
        for (typed, why) in [
            // A Cyrillic а in a Latin name; a Greek ο; wholly Cyrillic look-alikes.
            ("p\u{430}ypal.example", "U+0430"),
            ("g\u{3BF}ogle.example", "U+03BF"),
            ("\u{430}\u{440}\u{440}\u{4CF}\u{435}.example", "Latin name"),
        ] {
            let refused = in_ascii(typed).unwrap_err();

            assert!(refused.contains(why), "{refused}");
            let encoded = refused.rsplit(' ').next().unwrap();
            assert!(encoded.starts_with("xn--"), "{refused}");
            assert_eq!(in_ascii(encoded).unwrap(), encoded);
        }
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for (typed, why) in [
            ("xn--\u{64}\u{64}\u{64}-.example", "xn--"),
            ("xn--a.example", "xn--"),
            ("b\u{200B}ücher.example", "U+200B"),
            ("\u{FFFD}.example", "characters"),
            ("-bücher.example", "characters"),
        ] {
            let refused = in_ascii(typed).unwrap_err();
            assert!(refused.contains(why), "{typed}: {refused}");
        }
        assert!(in_ascii(&format!("{}.example", "ü".repeat(63))).is_err());
    }
}
