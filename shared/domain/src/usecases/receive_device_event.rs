//! Receiving a message of a device management: who sends it is checked, and it is kept as it came. What it says is
//! for later: most systems send once, and never again.

use crate::model::device_event::{DeviceEvent, MAX_BODY_BYTES};
use crate::model::settings::device_sources::{Algorithm, Authentication, Encoding};
use crate::ports::clock::Clock;
use crate::ports::devices::Devices;
use crate::ports::entropy::Entropy;
use crate::ports::env::{Env, WithKeys};
use crate::ports::error::{SaveError, Unavailable};
use crate::ports::keys::Keys;
use crate::ports::settings::SettingsStore;
use crate::rules::sender_proof::{KeysUnreachable, Shown, is_proven};
use crate::values::ids::EventId;
use crate::values::sender_secrets::{HeldSecret, SenderSecret};
use crate::values::source_name::SourceName;

/// Why a message was not kept.
#[derive(Debug, thiserror::Error)]
pub enum ReceiveRefused {
    /// The source is not known, or the message is not proven to come from it: nobody is told which.
    #[error("the sender is not known")]
    Unproven,
    /// It is larger than a row may be.
    #[error("the message is too large")]
    TooLarge,
    /// It is compressed, and so is not what a mapping reads.
    #[error("the message is compressed")]
    Compressed,
    /// Whether the token counts that is shown is unknown now: try again later.
    #[error(transparent)]
    KeysUnreachable(#[from] KeysUnreachable),
    /// Try again later.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Receives messages of device managements.
#[derive(Debug, Clone)]
pub struct ReceiveDeviceEvent<E> {
    /// What it runs in.
    pub env: E,
}

impl<E> ReceiveDeviceEvent<E>
where
    E: Env<Store: Devices + SettingsStore> + WithKeys,
{
    /// Keeps a message, or says why not. `source` is what its address names.
    pub async fn run(&self, source: &str, shown: &impl Shown) -> Result<EventId, ReceiveRefused> {
        if shown.body().len() > MAX_BODY_BYTES {
            return Err(ReceiveRefused::TooLarge);
        }
        let settings = self.env.store().current_settings().await?.settings;
        let secrets = self.env.keys().sender_secrets().await?;
        let named = SourceName::parse(source).ok();
        let source = named.and_then(|name| settings.device_source(&name).cloned());
        let Some(source) = source else {
            // As much is done for a source that is not there as for one that is.
            let _ = is_proven(&nobodys(), &[self.nobodys_secret()], shown, None);
            return Err(ReceiveRefused::Unproven);
        };
        let held = secrets.of(&source.name);
        if held.is_empty() && source.authentication.has_secret() {
            let _ = is_proven(&nobodys(), &[self.nobodys_secret()], shown, None);
            return Err(ReceiveRefused::Unproven);
        }
        let identity = match &source.authentication {
            Authentication::Google { issuer, .. } => shown.identity(issuer).await?,
            Authentication::Hmac { .. }
            | Authentication::Basic
            | Authentication::Header { .. }
            | Authentication::Query { .. }
            | Authentication::Nothing => None,
        };
        if !is_proven(&source.authentication, held, shown, identity.as_ref()) {
            return Err(ReceiveRefused::Unproven);
        }
        if shown.is_compressed() {
            return Err(ReceiveRefused::Compressed);
        }
        let now = self.env.clock().now();
        let id = EventId::new(self.env.entropy().ulid());
        let event = DeviceEvent::received(id, source.name, shown.body().to_vec(), now);
        match self.env.store().save_device_event(&event).await {
            // Nobody else has this id: in a conflict it was written before its answer was lost.
            Ok(()) | Err(SaveError::Conflict) => Ok(id),
            Err(SaveError::Unavailable(error)) => Err(error.into()),
        }
    }

    fn nobodys_secret(&self) -> HeldSecret {
        let nonce = self.env.entropy().nonce();
        HeldSecret {
            of_service: None,
            id: 0,
            secret: SenderSecret::made(crate::values::hex::hex(nonce.as_bytes())),
            since: self.env.clock().now(),
        }
    }
}

/// A way that nobody can prove themselves by, and that costs as much as another.
fn nobodys() -> Authentication {
    Authentication::Hmac {
        header: "X-Hmac-Signature".to_owned(),
        encoding: Encoding::Base64,
        prefix: String::new(),
        algorithm: Algorithm::Sha256,
    }
}
