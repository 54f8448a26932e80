//! The corridor as one value: what the doors call and the workers run on.

use std::sync::{Arc, PoisonError, RwLock};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use oir_domain::calendar::copenhagen;
use oir_domain::register::Register;
use oir_domain::retry::RetryPolicy;
use oir_wire::finans::message::{Call, Reply, Unreadable};
use tokio::sync::{Mutex, Notify, mpsc};

use crate::answers;
use crate::intake::{self, Job, QUEUE_MAX};
use crate::judge::Arrival;
use crate::lines::Lines;
use crate::ports::StoreFailure;
use crate::ports::courier::Courier;
use crate::ports::inbox::{Channel, Inbox};
use crate::ports::operation::Partners;
use crate::ports::outbox::{Backlog, Outbox};
use crate::ports::process::{Clock, Ids};
use crate::tidings::Tidings;

/// What a hub is made of.
#[derive(Debug, Clone)]
pub struct Parts {
    /// Reception.
    pub inbox: Arc<dyn Inbox>,
    /// Delivery.
    pub outbox: Arc<dyn Outbox>,
    /// What is known of the books, and whether they may be called.
    pub partners: Arc<dyn Partners>,
    /// Calls to the books.
    pub courier: Arc<dyn Courier>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Ids.
    pub ids: Arc<dyn Ids>,
}

/// How deliveries are timed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// How long a worker has a bilag to itself, milliseconds; longer than any call.
    pub lease_ms: u32,
    /// When what was sent without an answer is asked about, and how long books that did not
    /// answer are left alone, milliseconds.
    pub ask_ms: u32,
    /// Longest time that a call may take, milliseconds.
    pub call_ms: u32,
    /// How long what is uncertain is asked about before a person must look, milliseconds.
    pub patience_ms: u32,
    /// Pauses and attempts.
    pub retry: RetryPolicy,
}

impl Timing {
    /// A lease of two minutes covers a call of one; questions after half a minute, and for
    /// two hours, as long as attempts go on.
    pub const STANDARD: Self = Self {
        lease_ms: 120_000,
        ask_ms: 30_000,
        call_ms: 60_000,
        patience_ms: 7_200_000,
        retry: RetryPolicy::STANDARD,
    };
}

#[derive(Debug)]
struct Shared {
    parts: Parts,
    timing: Timing,
    register: RwLock<Arc<Register>>,
    zone: TimeZone,
    wake: Notify,
    lines: Lines,
    tidings: Tidings,
    queue: mpsc::Sender<Job>,
    receiver: Arc<Mutex<mpsc::Receiver<Job>>>,
}

/// The corridor. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Hub(Arc<Shared>);

impl Hub {
    /// Puts the parts together and reads the register.
    ///
    /// # Errors
    /// [`StoreFailure`] when the register cannot be read.
    pub async fn new(parts: Parts, timing: Timing) -> Result<Self, StoreFailure> {
        let register = Arc::new(parts.inbox.register().await?);
        let (queue, receiver) = mpsc::channel(QUEUE_MAX);
        Ok(Self(Arc::new(Shared {
            parts,
            timing,
            register: RwLock::new(register),
            zone: copenhagen(),
            wake: Notify::new(),
            lines: Lines::default(),
            tidings: Tidings::default(),
            queue,
            receiver: Arc::new(Mutex::new(receiver)),
        })))
    }

    /// Starts so many committers: what [`Hub::answer`] hands over is written by them. They
    /// run until the runtime ends; what they have not written has not been answered.
    pub fn start_intake(&self, committers: usize) {
        for _ in 0..committers {
            let queue = Arc::clone(&self.0.receiver);
            tokio::spawn(intake::run(self.clone(), queue));
        }
    }

    /// Answers a call. Never fails: what goes wrong here is an answer too.
    pub async fn answer(
        &self,
        channel: Channel,
        read: Result<Call, Box<Unreadable>>,
        raw: Arc<[u8]>,
    ) -> Reply {
        let read = match read {
            Ok(Call::Modtag(afsendelse)) => Ok(afsendelse),
            Ok(other) => return answers::answer(self, other).await,
            Err(unreadable) => Err(unreadable),
        };
        let (job, answer) = Job::new(Arrival::new(channel, raw, read));
        let gone = || StoreFailure::Unavailable("stopping".into());
        if self.0.queue.send(job).await.is_err() {
            return intake::refusal(&gone());
        }
        answer.await.unwrap_or_else(|_| intake::refusal(&gone()))
    }

    /// Judges and writes arrivals as one group, without the queue: for simulations and
    /// measurements, where one caller decides when a group is written.
    pub async fn receive(&self, arrivals: Vec<Arrival>) -> Vec<Reply> {
        let (jobs, answers): (Vec<_>, Vec<_>) = arrivals.into_iter().map(Job::new).unzip();
        intake::commit(self, jobs).await;
        let mut replies = Vec::with_capacity(answers.len());
        for answer in answers {
            let gone = StoreFailure::Unavailable("unanswered".into());
            replies.push(answer.await.unwrap_or_else(|_| intake::refusal(&gone)));
        }
        replies
    }

    /// The register as last read.
    #[must_use]
    pub fn register(&self) -> Arc<Register> {
        let guard = self.0.register.read();
        Arc::clone(&guard.unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the register anew.
    ///
    /// # Errors
    /// [`StoreFailure`] when it cannot be read; the old one stays.
    pub async fn reload_register(&self) -> Result<(), StoreFailure> {
        let register = Arc::new(self.0.parts.inbox.register().await?);
        let guard = self.0.register.write();
        *guard.unwrap_or_else(PoisonError::into_inner) = register;
        Ok(())
    }

    /// Reads the register anew if it moved on. True = it did.
    ///
    /// # Errors
    /// [`StoreFailure`] when it cannot be read.
    pub async fn follow_register(&self) -> Result<bool, StoreFailure> {
        let moved = self.0.parts.inbox.register_version().await? != self.register().version();
        if moved {
            self.reload_register().await?;
        }
        Ok(moved)
    }

    /// Tells the workers that something is due.
    pub fn wake(&self) {
        self.0.wake.notify_one();
    }

    /// Waits until something may be due.
    pub(crate) async fn woken(&self) {
        self.0.wake.notified().await;
    }

    /// How much waits for delivery.
    ///
    /// # Errors
    /// [`StoreFailure`] when it cannot be read.
    pub async fn backlog(&self) -> Result<Backlog, StoreFailure> {
        self.outbox().backlog(self.now()).await
    }

    /// This instant, by the hub's clock.
    #[must_use]
    pub fn instant(&self) -> Timestamp {
        self.now()
    }

    pub(crate) fn lines(&self) -> &Lines {
        &self.0.lines
    }

    /// When something may be due again for books that are left alone now.
    #[must_use]
    pub fn rested(&self) -> Option<Timestamp> {
        self.0.lines.rested()
    }

    pub(crate) fn inbox(&self) -> &dyn Inbox {
        &*self.0.parts.inbox
    }

    pub(crate) fn outbox(&self) -> &dyn Outbox {
        &*self.0.parts.outbox
    }

    pub(crate) fn partners(&self) -> &dyn Partners {
        &*self.0.parts.partners
    }

    pub(crate) fn tidings(&self) -> &Tidings {
        &self.0.tidings
    }

    pub(crate) fn courier(&self) -> &dyn Courier {
        &*self.0.parts.courier
    }

    pub(crate) fn ids(&self) -> &dyn Ids {
        &*self.0.parts.ids
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.0.parts.clock.now()
    }

    pub(crate) fn zone(&self) -> &TimeZone {
        &self.0.zone
    }

    pub(crate) fn timing(&self) -> &Timing {
        &self.0.timing
    }
}
