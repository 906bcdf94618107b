//! The key file of one machine: made at the first start, readable by its owner alone.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use beckon_domain::values::keys::KeyRing;

const FILE: &str = "keys.json";

/// The text of the key file, as the secret holds it in the cloud.
pub(crate) fn document(data: &Path) -> std::io::Result<String> {
    std::fs::read_to_string(data.join(FILE))
}

/// Where the secrets of senders of device events are kept, as the secret holds them in the cloud.
pub(crate) fn senders(data: &Path) -> PathBuf {
    data.join("senders.json")
}

/// The ring in the data folder; made if there is none.
pub(crate) fn ring(data: &Path) -> anyhow::Result<KeyRing> {
    let path = data.join(FILE);
    if !path.exists() {
        make(&path).with_context(|| format!("{} cannot be made", path.display()))?;
    }
    let text = document(data).with_context(|| format!("{} cannot be read", path.display()))?;
    // A parser's error may quote what it could not read, and that is the key.
    let entries: BTreeMap<String, String> = serde_json::from_str(&text).map_err(|_| {
        anyhow::anyhow!("{} is not a key document; delete it to make a new one, which ends every open invitation", path.display())
    })?;
    Ok(KeyRing::parse(entries)?)
}

fn make(path: &Path) -> anyhow::Result<()> {
    let mut random = [0_u8; 32];
    getrandom::fill(&mut random)?;
    let key = beckon_domain::values::hex::hex(&random);
    let document = serde_json::json!({ "current": "k1", "k1": key });
    // Half a key file would lose every open invitation.
    beckon_aws::write_private(path, &document.to_string())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_made_once_and_only_its_owner_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        ring(folder.path()).unwrap();
        let first = std::fs::read_to_string(folder.path().join("keys.json")).unwrap();
        ring(folder.path()).unwrap();

        assert_eq!(
            std::fs::read_to_string(folder.path().join("keys.json")).unwrap(),
            first
        );
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(folder.path().join("keys.json"))
                .unwrap()
                .permissions()
                .mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn the_secrets_of_senders_are_readable_by_their_owner_alone() {
        use std::os::unix::fs::PermissionsExt as _;

        use beckon_aws::KeySource;
        use beckon_domain::ports::keys::Keys as _;
        use beckon_domain::values::sender_secrets::SenderSecrets;

        let folder = tempfile::tempdir().unwrap();
        let path = senders(folder.path());
        let keys = KeySource::held(ring(folder.path()).unwrap(), path.clone());

        keys.save_sender_secrets(&SenderSecrets::default())
            .await
            .unwrap();

        let mode = std::fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_damaged_key_file_is_refused_without_showing_it() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("keys.json"), "{\"current\": hunter2").unwrap();

        let error = format!("{:#}", ring(folder.path()).unwrap_err());

        assert!(error.contains("delete it"));
        assert!(!error.contains("hunter2"));
    }
}
