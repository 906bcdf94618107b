//! From the bytes of a file to its text: by its byte order mark, else by the charset that was declared
//! with it, else as UTF-8. Bytes that make no sense are refused with their line, never replaced.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

use crate::values::problem::FieldProblem;

/// What to do about a file in an encoding that nobody declared.
const SAVE_AS_UTF_8: &str = "have the spreadsheet save it as \"CSV UTF-8\", or declare what it is: Content-Type: application/octet-stream; charset=windows-1252";

fn unreadable(detail: String) -> FieldProblem {
    FieldProblem::new("", "encoding", detail)
}

/// The text of a file.
pub(super) fn decoded<'a>(
    bytes: &'a [u8],
    charset: Option<&str>,
) -> Result<Cow<'a, str>, FieldProblem> {
    let text = match (Encoding::for_bom(bytes), charset) {
        (Some((encoding, mark)), _) => {
            let behind = bytes.get(mark..).unwrap_or_default();
            read_as(encoding, behind, encoding.name())?
        }
        (None, Some(label)) => read_as(declared(label, bytes)?, bytes, label)?,
        (None, None) => std::str::from_utf8(bytes)
            .map(Cow::Borrowed)
            .map_err(|error| not_utf_8(bytes, error.valid_up_to()))?,
    };
    if let Some(place) = text.find('\0') {
        return Err(unreadable(format!(
            "has a NUL character in line {}, as a file in UTF-16 without a byte order mark has, or a damaged one; {SAVE_AS_UTF_8}",
            line_at(text.as_bytes(), place)
        )));
    }
    if let Some(place) = text.find('\u{FFFD}') {
        return Err(unreadable(format!(
            "has the character U+FFFD in line {}: something that read the file on its way did not know its encoding, and letters are lost; send the original file as application/octet-stream, with its charset",
            line_at(text.as_bytes(), place)
        )));
    }
    Ok(text)
}

fn read_as<'a>(
    encoding: &'static Encoding,
    bytes: &'a [u8],
    label: &str,
) -> Result<Cow<'a, str>, FieldProblem> {
    // What put U+FFFD into a file wrote it in UTF-8, whatever the file was.
    if ![UTF_16LE, UTF_16BE, UTF_8].contains(&encoding) {
        let lost = bytes
            .windows(3)
            .position(|three| three == [0xEF, 0xBF, 0xBD]);
        if let Some(place) = lost {
            return Err(unreadable(format!(
                "has the character U+FFFD in line {}: something that read the file on its way took it for UTF-8, and letters are lost; send it as application/octet-stream; charset={label}",
                line_at(bytes, place)
            )));
        }
    }
    encoding
        .decode_without_bom_handling_and_without_replacement(bytes)
        .ok_or_else(|| match std::str::from_utf8(bytes) {
            Err(error) if encoding == UTF_8 => not_utf_8(bytes, error.valid_up_to()),
            Ok(_) | Err(_) => unreadable(format!(
                "is not in the charset {label}, as was declared; {SAVE_AS_UTF_8}"
            )),
        })
}

fn declared(label: &str, bytes: &[u8]) -> Result<&'static Encoding, FieldProblem> {
    let encoding = Encoding::for_label_no_replacement(label.as_bytes()).ok_or_else(|| {
        unreadable(format!(
            "is declared as charset={}, which is none that we know; declare one like utf-8 or windows-1252",
            label.chars().filter(char::is_ascii_graphic).take(40).collect::<String>()
        ))
    })?;
    // `utf-16` alone leaves the order of the bytes open; a header begins with a letter of ASCII.
    let big_endian = label.trim().eq_ignore_ascii_case("utf-16") && bytes.starts_with(&[0]);
    Ok(if big_endian { UTF_16BE } else { encoding })
}

fn not_utf_8(bytes: &[u8], place: usize) -> FieldProblem {
    unreadable(format!(
        "is not UTF-8: line {} has bytes of another encoding; {SAVE_AS_UTF_8}",
        line_at(bytes, place)
    ))
}

/// The line in which a byte stands.
fn line_at(bytes: &[u8], place: usize) -> usize {
    let before = bytes.get(..place).unwrap_or_default();
    let breaks = before
        .iter()
        .enumerate()
        .filter(|(index, byte)| match byte {
            b'\n' => true,
            b'\r' => before.get(index + 1) != Some(&b'\n'),
            _ => false,
        });
    1 + breaks.count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_declared_charset_is_read() {
        for (charset, bytes) in [
            ("windows-1252", &b"Zo\xEB \x80"[..]),
            ("ISO-8859-15", &b"Zo\xEB \xA4"[..]),
            ("Windows-1252", &b"Zo\xEB \x80"[..]),
            ("macintosh", &b"Zo\x91 \xDB"[..]),
            ("utf-8", "Zoë €".as_bytes()),
            ("utf-16le", &b"Z\0o\0\xEB\0 \0\xAC\x20"[..]),
            ("UTF-16", &b"Z\0o\0\xEB\0 \0\xAC\x20"[..]),
            ("utf-16", &b"\0Z\0o\0\xEB\0 \x20\xAC"[..]),
        ] {
            assert_eq!(decoded(bytes, Some(charset)).unwrap(), "Zoë €", "{charset}");
        }
        assert_eq!(
            decoded(b"\x8E\x52\x93\x63", Some("Shift_JIS")).unwrap(),
            "山田"
        );
    }

    #[test]
    fn a_byte_order_mark_says_more_than_what_was_declared() {
        let marked = "\u{FEFF}Zoë";
        let wide: Vec<u8> = marked.encode_utf16().flat_map(u16::to_le_bytes).collect();

        for bytes in [marked.as_bytes(), &wide] {
            for charset in [None, Some("windows-1252"), Some("nonsense")] {
                assert_eq!(decoded(bytes, charset).unwrap(), "Zoë", "{charset:?}");
            }
        }
    }

    #[test]
    fn bytes_that_make_no_sense_are_refused_with_their_line() {
        for (bytes, charset, told) in [
            (&b"email\rann\r\nZo\xEB"[..], None, "line 3 has bytes"),
            (b"email\rann\rZo\xEB", None, "line 3 has bytes"),
            (b"email\nZo\xEB", Some("utf-8"), "line 2 has bytes"),
            (b"e\0m\0a\0", None, "NUL character in line 1"),
            (b"email\na\0b", None, "NUL character in line 2"),
            ("email\nZo\u{FFFD}".as_bytes(), None, "U+FFFD in line 2"),
            (
                "email\n\nZo\u{FFFD}".as_bytes(),
                Some("windows-1252"),
                "U+FFFD in line 3",
            ),
            (b"email", Some("klingon"), "charset=klingon"),
            (b"email\xFF", Some("euc-kr"), "charset euc-kr"),
            (b"\xFF\xFEe\0m", None, "UTF-16LE"),
        ] {
            let problem = decoded(bytes, charset).unwrap_err();

            assert_eq!(problem.code, "encoding");
            assert!(problem.detail.contains(told), "{}", problem.detail);
        }
    }
}
