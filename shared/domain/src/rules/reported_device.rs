//! What a message adds to what is known of a device, and what is then reported of it. In whichever order messages
//! come, and however often, the same is known in the end.

use jiff::{SignedDuration, Timestamp};

use crate::model::mapping::Said;
use crate::model::registration::{DeviceFacts, DeviceRegistered, Registrant};
use crate::model::reported_device::{
    Claimant, DeviceMessage, Enrolment, ReportedDevice, Told, ToldFacts, add_once,
};
use crate::model::stored::Carried;
use crate::values::ids::Version;

/// How long before an enrolment a fact may have been told that still holds after it: the first message of an
/// enrolment tells facts seconds before the one that ends it. What was told of a device before it was wiped
/// does not hold.
const FACTS_BEFORE_ENROLMENT: SignedDuration = SignedDuration::from_hours(1);

/// What is known of the device after this message, as the next version of its row; `None` if the message says
/// nothing new.
#[must_use]
pub fn learn(
    known: Option<&ReportedDevice>,
    message: &DeviceMessage,
    received_at: Timestamp,
) -> Option<ReportedDevice> {
    let at = message.at.unwrap_or(received_at);
    let before = known.cloned().unwrap_or_else(|| ReportedDevice {
        id: message.device.id.clone(),
        told: ToldFacts::default(),
        enrolment: None,
        unenrolled_at: None,
        user: None,
        assigned_to: None,
        assigned_by: None,
        changed_at: received_at,
        version: Version::from_number(0),
        carried: Carried::default(),
    });
    let mut after = before.clone();
    after.told = merged(&before.told, &message.device, at);
    match message.says {
        // The device said again that it is managed.
        Said::Enrolled if message.repeats && stays_with_its_owner(&before, message) => {}
        Said::Enrolled => {
            let enrolment = Enrolment {
                at: message.at,
                claimants: message.claimants.clone(),
            };
            let newer = before.enrolment.as_ref().is_none_or(|own| *own < enrolment);
            if newer {
                after.enrolment = Some(enrolment);
                // A device that somebody enrols anew is theirs, whoever had it before.
                let is_another = before.enrolment.is_some();
                if is_another {
                    after.user = None;
                    after.assigned_to = None;
                    after.assigned_by = None;
                }
            }
        }
        Said::Unenrolled => after.unenrolled_at = before.unenrolled_at.max(Some(at)),
        Said::Facts => {}
    }
    if known.is_some() && after == before {
        return None;
    }
    Some(ReportedDevice {
        changed_at: received_at,
        version: before.version.next(),
        ..after
    })
}

/// Whether a device that says again that it is enrolled, and names nobody else than when it enrolled, stays with whom it
/// belongs to.
fn stays_with_its_owner(before: &ReportedDevice, message: &DeviceMessage) -> bool {
    let named = before.enrolment.as_ref();
    let named = named.map_or(&[][..], |enrolment| &enrolment.claimants);
    let names_nobody_else = message.claimants.iter().all(|one| named.contains(one));
    before.has_owner() && names_nobody_else && !before.is_unenrolled()
}

/// What is known of a device after its source said, being asked, whose it is, as the next version of its row; `None` if that
/// is nothing new, the device has somebody by now, or it enrolled anew after this message.
#[must_use]
pub fn looked_up(
    known: &ReportedDevice,
    message: &DeviceMessage,
    found: &[Claimant],
) -> Option<ReportedDevice> {
    let enrolment = known.enrolment.as_ref()?;
    let is_of_it =
        enrolment.at == message.at && enrolment.claimants.starts_with(&message.claimants);
    if !is_of_it || known.has_owner() {
        return None;
    }
    let mut claimants = message.claimants.clone();
    add_once(&mut claimants, found.iter().cloned());
    if claimants == enrolment.claimants {
        return None;
    }
    Some(ReportedDevice {
        enrolment: Some(Enrolment {
            at: message.at,
            claimants,
        }),
        version: known.version.next(),
        ..known.clone()
    })
}

/// What is reported of a device that enrolled; `None` while it has not. It stays with whom it belongs to, though the
/// address by which its person was found may be another's now.
#[must_use]
pub fn report_of(device: &ReportedDevice) -> Option<DeviceRegistered> {
    let enrolment = device.enrolment.as_ref()?;
    let registrants = match device.assigned_to.or(device.user) {
        Some(user) => vec![Registrant::User(user)],
        None => enrolment
            .claimants
            .iter()
            .cloned()
            .map(Registrant::from)
            .collect(),
    };
    Some(DeviceRegistered {
        registrants,
        device: facts_of(device),
        registered_at: enrolment.at,
    })
}

/// What is known of a device now.
#[must_use]
pub fn facts_of(device: &ReportedDevice) -> DeviceFacts {
    let told = &device.told;
    let enrolled_at = device.enrolment.as_ref().and_then(|enrolment| enrolment.at);
    let earliest = enrolled_at.and_then(|at| at.checked_sub(FACTS_BEFORE_ENROLMENT).ok());
    let is_of_it = |at: Timestamp| earliest.is_none_or(|earliest| earliest <= at);
    DeviceFacts {
        id: device.id.clone(),
        name: value(told.name.as_ref()),
        platform: value(told.platform.as_ref()),
        os_version: value(told.os_version.as_ref()),
        serial: value(told.serial.as_ref()),
        supervised: value(told.supervised.as_ref().filter(|told| is_of_it(told.at))),
        enrollment_type: value(
            told.enrollment_type
                .as_ref()
                .filter(|told| is_of_it(told.at)),
        ),
        ownership: value(told.ownership.as_ref().filter(|told| is_of_it(told.at))),
    }
}

fn value<T: Clone>(told: Option<&Told<T>>) -> Option<T> {
    told.map(|told| told.value.clone())
}

fn merged(before: &ToldFacts, facts: &DeviceFacts, at: Timestamp) -> ToldFacts {
    ToldFacts {
        name: latest(before.name.as_ref(), facts.name.as_ref(), at),
        platform: latest(before.platform.as_ref(), facts.platform.as_ref(), at),
        os_version: latest(before.os_version.as_ref(), facts.os_version.as_ref(), at),
        serial: latest(before.serial.as_ref(), facts.serial.as_ref(), at),
        supervised: latest(before.supervised.as_ref(), facts.supervised.as_ref(), at),
        enrollment_type: latest(
            before.enrollment_type.as_ref(),
            facts.enrollment_type.as_ref(),
            at,
        ),
        ownership: latest(before.ownership.as_ref(), facts.ownership.as_ref(), at),
    }
}

/// What was told last; of two things told at the same moment, always the same one.
fn latest<T: Clone + Ord>(
    before: Option<&Told<T>>,
    told: Option<&T>,
    at: Timestamp,
) -> Option<Told<T>> {
    let told = told.map(|value| Told {
        value: value.clone(),
        at,
    });
    match (before, told) {
        (None, told) => told,
        (Some(before), None) => Some(before.clone()),
        (Some(before), Some(told)) => {
            let newer = (before.at, &before.value) < (told.at, &told.value);
            Some(if newer { told } else { before.clone() })
        }
    }
}

#[cfg(test)]
mod tests;
