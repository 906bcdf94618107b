//! Whether a reader can see what stands in an element: how high its letters are, what colour they
//! have on what ground, and whether there is room for them. Elements take these from those around
//! them, so what each allows may hide something together.

use super::colours::{Colour, GROUND, LINK, TEXT};
use super::looks::{Look, MAX_PIXELS, MIN_PIXELS, Said, Size};

/// The least contrast of letters that are still seen. Good reading needs 4.5.
const MIN_CONTRAST: f64 = 1.5;

/// The most pixels that may be taken from a text at its sides; phones have some 400 in all.
const MAX_INSET: f64 = 400.0;

/// What an element shows its text with.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sight {
    colour: Colour,
    ground: Colour,
    /// Of letters, in pixels.
    size: f64,
    /// What makes the element, or one around it, too small for text.
    small_box: Option<String>,
    /// What is taken from it at its sides by all that stands around it, in pixels.
    inset: f64,
}

impl Sight {
    /// In our layout, around a wording.
    pub(super) fn of_layout() -> Self {
        Self {
            colour: TEXT,
            ground: GROUND,
            size: 16.0,
            small_box: None,
            inset: 0.0,
        }
    }

    /// Within an element of this name that says this of its looks.
    pub(super) fn within(&self, element: &str, looks: &[Look]) -> Self {
        let mut sight = self.clone();
        match element {
            "a" => sight.colour = LINK,
            "small" | "sub" | "sup" => sight.size *= 0.83,
            "h1" => sight.size = 22.0,
            "h2" => sight.size = 18.0,
            "h3" | "h4" => sight.size = 16.0,
            _ => {}
        }
        let own = match element {
            "blockquote" => 80.0,
            "ul" | "ol" | "dd" => 40.0,
            _ => 0.0,
        };
        for look in looks {
            match look.colour {
                Some(Said::Value(colour)) => sight.colour = colour,
                Some(Said::Inherited) => sight.colour = self.colour,
                None => {}
            }
            if let Some(ground) = look.background {
                sight.ground = ground;
            }
            match look.size {
                Some(Size::Pixels(pixels)) => sight.size = pixels,
                Some(Size::Times(times)) => sight.size = self.size * times,
                None => {}
            }
            if let Some(small) = &look.small_box {
                sight.small_box = Some(small.clone());
            }
        }
        let insets = looks.iter().map(|look| look.inset.among(sight.size));
        sight.inset += own + insets.sum::<f64>();
        sight
    }

    /// Why nobody sees a text here, or, of a piece of our own letter, what it shows.
    pub(super) fn hides(&self, is_piece: bool) -> Option<String> {
        let is_lost = |colour: Colour| colour.contrast(self.ground) < MIN_CONTRAST;
        if let Some(small) = &self.small_box {
            return Some(format!(
                "text stands in a box that is too small for it: {small}"
            ));
        }
        if !(MIN_PIXELS..=MAX_PIXELS).contains(&self.size) {
            return Some(format!(
                "letters become {:.1} px high with what is said around them; {MIN_PIXELS} to {MAX_PIXELS} can be read",
                self.size
            ));
        }
        if self.inset > MAX_INSET {
            return Some(format!(
                "the margins, paddings and borders around a text take {:.0} px of its width together; {MAX_INSET} leave room for it",
                self.inset
            ));
        }
        if is_piece && (is_lost(TEXT) || is_lost(LINK)) {
            return Some(
                "a piece of our letter stands on a background-color on which its dark letters cannot be read"
                    .to_owned(),
            );
        }
        if !is_piece && is_lost(self.colour) {
            return Some(
                "the color of a text can hardly be told from its background-color; change one of them"
                    .to_owned(),
            );
        }
        None
    }
}
