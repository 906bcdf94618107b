//! Identifiers in the forms that AWS uses.
//!
//! Owns: message ids and UUIDs. Must not know what they name.

use std::{fmt::Write as _, io};

use jiff::Timestamp;

/// A random (version 4) UUID.
///
/// # Errors
///
/// When the operating system gives no random bytes.
pub(super) fn uuid() -> io::Result<String> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).map_err(|error| io::Error::other(error.to_string()))?;
    let [.., _, _, version, _, variant, _, _, _, _, _, _, _] = &mut bytes;
    *version = (*version & 0x0f) | 0x40;
    *variant = (*variant & 0x3f) | 0x80;

    let mut text = String::with_capacity(36);
    for (position, byte) in bytes.iter().enumerate() {
        if matches!(position, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    Ok(text)
}

/// An SES message id: the time in hexadecimal, a UUID, and a counter that is always zero.
///
/// # Errors
///
/// When the operating system gives no random bytes.
pub(super) fn message_id(now: Timestamp) -> io::Result<String> {
    Ok(format!(
        "0100{:012x}-{}-000000",
        now.as_millisecond(),
        uuid()?
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_says_that_it_is_random() {
        let uuid = uuid().unwrap();

        let parts: Vec<&str> = uuid.split('-').collect();
        assert_eq!(
            parts.iter().map(|part| part.len()).collect::<Vec<_>>(),
            [8, 4, 4, 4, 12]
        );
        assert!(parts[2].starts_with('4'), "{uuid}");
        assert!(parts[3].starts_with(['8', '9', 'a', 'b']), "{uuid}");
    }

    #[test]
    fn message_ids_of_one_moment_differ() {
        let now = "2026-01-02T03:04:05Z".parse().unwrap();

        let first = message_id(now).unwrap();
        let second = message_id(now).unwrap();

        assert_ne!(first, second);
        assert_eq!(first.get(..17), second.get(..17));
        assert!(first.ends_with("-000000"));
    }
}
