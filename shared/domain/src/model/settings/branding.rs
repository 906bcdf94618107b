//! The part of the settings about how mails and the enrolment page look: the organisation's colour and its logo. A logo
//! is judged by its first bytes; nobody here draws it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::values::names::Label;
use crate::values::problem::{FieldProblem, Problems};

/// The most bytes of a logo. It is in every mail, and in the row of the settings, which each run
/// reads.
pub const MAX_LOGO_BYTES: usize = 32 * 1024;
/// The edges of a logo, in picture points.
const EDGES: std::ops::RangeInclusive<u32> = 16..=2000;
/// No logo is shown wider or higher than this, in CSS pixels: it is beside the point of the mail.
const SHOWN_AT_MOST: (u32, u32) = (220, 64);

/// How mails and the enrolment page look.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Branding {
    /// The colour of buttons; ours if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accent_colour: Option<Colour>,
    /// The logo above each mail and on the page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo: Option<Logo>,
}

/// A colour of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Colour {
    red: u8,
    green: u8,
    blue: u8,
}

impl Colour {
    /// White.
    pub const WHITE: Self = Self {
        red: 255,
        green: 255,
        blue: 255,
    };
    /// Black.
    pub const BLACK: Self = Self {
        red: 0,
        green: 0,
        blue: 0,
    };

    /// Parses `#005ea2`, or `#05a` for short.
    pub fn parse(text: &str) -> Result<Self, FieldProblem> {
        let digits: Option<Vec<u8>> = crate::values::text::trimmed(text)
            .strip_prefix('#')
            .map(|hex| hex.chars().map(hex_digit).collect::<Option<_>>())
            .unwrap_or_default();
        match digits.as_deref() {
            Some([r1, r2, g1, g2, b1, b2]) => Ok(Self {
                red: r1 * 16 + r2,
                green: g1 * 16 + g2,
                blue: b1 * 16 + b2,
            }),
            Some([r, g, b]) => Ok(Self {
                red: r * 17,
                green: g * 17,
                blue: b * 17,
            }),
            _ => Err(FieldProblem::new(
                "",
                "malformedColour",
                "is not a colour; give red, green and blue in hexadecimal, like #005ea2",
            )),
        }
    }

    /// Black or white, whichever is easier to read on this colour. One of them always has the
    /// contrast of 4.5 to 1 that WCAG 2.2 asks of text.
    #[must_use]
    pub fn text_on_it(self) -> Self {
        if self.contrast(Self::WHITE) >= self.contrast(Self::BLACK) {
            Self::WHITE
        } else {
            Self::BLACK
        }
    }

    /// How much two colours differ in brightness, from 1 to 21: the contrast ratio of WCAG 2.2.
    #[must_use]
    pub fn contrast(self, other: Self) -> f64 {
        let (one, other) = (self.luminance(), other.luminance());
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    /// The relative luminance of WCAG 2.2.
    fn luminance(self) -> f64 {
        let linear = |channel: u8| {
            let channel = f64::from(channel) / 255.0;
            if channel <= 0.04045 {
                channel / 12.92
            } else {
                ((channel + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * linear(self.red) + 0.7152 * linear(self.green) + 0.0722 * linear(self.blue)
    }
}

fn hex_digit(c: char) -> Option<u8> {
    c.to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

impl std::fmt::Display for Colour {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.red, self.green, self.blue)
    }
}

impl From<Colour> for String {
    fn from(colour: Colour) -> Self {
        colour.to_string()
    }
}

impl TryFrom<String> for Colour {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text).map_err(|problem| problem.detail)
    }
}

/// The kinds of picture that every mail program shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum LogoType {
    /// A PNG file.
    #[serde(rename = "image/png")]
    Png,
    /// A JPEG file.
    #[serde(rename = "image/jpeg")]
    Jpeg,
}

impl LogoType {
    /// Its media type.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
        }
    }
}

/// A picture that says who writes.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Logo {
    /// What kind of picture.
    pub content_type: LogoType,
    /// The file, in Base64: so it is stored, and so mail carries it.
    content_base64: String,
    /// What stands in its place where it is not shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alt: Option<Label>,
    /// Its width in picture points.
    width: u32,
    /// Its height in picture points.
    height: u32,
}

/// The file would fill a log.
impl std::fmt::Debug for Logo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Logo")
            .field("content_type", &self.content_type)
            .field("width", &self.width)
            .field("height", &self.height)
            .finish_non_exhaustive()
    }
}

impl Logo {
    /// Takes a file that is what it says, not too large, and neither a point nor a poster.
    fn parse(
        content_type: LogoType,
        base64: &str,
        alt: Option<Label>,
    ) -> Result<Self, FieldProblem> {
        let compact: String = base64.split_whitespace().collect();
        let bytes = STANDARD
            .decode(&compact)
            .map_err(|_| FieldProblem::new("contentBase64", "malformedBase64", "is not Base64"))?;
        if bytes.len() > MAX_LOGO_BYTES {
            return Err(FieldProblem::new(
                "contentBase64",
                "tooLarge",
                format!(
                    "is a file of {} bytes; {MAX_LOGO_BYTES} are the most, since every mail carries it",
                    bytes.len()
                ),
            ).with("most", MAX_LOGO_BYTES));
        }
        let size = match content_type {
            LogoType::Png => png_size(&bytes),
            LogoType::Jpeg => jpeg_size(&bytes),
        };
        let Some((width, height)) = size else {
            return Err(FieldProblem::new(
                "contentBase64",
                "notThatPicture",
                format!("is not a whole {} file", content_type.media_type()),
            ));
        };
        if !EDGES.contains(&width) || !EDGES.contains(&height) {
            return Err(FieldProblem::new(
                "contentBase64",
                "wrongSize",
                format!(
                    "is {width} by {height} points; each edge must have {} to {}",
                    EDGES.start(),
                    EDGES.end()
                ),
            )
            .with("least", EDGES.start())
            .with("most", EDGES.end()));
        }
        Ok(Self {
            content_type,
            content_base64: STANDARD.encode(&bytes),
            alt,
            width,
            height,
        })
    }

    /// The file.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        // It was encoded here.
        STANDARD.decode(&self.content_base64).unwrap_or_default()
    }

    /// The file in Base64, as a data URL has it.
    #[must_use]
    pub fn base64(&self) -> &str {
        &self.content_base64
    }

    /// How large it is shown, in CSS pixels: never larger than it is, in its own proportions.
    #[must_use]
    pub fn shown_size(&self) -> (u32, u32) {
        let (most_wide, most_high) = SHOWN_AT_MOST;
        let (wide, high) = (self.width.min(most_wide), self.height.min(most_high));
        // Whichever edge reaches its end first decides.
        if u64::from(wide) * u64::from(self.height) <= u64::from(high) * u64::from(self.width) {
            (wide, scaled(self.height, wide, self.width))
        } else {
            (scaled(self.width, high, self.height), high)
        }
    }
}

fn scaled(edge: u32, by: u32, of: u32) -> u32 {
    let scaled = u64::from(edge) * u64::from(by) / u64::from(of.max(1));
    u32::try_from(scaled).unwrap_or(by).max(1)
}

fn number_at<const N: usize>(bytes: &[u8], at: usize) -> Option<u32> {
    let digits: &[u8; N] = bytes.get(at..at + N)?.try_into().ok()?;
    Some(
        digits
            .iter()
            .fold(0, |sum, byte| sum * 256 + u32::from(*byte)),
    )
}

/// The size that a PNG file says in its first chunk, if it also has its last.
fn png_size(bytes: &[u8]) -> Option<(u32, u32)> {
    let begins = bytes.starts_with(b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR");
    let ends = bytes.ends_with(b"\0\0\0\0IEND\xae\x42\x60\x82");
    (begins && ends).then_some(())?;
    Some((number_at::<4>(bytes, 16)?, number_at::<4>(bytes, 20)?))
}

/// The size that a JPEG file says in its frame header, if it also has its end.
fn jpeg_size(bytes: &[u8]) -> Option<(u32, u32)> {
    (bytes.starts_with(b"\xff\xd8") && bytes.ends_with(b"\xff\xd9")).then_some(())?;
    let mut at = 2;
    loop {
        (*bytes.get(at)? == 0xff).then_some(())?;
        match *bytes.get(at + 1)? {
            // Fill bytes.
            0xff => at += 1,
            // The frame headers: all kinds of compression, without the tables between them.
            0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf => {
                let height = number_at::<2>(bytes, at + 5)?;
                let width = number_at::<2>(bytes, at + 7)?;
                return Some((width, height));
            }
            // The picture itself, before any frame.
            0xda => return None,
            _ => at += 2 + usize::try_from(number_at::<2>(bytes, at + 2)?.max(2)).ok()?,
        }
    }
}

/// See [`Branding`].
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct BrandingDraft {
    /// The colour of buttons, like `#005ea2`. What stands on it is black or white, whichever is
    /// easier to read.
    pub accent_colour: Option<String>,
    /// The logo above each mail and on the enrolment page.
    pub logo: Option<LogoDraft>,
}

/// See [`Logo`].
#[derive(Clone, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LogoDraft {
    /// What kind of picture.
    pub content_type: LogoType,
    /// The file in Base64, at most 32 KB.
    pub content_base64: String,
    /// What stands in its place where it is not shown; default: the organisation's name.
    #[serde(default)]
    pub alt: Option<String>,
}

/// The file would fill a log.
impl std::fmt::Debug for LogoDraft {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LogoDraft")
            .field("content_type", &self.content_type)
            .finish_non_exhaustive()
    }
}

impl BrandingDraft {
    pub(super) fn parse(self, problems: &mut Problems) -> Option<Branding> {
        let accent_colour = super::fields::optional(
            self.accent_colour,
            "branding.accentColour",
            Colour::parse,
            problems,
        );
        let logo = match self.logo {
            None => Some(None),
            Some(draft) => {
                let alt =
                    super::fields::optional(draft.alt, "branding.logo.alt", Label::parse, problems);
                let logo = Logo::parse(draft.content_type, &draft.content_base64, None)
                    .map_err(|problem| problem.under("branding.logo"));
                match (alt, problems.check(logo)) {
                    (Some(alt), Some(logo)) => Some(Some(Logo { alt, ..logo })),
                    _ => None,
                }
            }
        };
        Some(Branding {
            accent_colour: accent_colour?,
            logo: logo?,
        })
    }
}

impl From<Branding> for BrandingDraft {
    fn from(branding: Branding) -> Self {
        Self {
            accent_colour: branding.accent_colour.map(String::from),
            logo: branding.logo.map(|logo| LogoDraft {
                content_type: logo.content_type,
                content_base64: logo.content_base64,
                alt: logo.alt.map(|alt| alt.as_str().to_owned()),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn png(width: u32, height: u32) -> Vec<u8> {
        let mut file = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
        file.extend(width.to_be_bytes());
        file.extend(height.to_be_bytes());
        file.extend([8, 6, 0, 0, 0]);
        file.extend(b"\0\0\0\0IEND\xae\x42\x60\x82");
        file
    }

    fn jpeg(width: u16, height: u16) -> Vec<u8> {
        let mut file =
            b"\xff\xd8\xff\xe0\x00\x04JF\xff\xdb\x00\x03\x00\xff\xff\xc2\x00\x0b\x08".to_vec();
        file.extend(height.to_be_bytes());
        file.extend(width.to_be_bytes());
        file.extend(b"\x01\x00\x11\x00\xff\xd9");
        file
    }

    fn parse(kind: LogoType, file: &[u8]) -> Result<Logo, &'static str> {
        Logo::parse(kind, &STANDARD.encode(file), None).map_err(|problem| problem.code)
    }

    #[test]
    fn a_logo_is_known_by_its_header_and_its_end() {
        let of_png = parse(LogoType::Png, &png(300, 60)).unwrap();
        let of_jpeg = parse(LogoType::Jpeg, &jpeg(640, 480)).unwrap();

        assert_eq!((of_png.width, of_png.height), (300, 60));
        assert_eq!((of_jpeg.width, of_jpeg.height), (640, 480));
        assert_eq!(of_png.bytes(), png(300, 60));
        for (kind, file) in [
            (LogoType::Png, jpeg(300, 60)),
            (LogoType::Jpeg, png(300, 60)),
            (LogoType::Png, b"<svg onload=alert(1)>".to_vec()),
            (LogoType::Png, png(300, 60)[..30].to_vec()),
            (LogoType::Jpeg, b"\xff\xd8\xff\xda\xff\xd9".to_vec()),
            (LogoType::Jpeg, b"\xff\xd8\xff\xe0\xff\xff\xff\xd9".to_vec()),
            (LogoType::Png, Vec::new()),
        ] {
            assert_eq!(parse(kind, &file).unwrap_err(), "notThatPicture");
        }
    }

    #[test]
    fn a_logo_that_is_too_large_too_small_or_no_base64_is_refused() {
        assert_eq!(parse(LogoType::Png, &png(15, 60)).unwrap_err(), "wrongSize");
        assert_eq!(
            parse(LogoType::Png, &png(60, 2001)).unwrap_err(),
            "wrongSize"
        );
        let mut large = png(300, 60);
        large.splice(33..33, vec![0; MAX_LOGO_BYTES]);
        assert_eq!(parse(LogoType::Png, &large).unwrap_err(), "tooLarge");
        let problem = Logo::parse(LogoType::Png, "no base64!", None).unwrap_err();
        assert_eq!(problem.code, "malformedBase64");
    }

    #[test]
    fn a_logo_is_shown_in_its_proportions_and_never_larger_than_it_is() {
        let shown = |width, height| {
            parse(LogoType::Png, &png(width, height))
                .unwrap()
                .shown_size()
        };

        assert_eq!(shown(100, 40), (100, 40));
        assert_eq!(shown(440, 100), (220, 50));
        assert_eq!(shown(500, 500), (64, 64));
        assert_eq!(shown(2000, 16), (220, 1));
    }

    #[test]
    fn a_colour_is_six_or_three_hexadecimal_digits() {
        for (typed, kept) in [("#005EA2", "#005ea2"), (" #0af ", "#00aaff")] {
            assert_eq!(Colour::parse(typed).unwrap().to_string(), kept);
        }
        for wrong in ["", "005ea2", "#005ea", "#005ea2f0", "red", "#00é", "#0;}"] {
            assert_eq!(
                Colour::parse(wrong).unwrap_err().code,
                "malformedColour",
                "{wrong}"
            );
        }
    }

    #[test]
    fn contrast_is_that_of_the_guideline() {
        let colour = |text| Colour::parse(text).unwrap();

        assert!((Colour::BLACK.contrast(Colour::WHITE) - 21.0).abs() < 1e-9);
        // As published examples have it: the lightest grey that passes on white.
        assert!(colour("#767676").contrast(Colour::WHITE) >= 4.5);
        assert!(colour("#777777").contrast(Colour::WHITE) < 4.5);
        assert_eq!(colour("#005ea2").text_on_it(), Colour::WHITE);
        assert_eq!(colour("#ffd400").text_on_it(), Colour::BLACK);
    }

    proptest! {
        #[test]
        fn whatever_the_colour_its_text_can_be_read(red: u8, green: u8, blue: u8) {
            let colour = Colour { red, green, blue };

            prop_assert!(colour.contrast(colour.text_on_it()) >= 4.5);
            prop_assert_eq!(Colour::parse(&colour.to_string()).unwrap(), colour);
        }
    }
}
