//! Rules of the table and of the world around it, broken on purpose: a simulation that does not
//! notice them proves nothing.

/// A rule that does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Breakage {
    /// A mail is claimed though its user changed since they were judged.
    ClaimIgnoresUser,
    /// A try is said to be taken and is not.
    TryNotTaken,
    /// A change of a user is written whatever stands there.
    EverySaveFits,
    /// Whoever asks for the delivery worker's lease gets it.
    LeaseForAll,
    /// A cursor can move on without its page.
    PageLost,
    /// Stream records of cursors get lost, and maintenance cannot push.
    CursorForgotten,
    /// A user is written without the mail that belongs to them.
    MailLeftOut,
    /// A batch that was expanded before writes its mails once more.
    MailTwice,
    /// What the mail service reports is not recorded, and nobody waits for it.
    ReportsIgnored,
    /// A mail's row is written whatever stands there.
    EveryMailFits,
    /// Invitations whose time ran out are never found.
    ExpiryForgotten,
    /// A history row is not written with its change.
    HistoryLeftOut,
    /// A session of an earlier issue is read as one of the latest.
    SessionMovesOn,
    /// Whatever a report says, its device counts as registered just now.
    EveryReportIsOfNow,
    /// A device that is recorded is not found.
    DeviceForgotten,
    /// Every report that writes something is confirmed by mail.
    EverythingConfirmed,
    /// Nobody is told of a row that was set aside.
    UnreadableForgotten,
    /// Whoever cannot be read counts as deleted.
    UnreadableIsGone,
    /// Reminders that are due are never found.
    RemindersForgotten,
    /// That somebody was reminded is not noted in their row.
    ReminderNotNoted,
    /// The devices of a deleted user stay.
    DeletionKeepsDevices,
    /// Users whose data is due for erasure are never found.
    ErasureForgotten,
    /// The erasure reads settings by which nothing is kept.
    ErasedTooEarly,
    /// The history of somebody who is erased stays.
    HistoryKept,
    /// A row of an import is said to be written and is not.
    ImportRowLost,
    /// Nobody is told that their secret was given out.
    HandOverUntold,
    /// An event that the bus cannot take now counts as taken.
    EventLost,
    /// A step of a job is written without what became of whom.
    StepTornApart,
    /// A step of a job is written wherever the job stands.
    EveryStepFits,
    /// A sheet is written whatever stands there and whoever else counts.
    EverySheetFits,
    /// What is counted of somebody is not kept.
    SheetsNotKept,
    /// A message is said to be kept and is not.
    MessageLost,
    /// A message is written whatever stands there.
    EveryMessageFits,
    /// That somebody joins or leaves a group is written in their own row alone.
    MembershipLeftOut,
    /// That somebody was invited as a joiner is not noted in their row.
    JoinerNotNoted,
    /// One recipient whom the mail service does not know stops everybody's mail.
    UnverifiedStopsAll,
    /// Registrations read settings without a limit of devices.
    LimitForgotten,
    /// That a device is managed no longer is not noted in its user's row.
    LeftDeviceCounts,
    /// Settings are read by which what a device management says of whose a device is never counts.
    StatementIgnored,
    /// Settings are read by which everybody may choose whose their device is.
    EverybodyChooses,
    /// What somebody chose is not kept with their invitation.
    ChoiceForgotten,
}

impl Breakage {
    /// Every one.
    pub const ALL: [Self; 41] = [
        Self::ClaimIgnoresUser,
        Self::TryNotTaken,
        Self::EverySaveFits,
        Self::LeaseForAll,
        Self::PageLost,
        Self::CursorForgotten,
        Self::MailLeftOut,
        Self::MailTwice,
        Self::ReportsIgnored,
        Self::EveryMailFits,
        Self::ExpiryForgotten,
        Self::HistoryLeftOut,
        Self::SessionMovesOn,
        Self::EveryReportIsOfNow,
        Self::DeviceForgotten,
        Self::EverythingConfirmed,
        Self::UnreadableForgotten,
        Self::UnreadableIsGone,
        Self::RemindersForgotten,
        Self::ReminderNotNoted,
        Self::DeletionKeepsDevices,
        Self::ErasureForgotten,
        Self::ErasedTooEarly,
        Self::HistoryKept,
        Self::ImportRowLost,
        Self::HandOverUntold,
        Self::EventLost,
        Self::StepTornApart,
        Self::EveryStepFits,
        Self::EverySheetFits,
        Self::SheetsNotKept,
        Self::MessageLost,
        Self::EveryMessageFits,
        Self::MembershipLeftOut,
        Self::JoinerNotNoted,
        Self::UnverifiedStopsAll,
        Self::LimitForgotten,
        Self::LeftDeviceCounts,
        Self::StatementIgnored,
        Self::EverybodyChooses,
        Self::ChoiceForgotten,
    ];
}
