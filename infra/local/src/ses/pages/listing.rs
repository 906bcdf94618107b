//! The whole mailbox as one JSON answer that is never in memory as a whole.
//!
//! Owns: reading stored mails in pieces and joining them. Must not know which mails were asked for.

use std::{fs::File, io, path::PathBuf};

use axum::body::{Body, Bytes};
use futures_util::{StreamExt as _, stream};

use crate::ses::captured::{self, Place};

/// About this much is read at once; a mail is never split.
const PIECE_BYTES: u64 = 256 * 1024;

/// `{"items":[…]}` with the mails at these places, in this order. A mail that cannot be read cuts
/// the answer short, which tells the reader that this is not all.
pub(super) fn body(path: PathBuf, places: &[Place]) -> Body {
    let pieces: Vec<(usize, Vec<Place>)> =
        pieces(places).map(<[Place]>::to_vec).enumerate().collect();
    let mails = stream::iter(pieces).then(move |(number, piece)| {
        let path = path.clone();
        let between: &[u8] = if number == 0 { b"" } else { b"," };
        async move {
            tokio::task::spawn_blocking(move || read(&path, &piece, between))
                .await
                .unwrap_or_else(|error| Err(error.into()))
                .map(Bytes::from)
        }
    });
    let text = |text: &'static [u8]| stream::iter([io::Result::Ok(Bytes::from_static(text))]);
    Body::from_stream(text(b"{\"items\":[").chain(mails).chain(text(b"]}")))
}

fn read(path: &PathBuf, places: &[Place], prefix: &[u8]) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let mut bytes = prefix.to_vec();
    for (position, place) in places.iter().enumerate() {
        if position > 0 {
            bytes.push(b',');
        }
        captured::read(&mut file, *place, &mut bytes)?;
    }
    Ok(bytes)
}

/// Splits the places where enough bytes have come together.
fn pieces(places: &[Place]) -> impl Iterator<Item = &[Place]> {
    let mut rest = places;
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let full = rest.iter().position(|place| {
            bytes += place.length;
            bytes >= PIECE_BYTES
        });
        let (piece, remaining) =
            rest.split_at_checked(full.map_or(rest.len(), |position| position + 1))?;
        rest = remaining;
        (!piece.is_empty()).then_some(piece)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_is_in_one_piece_and_in_order() {
        let places: Vec<Place> = (0..10)
            .map(|offset| Place {
                offset,
                length: PIECE_BYTES / 3,
            })
            .collect();

        let pieces: Vec<&[Place]> = pieces(&places).collect();

        assert_eq!(pieces.concat(), places);
        assert!(pieces.len() > 1);
    }
}
