//! QR codes as pictures. A mail client shows an attached PNG; it drops SVG and `data:` images.
//! Nothing here knows what the code says.

use png::{BitDepth, ColorType};
use qrcode::{Color, EcLevel, QrCode};

/// ISO/IEC 18004 asks for four light modules on every side.
const QUIET_ZONE: usize = 4;
/// The largest edge at which a code is shown, in CSS pixels: a phone's width less the margins.
const MAX_EDGE: usize = 340;
/// Picture points for each CSS pixel, so that edges stay sharp on dense screens.
const DENSITY: usize = 2;

/// A QR code, drawn.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    /// The PNG file: black on white, one bit a point.
    pub png: Vec<u8>,
    /// The edge at which to show it, in CSS pixels; the file has twice as many points.
    pub edge: usize,
}

/// Why there is no code. It never repeats the text: that is a secret.
#[derive(Debug, thiserror::Error)]
pub enum QrError {
    /// Longer than a QR code can hold.
    #[error("the text is too long for a QR code")]
    TooLong,
    /// The PNG encoder refused.
    #[error("the code could not be written as a PNG")]
    Png(#[source] png::EncodingError),
}

/// Draws a text as a QR code that a camera reads with 15 % of it hidden (level M).
///
/// # Errors
///
/// If the text is longer than a QR code can hold.
pub fn draw(text: &str) -> Result<Picture, QrError> {
    let code =
        QrCode::with_error_correction_level(text, EcLevel::M).map_err(|_| QrError::TooLong)?;
    let modules = code.width() + 2 * QUIET_ZONE;
    // A whole number of points for each module: a fraction would blur every edge.
    let scale = (MAX_EDGE / modules).max(1);
    let edge = modules * scale;
    let points = edge * DENSITY;

    let mut rows = Vec::with_capacity(points * points.div_ceil(8));
    let colors = code.to_colors();
    let mut lines = colors.chunks(code.width());
    let blank = vec![Color::Light; code.width()];
    for row in 0..modules {
        let inside = (QUIET_ZONE..modules - QUIET_ZONE).contains(&row);
        let line = if inside {
            lines.next().unwrap_or(&blank)
        } else {
            &blank
        };
        let packed = pack(line, scale * DENSITY, points);
        for _ in 0..scale * DENSITY {
            rows.extend_from_slice(&packed);
        }
    }
    Ok(Picture {
        png: encode(points, &rows).map_err(QrError::Png)?,
        edge,
    })
}

/// One row of points, eight to a byte, the first in the highest bit; 1 is white.
fn pack(line: &[Color], scale: usize, points: usize) -> Vec<u8> {
    let mut packed = vec![0xFF_u8; points.div_ceil(8)];
    for (module, _) in line
        .iter()
        .enumerate()
        .filter(|(_, color)| **color == Color::Dark)
    {
        let first = (module + QUIET_ZONE) * scale;
        for point in first..first + scale {
            if let Some(byte) = packed.get_mut(point / 8) {
                *byte &= !(0x80 >> (point % 8));
            }
        }
    }
    packed
}

fn encode(points: usize, rows: &[u8]) -> Result<Vec<u8>, png::EncodingError> {
    let edge = u32::try_from(points).unwrap_or(u32::MAX);
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, edge, edge);
    encoder.set_color(ColorType::Grayscale);
    encoder.set_depth(BitDepth::One);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(rows)?;
    writer.finish()?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_every_usual_length_are_shown_large_and_sharp() {
        for length in [20, 60, 100, 140, 200, 300] {
            let picture = draw(&"x".repeat(length)).unwrap();

            assert!(
                (250..=340).contains(&picture.edge),
                "{length}: {}",
                picture.edge
            );
        }
    }

    #[test]
    fn a_text_that_no_code_can_hold_is_refused() {
        assert!(matches!(draw(&"x".repeat(3_000)), Err(QrError::TooLong)));
    }
}
