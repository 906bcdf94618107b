//! How every page of Beckon looks: the design tokens (colours, spaces, radii, type) that the enrolment page and the
//! console share, and the mark. It knows nothing of any page.

/// The tokens, with the colours of light paper.
pub const LIGHT: &str = include_str!("light.css");

/// The colours that differ on dark paper, to follow [`LIGHT`].
pub const DARK: &str = include_str!("dark.css");

/// The tokens of a page that follows the reader's system.
pub const TOKENS: &str = concat!(
    include_str!("light.css"),
    "@media (prefers-color-scheme: dark) {\n",
    include_str!("dark.css"),
    "}\n"
);

/// The mark, for a browser's tab.
pub const MARK: &str = include_str!("mark.svg");

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::{DARK, LIGHT};

    /// Each token with its value.
    fn tokens(sheet: &str) -> BTreeMap<&str, &str> {
        sheet
            .lines()
            .filter_map(|line| line.trim().strip_prefix("--")?.split_once(':'))
            .map(|(name, value)| (name, value.split(';').next().unwrap().trim()))
            .collect()
    }

    fn luminance(colour: &str) -> f64 {
        let channel = |at: usize| {
            let value = u8::from_str_radix(&colour[at..at + 2], 16).unwrap();
            let value = f64::from(value) / 255.0;
            if value <= 0.03928 {
                value / 12.92
            } else {
                ((value + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
    }

    fn contrast(one: &str, other: &str) -> f64 {
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    #[test]
    fn dark_paper_changes_colours_that_there_are_and_no_other_token() {
        let light = tokens(LIGHT);
        for (name, value) in tokens(DARK) {
            assert!(light.contains_key(name), "{name}");
            let colour = value.starts_with('#') || value.contains("rgb(");
            assert!(colour, "{name}: {value}");
        }
    }

    #[test]
    fn every_text_can_be_read_on_every_ground_that_it_stands_on() {
        let light = tokens(LIGHT);
        let mut dark = light.clone();
        dark.extend(tokens(DARK));
        let grounds = ["page", "card", "box"];
        let pairs: BTreeSet<(&str, &str)> = ["text", "muted", "link"]
            .into_iter()
            .flat_map(|text| grounds.map(|ground| (text, ground)))
            .chain([
                ("on-accent", "accent"),
                ("on-accent", "accent-pressed"),
                ("bad", "bad-box"),
                ("bad", "card"),
                ("warn", "warn-box"),
                ("warn", "card"),
                ("good", "good-box"),
                ("good", "card"),
                ("text", "chosen"),
                ("muted", "chosen"),
                ("link", "chosen"),
            ])
            .collect();
        for (paper, tokens) in [("light", light), ("dark", dark)] {
            for (text, ground) in &pairs {
                let found = contrast(tokens[text], tokens[ground]);
                assert!(found >= 4.5, "{paper}: {text} on {ground} is {found:.2}");
            }
            let edge = contrast(tokens["edge"], tokens["card"]);
            assert!(
                edge >= 3.0,
                "{paper}: what can be typed into has an edge of {edge:.2}"
            );
        }
    }
}
