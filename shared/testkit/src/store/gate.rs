//! The gate that every call of the table passes: here it is decided whether it goes wrong, and
//! how. It knows no row.

use std::collections::{BTreeMap, HashMap, VecDeque};

use super::MemoryStore;

/// Makes [`Call`] of what the calls do.
macro_rules! calls {
    (
        read: $($read:ident),+;
        write: $($write:ident),+;
        write unless somebody else wrote first: $($outraced:ident),+;
    ) => {
        /// A call of the table, by the name of its port's method.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "each is documented at the port's method of its name")]
        pub enum Call {
            $($read,)+
            $($write,)+
            $($outraced,)+
        }

        impl Call {
            /// Every call.
            pub const ALL: &[Self] = &[$(Self::$read,)+ $(Self::$write,)+ $(Self::$outraced,)+];

            /// Whether it changes rows.
            pub(crate) const fn writes(self) -> bool {
                match self {
                    $(Self::$read)|+ => false,
                    $(Self::$write)|+ | $(Self::$outraced)|+ => true,
                }
            }

            /// Whether its answer can be that somebody else wrote first.
            pub(crate) const fn can_be_outraced(self) -> bool {
                matches!(self, $(Self::$outraced)|+)
            }
        }
    };
}

calls! {
    read:
        LoadUsers, UserByAddress, UserByExternalId, UsersByNames, ListUsers, ListUserIds, UsersToErase, Tombstones,
        LoadSession, LoadRegistration, RegistrationsOf, LoadDeviceEvent, DueDeviceEvents, FailedDeviceEvents,
        LatestDeviceEvents, LoadReportedDevice, UnassignedDevices, UnassignedDevicesOf, LoadSourcePoll, HistoryOf,
        CurrentSettings, SettingsAt, ListSettings, Templates, Template, OpenInvitations, ReadGroups, FindGroup,
        ListGroups, MembersOf, DirectoryNews, RecallAnswer, LoadBatch, NamedUsers, LoadPage, BatchPages, ListBatches,
        LoadMails, DueMails, DueCursors, DueInvitations, DeliveryPause, Tally, Pace, RowsAside, RowAside, LoadJob,
        JobUsers, JobFile, JobPages, ListJobs, DueJobs, Uncounted, Sheets, Counts, DueBy;
    write:
        AddUser, EraseHistory, TakeTry, SaveTemplate, AddMail, StartBatch, TakeLease, GiveLeaseBack, SetDeliveryPause,
        AddToTally, NoteBounce, SendRate, NoteReported, SetCursorAside, ReleaseRow, StartJob, SetJobAside,
        NoteUncounted, ForgetUncounted, ForgetReportedDevice, SaveGroup, ForgetMembers, NoteDirectory;
    write unless somebody else wrote first:
        SaveUsers, RemoveUser, RemoveGroup, SaveSettings, FinishPage, PushCursor, SaveBatch, ClaimMail, SaveMail,
        FinishStep, SaveJobCursor, SaveLedger, AddCounts, SaveDeviceEvent, SaveReportedDevice, SaveSourcePoll;
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
