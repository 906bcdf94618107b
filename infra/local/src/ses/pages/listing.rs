//! The whole outbox as one JSON answer that is never in memory as a whole.
//!
//! Owns: reading stored mails in pieces and joining them. Must not know which mails were asked for.

use std::{fs::File, io, path::PathBuf};

use axum::body::{Body, Bytes};
use http_body_util::channel::Channel;

use crate::ses::outbox::{self, Place};

/// About this much is read at once; a mail is never split.
const PIECE_BYTES: u64 = 256 * 1024;

/// `{"items":[…]}` with the mails at these places, in this order.
pub(super) fn body(path: PathBuf, places: Vec<Place>) -> Body {
    // Two pieces: one on its way, one being read.
    let (mut sender, body) = Channel::<Bytes, io::Error>::new(2);
    tokio::spawn(async move {
        let mut prefix = &b"{\"items\":["[..];
        for piece in pieces(&places) {
            let piece = piece.to_vec();
            let path = path.clone();
            let read = tokio::task::spawn_blocking(move || read(&path, &piece, prefix)).await;
            let failure = match read {
                Ok(Ok(bytes)) => {
                    if sender.send_data(bytes.into()).await.is_err() {
                        return;
                    }
                    prefix = b",";
                    continue;
                }
                Ok(Err(error)) => error,
                Err(error) => error.into(),
            };
            // Cutting the answer short tells the reader that this is not all.
            sender.abort(failure);
            return;
        }
        let end = if places.is_empty() {
            &b"{\"items\":[]}"[..]
        } else {
            b"]}"
        };
        // A reader that is gone needs no end.
        let _ = sender.send_data(Bytes::from_static(end)).await;
    });
    Body::new(body)
}

fn read(path: &PathBuf, places: &[Place], prefix: &[u8]) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let mut bytes = prefix.to_vec();
    for (position, place) in places.iter().enumerate() {
        if position > 0 {
            bytes.push(b',');
        }
        outbox::read(&mut file, *place, &mut bytes)?;
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
