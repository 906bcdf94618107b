//! Colours as styles name them, and how well one can be told from another.

/// Red, green and blue, 8 bits each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Colour(u32);

/// Of our layout: letters, links, and what they stand on.
pub(super) const TEXT: Colour = Colour(0x001c_2530);
pub(super) const LINK: Colour = Colour(0x001f_5fae);
pub(super) const GROUND: Colour = Colour(0x00ff_ffff);

impl Colour {
    /// An opaque colour, by name, number or function; `None` for anything else, `transparent` included.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_lowercase();
        if let Some(digits) = text.strip_prefix('#') {
            return of_digits(digits);
        }
        if let Some((function, rest)) = text.split_once('(') {
            return of_function(function, rest.strip_suffix(')')?);
        }
        let named = NAMES.binary_search_by_key(&text.as_str(), |(name, _)| *name);
        named
            .ok()
            .and_then(|at| NAMES.get(at))
            .map(|(_, colour)| Self(*colour))
    }

    /// From 1, for the same colour, to 21, for black on white (WCAG 2.2, contrast ratio).
    pub(super) fn contrast(self, other: Self) -> f64 {
        let (one, two) = (self.luminance(), other.luminance());
        (one.max(two) + 0.05) / (one.min(two) + 0.05)
    }

    fn luminance(self) -> f64 {
        let [_, red, green, blue] = self.0.to_be_bytes().map(|part| {
            let part = f64::from(part) / 255.0;
            if part <= 0.040_45 {
                part / 12.92
            } else {
                ((part + 0.055) / 1.055).powf(2.4)
            }
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }
}

fn of_digits(digits: &str) -> Option<Colour> {
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let whole = match digits.len() {
        3 | 4 => digits.chars().flat_map(|digit| [digit, digit]).collect(),
        6 | 8 => digits.to_owned(),
        _ => return None,
    };
    let (colour, opacity) = whole.split_at(6);
    matches!(opacity, "" | "ff")
        .then(|| u32::from_str_radix(colour, 16).ok().map(Colour))
        .flatten()
}

/// `rgb(1, 2, 3)`, `rgb(1 2 3 / 100%)` and the like.
fn of_function(function: &str, arguments: &str) -> Option<Colour> {
    let parts: Vec<&str> = arguments
        .split([',', '/', ' '])
        .filter(|part| !part.is_empty())
        .collect();
    let [one, two, three, opacity @ ..] = parts.as_slice() else {
        return None;
    };
    let opaque = match opacity {
        [] => true,
        [opacity] => part(opacity, 1.0).is_some_and(|opacity| opacity >= 1.0),
        _ => false,
    };
    if !opaque {
        return None;
    }
    match function.trim() {
        "rgb" | "rgba" => Some(of_parts([
            part(one, 255.0)? / 255.0,
            part(two, 255.0)? / 255.0,
            part(three, 255.0)? / 255.0,
        ])),
        "hsl" | "hsla" => {
            let hue = one.strip_suffix("deg").unwrap_or(one).parse::<f64>().ok()?;
            let (saturation, lightness) = (part(two, 1.0)?, part(three, 1.0)?);
            // CSS Color 4, section 7.1.
            let channel = |number: f64| {
                let at = (number + hue.rem_euclid(360.0) / 30.0) % 12.0;
                let depth = saturation * lightness.min(1.0 - lightness);
                lightness - depth * (at - 3.0).min(9.0 - at).clamp(-1.0, 1.0)
            };
            Some(of_parts([channel(0.0), channel(8.0), channel(4.0)]))
        }
        _ => None,
    }
}

/// A number, or a share of the whole in percent.
fn part(text: &str, whole: f64) -> Option<f64> {
    let value = match text.strip_suffix('%') {
        Some(percent) => percent.parse::<f64>().ok()? / 100.0 * whole,
        None => text.parse::<f64>().ok()?,
    };
    value.is_finite().then(|| value.clamp(0.0, whole))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "each part is between 0 and 255"
)]
fn of_parts(parts: [f64; 3]) -> Colour {
    let [red, green, blue] = parts.map(|part| (part.clamp(0.0, 1.0) * 255.0).round() as u8);
    Colour(u32::from_be_bytes([0, red, green, blue]))
}

/// The names of CSS Color 4, in order.
const NAMES: [(&str, u32); 148] = [
    ("aliceblue", 0x00f0_f8ff),
    ("antiquewhite", 0x00fa_ebd7),
    ("aqua", 0x0000_ffff),
    ("aquamarine", 0x007f_ffd4),
    ("azure", 0x00f0_ffff),
    ("beige", 0x00f5_f5dc),
    ("bisque", 0x00ff_e4c4),
    ("black", 0x0000_0000),
    ("blanchedalmond", 0x00ff_ebcd),
    ("blue", 0x0000_00ff),
    ("blueviolet", 0x008a_2be2),
    ("brown", 0x00a5_2a2a),
    ("burlywood", 0x00de_b887),
    ("cadetblue", 0x005f_9ea0),
    ("chartreuse", 0x007f_ff00),
    ("chocolate", 0x00d2_691e),
    ("coral", 0x00ff_7f50),
    ("cornflowerblue", 0x0064_95ed),
    ("cornsilk", 0x00ff_f8dc),
    ("crimson", 0x00dc_143c),
    ("cyan", 0x0000_ffff),
    ("darkblue", 0x0000_008b),
    ("darkcyan", 0x0000_8b8b),
    ("darkgoldenrod", 0x00b8_860b),
    ("darkgray", 0x00a9_a9a9),
    ("darkgreen", 0x0000_6400),
    ("darkgrey", 0x00a9_a9a9),
    ("darkkhaki", 0x00bd_b76b),
    ("darkmagenta", 0x008b_008b),
    ("darkolivegreen", 0x0055_6b2f),
    ("darkorange", 0x00ff_8c00),
    ("darkorchid", 0x0099_32cc),
    ("darkred", 0x008b_0000),
    ("darksalmon", 0x00e9_967a),
    ("darkseagreen", 0x008f_bc8f),
    ("darkslateblue", 0x0048_3d8b),
    ("darkslategray", 0x002f_4f4f),
    ("darkslategrey", 0x002f_4f4f),
    ("darkturquoise", 0x0000_ced1),
    ("darkviolet", 0x0094_00d3),
    ("deeppink", 0x00ff_1493),
    ("deepskyblue", 0x0000_bfff),
    ("dimgray", 0x0069_6969),
    ("dimgrey", 0x0069_6969),
    ("dodgerblue", 0x001e_90ff),
    ("firebrick", 0x00b2_2222),
    ("floralwhite", 0x00ff_faf0),
    ("forestgreen", 0x0022_8b22),
    ("fuchsia", 0x00ff_00ff),
    ("gainsboro", 0x00dc_dcdc),
    ("ghostwhite", 0x00f8_f8ff),
    ("gold", 0x00ff_d700),
    ("goldenrod", 0x00da_a520),
    ("gray", 0x0080_8080),
    ("green", 0x0000_8000),
    ("greenyellow", 0x00ad_ff2f),
    ("grey", 0x0080_8080),
    ("honeydew", 0x00f0_fff0),
    ("hotpink", 0x00ff_69b4),
    ("indianred", 0x00cd_5c5c),
    ("indigo", 0x004b_0082),
    ("ivory", 0x00ff_fff0),
    ("khaki", 0x00f0_e68c),
    ("lavender", 0x00e6_e6fa),
    ("lavenderblush", 0x00ff_f0f5),
    ("lawngreen", 0x007c_fc00),
    ("lemonchiffon", 0x00ff_facd),
    ("lightblue", 0x00ad_d8e6),
    ("lightcoral", 0x00f0_8080),
    ("lightcyan", 0x00e0_ffff),
    ("lightgoldenrodyellow", 0x00fa_fad2),
    ("lightgray", 0x00d3_d3d3),
    ("lightgreen", 0x0090_ee90),
    ("lightgrey", 0x00d3_d3d3),
    ("lightpink", 0x00ff_b6c1),
    ("lightsalmon", 0x00ff_a07a),
    ("lightseagreen", 0x0020_b2aa),
    ("lightskyblue", 0x0087_cefa),
    ("lightslategray", 0x0077_8899),
    ("lightslategrey", 0x0077_8899),
    ("lightsteelblue", 0x00b0_c4de),
    ("lightyellow", 0x00ff_ffe0),
    ("lime", 0x0000_ff00),
    ("limegreen", 0x0032_cd32),
    ("linen", 0x00fa_f0e6),
    ("magenta", 0x00ff_00ff),
    ("maroon", 0x0080_0000),
    ("mediumaquamarine", 0x0066_cdaa),
    ("mediumblue", 0x0000_00cd),
    ("mediumorchid", 0x00ba_55d3),
    ("mediumpurple", 0x0093_70db),
    ("mediumseagreen", 0x003c_b371),
    ("mediumslateblue", 0x007b_68ee),
    ("mediumspringgreen", 0x0000_fa9a),
    ("mediumturquoise", 0x0048_d1cc),
    ("mediumvioletred", 0x00c7_1585),
    ("midnightblue", 0x0019_1970),
    ("mintcream", 0x00f5_fffa),
    ("mistyrose", 0x00ff_e4e1),
    ("moccasin", 0x00ff_e4b5),
    ("navajowhite", 0x00ff_dead),
    ("navy", 0x0000_0080),
    ("oldlace", 0x00fd_f5e6),
    ("olive", 0x0080_8000),
    ("olivedrab", 0x006b_8e23),
    ("orange", 0x00ff_a500),
    ("orangered", 0x00ff_4500),
    ("orchid", 0x00da_70d6),
    ("palegoldenrod", 0x00ee_e8aa),
    ("palegreen", 0x0098_fb98),
    ("paleturquoise", 0x00af_eeee),
    ("palevioletred", 0x00db_7093),
    ("papayawhip", 0x00ff_efd5),
    ("peachpuff", 0x00ff_dab9),
    ("peru", 0x00cd_853f),
    ("pink", 0x00ff_c0cb),
    ("plum", 0x00dd_a0dd),
    ("powderblue", 0x00b0_e0e6),
    ("purple", 0x0080_0080),
    ("rebeccapurple", 0x0066_3399),
    ("red", 0x00ff_0000),
    ("rosybrown", 0x00bc_8f8f),
    ("royalblue", 0x0041_69e1),
    ("saddlebrown", 0x008b_4513),
    ("salmon", 0x00fa_8072),
    ("sandybrown", 0x00f4_a460),
    ("seagreen", 0x002e_8b57),
    ("seashell", 0x00ff_f5ee),
    ("sienna", 0x00a0_522d),
    ("silver", 0x00c0_c0c0),
    ("skyblue", 0x0087_ceeb),
    ("slateblue", 0x006a_5acd),
    ("slategray", 0x0070_8090),
    ("slategrey", 0x0070_8090),
    ("snow", 0x00ff_fafa),
    ("springgreen", 0x0000_ff7f),
    ("steelblue", 0x0046_82b4),
    ("tan", 0x00d2_b48c),
    ("teal", 0x0000_8080),
    ("thistle", 0x00d8_bfd8),
    ("tomato", 0x00ff_6347),
    ("turquoise", 0x0040_e0d0),
    ("violet", 0x00ee_82ee),
    ("wheat", 0x00f5_deb3),
    ("white", 0x00ff_ffff),
    ("whitesmoke", 0x00f5_f5f5),
    ("yellow", 0x00ff_ff00),
    ("yellowgreen", 0x009a_cd32),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colour_is_read_in_each_form_that_styles_have() {
        for text in [
            "#f00",
            "#FF0000",
            "#f00f",
            "#ff0000ff",
            "Red",
            " red ",
            "rgb(255, 0, 0)",
            "rgb(255 0 0)",
            "rgb(255 0 0 / 100%)",
            "rgba(100%,0%,0%,1)",
            "hsl(0, 100%, 50%)",
            "hsla(360deg 100% 50% / 1)",
        ] {
            assert_eq!(Colour::parse(text), Some(Colour(0x00ff_0000)), "{text}");
        }
        assert_eq!(Colour::parse("hsl(120,100%,25%)"), Colour::parse("#008000"));
    }

    #[test]
    fn what_is_not_opaque_or_no_colour_is_none() {
        for text in [
            "transparent",
            "#ff000000",
            "#f000",
            "#ff0000fe",
            "rgba(255,0,0,0)",
            "rgba(255,0,0,.5)",
            "rgb(255 0 0 / 0%)",
            "hsla(0,100%,50%,0.1)",
            "rgb(nan,0,0)",
            "rgb(1,2)",
            "url(x)",
            "currentcolor",
            "#ff",
            "",
        ] {
            assert_eq!(Colour::parse(text), None, "{text}");
        }
    }

    #[test]
    fn names_are_in_order_and_black_on_white_is_clearest() {
        assert!(NAMES.is_sorted());
        let of = |text| Colour::parse(text).unwrap();
        assert!((of("black").contrast(of("white")) - 21.0).abs() < 0.01);
        assert!((of("red").contrast(of("red")) - 1.0).abs() < 0.01);
    }
}
