//! The gate that every call of the table passes: here it is decided whether it goes wrong, and
//! how. It knows no row.

use std::collections::{BTreeMap, HashMap, VecDeque};

use super::MemoryStore;

/// A call of the table, by the name of its port's method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(
    missing_docs,
    reason = "each is documented at the port's method of its name"
)]
pub enum Call {
    LoadUsers,
    UserByAddress,
    UserByExternalId,
    UsersByNames,
    ListUsers,
    ListUserIds,
    AddUser,
    SaveUsers,
    RemoveUser,
    UsersToErase,
    Tombstones,
    EraseHistory,
    TakeTry,
    LoadSession,
    LoadRegistration,
    RegistrationsOf,
    LoadDeviceEvent,
    SaveDeviceEvent,
    DueDeviceEvents,
    FailedDeviceEvents,
    LatestDeviceEvents,
    LoadReportedDevice,
    SaveReportedDevice,
    ForgetReportedDevice,
    UnassignedDevices,
    UnassignedDevicesOf,
    LoadSourcePoll,
    SaveSourcePoll,
    HistoryOf,
    CurrentSettings,
    SettingsAt,
    ListSettings,
    SaveSettings,
    Templates,
    Template,
    SaveTemplate,
    OpenInvitations,
    ReadGroups,
    FindGroup,
    ListGroups,
    SaveGroup,
    RemoveGroup,
    MembersOf,
    ForgetMembers,
    DirectoryNews,
    NoteDirectory,
    RecallAnswer,
    StartBatch,
    LoadBatch,
    NamedUsers,
    LoadPage,
    BatchPages,
    ListBatches,
    FinishPage,
    PushCursor,
    SaveBatch,
    LoadMails,
    DueMails,
    DueCursors,
    DueInvitations,
    ClaimMail,
    SaveMail,
    AddMail,
    TakeLease,
    GiveLeaseBack,
    DeliveryPause,
    SetDeliveryPause,
    Tally,
    AddToTally,
    NoteBounce,
    SendRate,
    Pace,
    RowsAside,
    RowAside,
    NoteReported,
    SetCursorAside,
    ReleaseRow,
    StartJob,
    LoadJob,
    JobUsers,
    JobFile,
    JobPages,
    ListJobs,
    FinishStep,
    SaveJobCursor,
    DueJobs,
    SetJobAside,
    Uncounted,
    NoteUncounted,
    SaveLedger,
    Sheets,
    AddCounts,
    ForgetUncounted,
    Counts,
    DueBy,
}

impl Call {
    /// Whether it changes rows.
    #[expect(clippy::too_many_lines, reason = "a table with a line for each call")]
    pub(crate) const fn writes(self) -> bool {
        match self {
            Self::AddUser
            | Self::SaveUsers
            | Self::RemoveUser
            | Self::EraseHistory
            | Self::TakeTry
            | Self::SaveSettings
            | Self::SaveTemplate
            | Self::AddMail
            | Self::StartBatch
            | Self::FinishPage
            | Self::PushCursor
            | Self::SaveBatch
            | Self::ClaimMail
            | Self::SaveMail
            | Self::TakeLease
            | Self::GiveLeaseBack
            | Self::SetDeliveryPause
            | Self::AddToTally
            | Self::NoteBounce
            | Self::SendRate
            | Self::NoteReported
            | Self::SetCursorAside
            | Self::ReleaseRow
            | Self::StartJob
            | Self::FinishStep
            | Self::SaveJobCursor
            | Self::SetJobAside
            | Self::NoteUncounted
            | Self::SaveLedger
            | Self::AddCounts
            | Self::ForgetUncounted
            | Self::SaveDeviceEvent
            | Self::SaveReportedDevice
            | Self::ForgetReportedDevice
            | Self::SaveSourcePoll
            | Self::SaveGroup
            | Self::RemoveGroup
            | Self::ForgetMembers
            | Self::NoteDirectory => true,
            Self::LoadUsers
            | Self::UserByAddress
            | Self::UserByExternalId
            | Self::UsersByNames
            | Self::UsersToErase
            | Self::Tombstones
            | Self::ListUsers
            | Self::ListUserIds
            | Self::LoadSession
            | Self::LoadRegistration
            | Self::RegistrationsOf
            | Self::LoadDeviceEvent
            | Self::DueDeviceEvents
            | Self::FailedDeviceEvents
            | Self::LatestDeviceEvents
            | Self::LoadReportedDevice
            | Self::UnassignedDevices
            | Self::UnassignedDevicesOf
            | Self::LoadSourcePoll
            | Self::HistoryOf
            | Self::CurrentSettings
            | Self::SettingsAt
            | Self::ListSettings
            | Self::Templates
            | Self::Template
            | Self::OpenInvitations
            | Self::ReadGroups
            | Self::FindGroup
            | Self::ListGroups
            | Self::MembersOf
            | Self::DirectoryNews
            | Self::RecallAnswer
            | Self::LoadBatch
            | Self::NamedUsers
            | Self::LoadPage
            | Self::BatchPages
            | Self::ListBatches
            | Self::LoadMails
            | Self::DueMails
            | Self::DueCursors
            | Self::DueInvitations
            | Self::DeliveryPause
            | Self::Tally
            | Self::Pace
            | Self::RowsAside
            | Self::RowAside
            | Self::LoadJob
            | Self::JobUsers
            | Self::JobFile
            | Self::JobPages
            | Self::ListJobs
            | Self::DueJobs
            | Self::Uncounted
            | Self::Sheets
            | Self::Counts
            | Self::DueBy => false,
        }
    }

    /// Whether its answer can be that somebody else wrote first.
    pub(crate) const fn can_be_outraced(self) -> bool {
        matches!(
            self,
            Self::SaveUsers
                | Self::RemoveUser
                | Self::RemoveGroup
                | Self::SaveSettings
                | Self::FinishPage
                | Self::PushCursor
                | Self::SaveBatch
                | Self::ClaimMail
                | Self::SaveMail
                | Self::FinishStep
                | Self::SaveJobCursor
                | Self::SaveLedger
                | Self::AddCounts
                | Self::SaveDeviceEvent
                | Self::SaveReportedDevice
                | Self::SaveSourcePoll
        )
    }
}

/// How a call goes wrong. Each answers that the table is unavailable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Before anything is done.
    Refuse,
    /// After it is done.
    LoseAnswer,
    /// After so many of several changes are done: a call that writes many users is several
    /// transactions. Any other call is done whole.
    CutShort(usize),
}

/// What the gate makes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Admission {
    Pass,
    Refuse,
    Outraced,
    LoseAnswer,
    CutShort(usize),
}

pub(super) type Hook = Box<dyn FnOnce(&MemoryStore) + Send>;

#[derive(Default)]
pub(super) struct Gate {
    passed: u64,
    refuse: u64,
    lose: u64,
    outrace: u64,
    planned: BTreeMap<u64, Fault>,
    down_from: Option<u64>,
    before: HashMap<Call, VecDeque<Hook>>,
}

impl Gate {
    pub(super) fn refuse_next(&mut self, n: u64) {
        self.refuse = n;
    }

    pub(super) fn lose_next(&mut self, n: u64) {
        self.lose = n;
    }

    pub(super) fn outrace_next(&mut self, n: u64) {
        self.outrace = n;
    }

    pub(super) fn plan(&mut self, after: u64, fault: Fault) {
        self.planned.insert(self.passed + after, fault);
    }

    pub(super) fn go_down_after(&mut self, after: u64) {
        self.down_from = Some(self.passed + after);
    }

    pub(super) fn come_back(&mut self) {
        (self.refuse, self.lose, self.outrace) = (0, 0, 0);
        self.planned.clear();
        self.down_from = None;
        self.before.clear();
    }

    pub(super) fn before_next(&mut self, call: Call, hook: Hook) {
        self.before.entry(call).or_default().push_back(hook);
    }

    pub(super) fn hook(&mut self, call: Call) -> Option<Hook> {
        self.before.get_mut(&call)?.pop_front()
    }

    pub(super) fn passed(&self) -> u64 {
        self.passed
    }

    pub(super) fn admit(&mut self, call: Call) -> Admission {
        let number = self.passed;
        self.passed += 1;
        if self.down_from.is_some_and(|from| number >= from) || count_down(&mut self.refuse) {
            return Admission::Refuse;
        }
        match self.planned.remove(&number) {
            Some(Fault::Refuse) => return Admission::Refuse,
            Some(Fault::LoseAnswer) => return Admission::LoseAnswer,
            Some(Fault::CutShort(after)) => return Admission::CutShort(after),
            None => {}
        }
        if call.writes() && count_down(&mut self.lose) {
            return Admission::LoseAnswer;
        }
        if call.can_be_outraced() && count_down(&mut self.outrace) {
            return Admission::Outraced;
        }
        Admission::Pass
    }
}

fn count_down(left: &mut u64) -> bool {
    let any = *left > 0;
    *left = left.saturating_sub(1);
    any
}
