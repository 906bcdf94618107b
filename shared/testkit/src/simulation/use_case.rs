//! The use cases: one variant per file of the domain's `usecases`. What draws the steps of a story
//! and what judges its end match on them one by one, so a new use case does not compile until
//! somebody has said how often people do it and what the judge says of it. The rest is in docs/testing.md.

/// A use case, named like its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each is documented in the file of its name")]
pub enum UseCase {
    AddUser,
    AssignDevice,
    CarryDeviceEvent,
    CarryOutJob,
    ChangeInvitation,
    ChangeSettings,
    ChangeTemplate,
    ChangeUser,
    ConfirmRegistration,
    CountChanges,
    CountEarlier,
    Decline,
    DeleteUser,
    Deliver,
    EraseEnded,
    Expand,
    ExportUsers,
    FollowDirectory,
    FollowGroups,
    HandOver,
    ImportUsers,
    ManageDeviceSources,
    ManageDirectoryTokens,
    NoteChanges,
    PollSource,
    PreviewInvitations,
    PreviewTemplate,
    Publish,
    ReceiveDeviceEvent,
    RecordFeedback,
    Redeem,
    ReportBatch,
    ReportJob,
    ReportOverview,
    RequestPin,
    ResumeDelivery,
    SendInvitations,
    StartJob,
    StopBatch,
    StopJob,
    TellOfUnreadable,
    TestTemplate,
    RunMaintenance,
    TryAddressAgain,
    WatchDirectory,
}

/// How many there are.
pub(super) const USE_CASES: usize = UseCase::ALL.len();

impl UseCase {
    /// Every one.
    pub const ALL: [Self; 45] = [
        Self::AddUser,
        Self::AssignDevice,
        Self::CarryDeviceEvent,
        Self::CarryOutJob,
        Self::ChangeInvitation,
        Self::ChangeSettings,
        Self::ChangeTemplate,
        Self::ChangeUser,
        Self::ConfirmRegistration,
        Self::CountChanges,
        Self::CountEarlier,
        Self::Decline,
        Self::DeleteUser,
        Self::Deliver,
        Self::EraseEnded,
        Self::Expand,
        Self::ExportUsers,
        Self::FollowDirectory,
        Self::FollowGroups,
        Self::HandOver,
        Self::ImportUsers,
        Self::ManageDeviceSources,
        Self::ManageDirectoryTokens,
        Self::NoteChanges,
        Self::PollSource,
        Self::PreviewInvitations,
        Self::PreviewTemplate,
        Self::Publish,
        Self::ReceiveDeviceEvent,
        Self::RecordFeedback,
        Self::Redeem,
        Self::ReportBatch,
        Self::ReportJob,
        Self::ReportOverview,
        Self::RequestPin,
        Self::ResumeDelivery,
        Self::SendInvitations,
        Self::StartJob,
        Self::StopBatch,
        Self::StopJob,
        Self::TellOfUnreadable,
        Self::TestTemplate,
        Self::RunMaintenance,
        Self::TryAddressAgain,
        Self::WatchDirectory,
    ];

    /// The name of its file under `usecases`, without the ending.
    pub fn file(self) -> String {
        let mut name = String::new();
        for content in format!("{self:?}").chars() {
            if content.is_uppercase() && !name.is_empty() {
                name.push('_');
            }
            name.extend(content.to_lowercase());
        }
        name
    }

    pub(super) const fn place(self) -> usize {
        self as usize
    }
}

/// How often a use case did what was asked, and how often it had a reason not to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is a count of what its name says")]
pub struct Answers {
    pub accepted: u64,
    pub refused: u64,
}

/// What a use case came to, as the simulation counts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Accepted,
    Refused,
    /// There was nothing to do.
    Idle,
    /// Something was out of reach.
    Unavailable,
}
