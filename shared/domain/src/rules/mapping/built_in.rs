//! The mappings that are built in, one for each system that Beckon knows. They are data like those of an
//! administrator: a file each, with the source of its format beside it in `source`.

use serde::Deserialize;

use crate::model::mapping::Mapping;
use crate::model::settings::device_sources::SourceKind;

/// A file of this folder.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BuiltIn {
    /// Where the format is documented.
    source: Vec<String>,
    mapping: Mapping,
}

/// The mapping of a system; `None` of one that brings its own.
#[must_use]
pub fn mapping(kind: SourceKind) -> Option<Mapping> {
    read(kind).map(|built_in| built_in.mapping)
}

/// Where the format of a system's messages is documented.
#[must_use]
pub fn documented_at(kind: SourceKind) -> Vec<String> {
    read(kind).map_or_else(Vec::new, |built_in| built_in.source)
}

fn read(kind: SourceKind) -> Option<BuiltIn> {
    let text = match kind {
        SourceKind::NanoMdm => include_str!("built_in/nanomdm.json"),
        SourceKind::MicroMdm => include_str!("built_in/micromdm.json"),
        SourceKind::Fleet => include_str!("built_in/fleet.json"),
        SourceKind::Jamf => include_str!("built_in/jamf.json"),
        SourceKind::SimpleMdm => include_str!("built_in/simplemdm.json"),
        SourceKind::WorkspaceOne => include_str!("built_in/workspaceone.json"),
        SourceKind::Android => include_str!("built_in/android.json"),
        SourceKind::Intune => include_str!("built_in/intune.json"),
        SourceKind::IvantiNeurons => include_str!("built_in/ivantineurons.json"),
        SourceKind::IvantiEpmm => include_str!("built_in/ivantiepmm.json"),
        SourceKind::Kandji => include_str!("built_in/kandji.json"),
        SourceKind::Generic => return None,
    };
    serde_json::from_str(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_mapping_can_be_used_and_names_its_source() {
        for kind in SourceKind::ALL {
            let mapping = mapping(kind);
            assert_eq!(mapping.is_none(), kind == SourceKind::Generic, "{kind:?}");
            let Some(mapping) = mapping else { continue };
            assert_eq!(mapping.check(), [], "{kind:?}");
            let documented = documented_at(kind);
            assert!(!documented.is_empty(), "{kind:?}");
            assert!(documented.iter().all(|url| url.starts_with("https://")));
        }
    }
}
