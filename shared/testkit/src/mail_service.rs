//! A mail service in memory: it keeps what it takes, and answers as it is told.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};

use beckon_domain::model::mail_content::OutgoingMail;
use beckon_domain::model::mail_service::{SendAnswer, SendingLimits};
use beckon_domain::ports::clock::Clock as _;
use beckon_domain::ports::error::Unavailable;
use beckon_domain::ports::mail_service::MailService;
use beckon_domain::values::address::EmailAddress;
use beckon_domain::values::ids::MailId;
use jiff::{SignedDuration, Timestamp};

use crate::ManualClock;

/// A mail that was handed over.
#[derive(Debug, Clone)]
pub struct HandedOver {
    /// When.
    pub at: Timestamp,
    /// What.
    pub mail: OutgoingMail,
    /// What the service answered.
    pub answer: SendAnswer,
}

type Answering = Box<dyn FnMut(&OutgoingMail) -> SendAnswer + Send>;

/// The mail service in memory. Clones are the same service.
#[derive(Clone)]
pub struct MemoryMailService {
    clock: ManualClock,
    service: Arc<Mutex<Service>>,
}

struct Service {
    handed: Vec<HandedOver>,
    script: VecDeque<SendAnswer>,
    answering: Option<Answering>,
    limits: Option<SendingLimits>,
    takes: SignedDuration,
    cleared: Vec<EmailAddress>,
    forgetful: bool,
    under_way: usize,
    most_under_way: usize,
}

impl std::fmt::Debug for MemoryMailService {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryMailService").finish_non_exhaustive()
    }
}

impl MemoryMailService {
    /// A service that takes everything, 14 mails a second, as a new account does.
    pub fn new(clock: &ManualClock) -> Self {
        Self {
            clock: clock.clone(),
            service: Arc::new(Mutex::new(Service {
                handed: Vec::new(),
                script: VecDeque::new(),
                answering: None,
                limits: Some(SendingLimits {
                    per_second: 14.0,
                    enabled: true,
                }),
                takes: SignedDuration::ZERO,
                cleared: Vec::new(),
                forgetful: true,
                under_way: 0,
                most_under_way: 0,
            })),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Service> {
        self.service.lock().expect("no answer panics")
    }

    /// The addresses that it was asked to forget what it holds against.
    pub fn cleared(&self) -> Vec<EmailAddress> {
        self.lock().cleared.clone()
    }

    /// Whether it forgets what it holds against an address when it is asked to.
    pub fn be_forgetful(&self, forgetful: bool) {
        self.lock().forgetful = forgetful;
    }

    /// Answers the next mails so, one after the other; then as before.
    pub fn answer_next(&self, answers: impl IntoIterator<Item = SendAnswer>) {
        self.lock().script.extend(answers);
    }

    /// Answers every mail that is not [scripted](Self::answer_next) so.
    pub fn answer_with(&self, answer: impl FnMut(&OutgoingMail) -> SendAnswer + Send + 'static) {
        self.lock().answering = Some(Box::new(answer));
    }

    /// Takes every mail again that is not scripted.
    pub fn take_everything(&self) {
        let mut service = self.lock();
        service.answering = None;
        service.script.clear();
    }

    /// Lets us send at this rate from now on.
    pub fn let_through(&self, per_second: f64) {
        self.lock().limits = Some(SendingLimits {
            per_second,
            enabled: true,
        });
    }

    /// Does not say how fast we may send, until [`MemoryMailService::let_through`].
    pub fn hide_limits(&self) {
        self.lock().limits = None;
    }

    /// Takes this long for each mail.
    pub fn take_time(&self, takes: SignedDuration) {
        self.lock().takes = takes;
    }

    /// Every mail that was handed over, whatever the answer, in order.
    pub fn handed_over(&self) -> Vec<HandedOver> {
        self.lock().handed.clone()
    }

    /// The mails that were taken, in order.
    pub fn taken(&self) -> Vec<OutgoingMail> {
        let handed = self.handed_over();
        let taken = handed
            .into_iter()
            .filter(|handed| matches!(handed.answer, SendAnswer::Accepted { .. }));
        taken.map(|handed| handed.mail).collect()
    }

    /// How often a mail was handed over.
    pub fn times(&self, id: MailId) -> usize {
        let service = self.lock();
        service
            .handed
            .iter()
            .filter(|handed| handed.mail.id == id)
            .count()
    }

    /// What was taken for this address, in order.
    pub fn taken_for(&self, address: &EmailAddress) -> Vec<OutgoingMail> {
        let mut taken = self.taken();
        taken.retain(|mail| mail.to == *address);
        taken
    }

    /// The most mails that were under way at the same time.
    pub fn most_under_way(&self) -> usize {
        self.lock().most_under_way
    }
}

/// A mail that waits for its answer.
struct UnderWay<'a>(&'a Mutex<Service>);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        if let Ok(mut service) = self.0.lock() {
            service.under_way -= 1;
        }
    }
}

impl Service {
    fn take(&mut self, mail: &OutgoingMail, at: Timestamp) -> (SendAnswer, SignedDuration) {
        let answer = self.answer(mail);
        self.handed.push(HandedOver {
            at,
            mail: mail.clone(),
            answer: answer.clone(),
        });
        self.under_way += 1;
        self.most_under_way = self.most_under_way.max(self.under_way);
        (answer, self.takes)
    }

    fn answer(&mut self, mail: &OutgoingMail) -> SendAnswer {
        if let Some(answer) = self.script.pop_front() {
            return answer;
        }
        match &mut self.answering {
            Some(answering) => answering(mail),
            None => accepted(mail.id),
        }
    }
}

/// The answer that takes a mail.
pub fn accepted(id: MailId) -> SendAnswer {
    SendAnswer::Accepted {
        service_id: format!("service-{id}"),
    }
}

impl MailService for MemoryMailService {
    async fn send_mail(&self, mail: &OutgoingMail) -> SendAnswer {
        // Whoever gives up waiting for the answer has handed the mail over all the same.
        let (answer, takes) = self.lock().take(mail, self.clock.now());
        let _under_way = UnderWay(&self.service);
        if takes > SignedDuration::ZERO {
            self.clock.sleep(takes).await;
        } else {
            tokio::task::yield_now().await;
        }
        answer
    }

    async fn sending_limits(&self) -> Result<SendingLimits, Unavailable> {
        tokio::task::yield_now().await;
        let limits = self.lock().limits;
        limits.ok_or_else(|| Unavailable::new("the mail service", "the test told it to fail"))
    }

    async fn clear_suppression(&self, address: &EmailAddress) -> Result<(), Unavailable> {
        let mut service = self.lock();
        if !service.forgetful {
            return Err(Unavailable::new("the mail service", "it does not forget"));
        }
        service.cleared.push(address.clone());
        Ok(())
    }
}
