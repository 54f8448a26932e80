//! The days before the demo's own: the same invented senders and books, on a clock that is
//! set. They leave what a morning finds: bilag that were rejected, refused, held and parked.

use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use indicatif::ProgressBar;
use jiff::civil::{Date, Weekday};
use jiff::{SignedDuration, Timestamp};
use oir_domain::calendar::copenhagen;
use oir_domain::party::Kommunekode;
use oir_domain::register::Receiver;
use oir_domain::retry::RetryPolicy;
use oir_fagsystem::shares::EVERY_KIND_FROM;
use oir_fagsystem::{Day, DayPlan};
use oir_flow::deliver;
use oir_flow::hub::{Hub, Parts, Timing};
use oir_flow::ports::courier::{Call, CallOutcome, Courier};
use oir_flow::ports::inbox::Inbox;
use oir_flow::ports::process::Clock;
use oir_flow::reconcile::{Reconciliation, reconcile};
use oir_flow::remap;
use oir_store::Store;
use oir_transport::HttpCourier;
use tokio::net::TcpListener;

use super::{CALLS, TIMING, letters, senders, serve_hub, service_url, unfinished};
use crate::house;
use crate::process::OrderedIds;

/// Bilag of each working day before the demo's own. From [`EVERY_KIND_FROM`] on a day has
/// faults of every kind; the others are quiet ones.
const BILAG: [u32; 5] = [150, 150, EVERY_KIND_FROM, 150, EVERY_KIND_FROM];
/// The senders begin at seven o'clock.
const FIRST_HOUR: i8 = 7;
/// A day's messages come within so many hours.
const HOURS: i64 = 8;
/// Messages that gather before a round of delivery: what is booked has waited up to this
/// many times [`PACE`].
const GATHER: usize = 8;
/// So many messages at the end of the last day meet books that are away.
const LAST: usize = 20;
/// The set clock leaps: a question may stand for a day without counting as unanswered.
const DAY_MS: u32 = 86_400_000;
/// Steps of the clock before the books must have taken everything.
const STEPS_MAX: u32 = 4_000;

/// A clock that is set. It never goes back.
#[derive(Debug, Default)]
pub(super) struct SetClock(AtomicI64);

impl SetClock {
    fn set(&self, to: Timestamp) {
        self.0.fetch_max(to.as_microsecond(), Ordering::SeqCst);
    }

    pub(super) fn advance(&self, by: SignedDuration) {
        let micros = i64::try_from(by.as_micros()).unwrap_or(0);
        self.0.fetch_add(micros, Ordering::SeqCst);
    }
}

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_microsecond(self.0.load(Ordering::SeqCst)).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

/// The way to the books; one municipality's can be cut.
#[derive(Debug)]
struct Way {
    courier: HttpCourier,
    cut: Mutex<Option<Kommunekode>>,
}

impl Way {
    fn cut(&self, kommune: Option<Kommunekode>) {
        *self.cut.lock().unwrap_or_else(PoisonError::into_inner) = kommune;
    }
}

impl Courier for Way {
    fn call<'a>(&'a self, receiver: &'a Receiver, operation: &'a str, body: Vec<u8>) -> Call<'a> {
        let cut = *self.cut.lock().unwrap_or_else(PoisonError::into_inner);
        if cut != Some(receiver.kommune) {
            return self.courier.call(receiver, operation, body);
        }
        let reason = "ingen forbindelse".to_owned();
        Box::pin(async move {
            CallOutcome::NotReached {
                reason,
                retry_after: None,
            }
        })
    }
}

/// The earlier days, oldest first: Mondays to Fridays.
pub(super) fn days(of: Date) -> Vec<Date> {
    let mut days = Vec::with_capacity(BILAG.len());
    let mut day = of;
    while days.len() < BILAG.len() {
        day = day.yesterday().unwrap_or(day);
        if !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) {
            days.push(day);
        }
    }
    days.reverse();
    days
}

/// Lets the days before that plan's happen in an empty store, and compares them with the
/// books.
///
/// # Errors
/// When the store, a listener or a sender fails.
pub(super) async fn happen(
    store: &Store,
    plan: &DayPlan,
    portal: &str,
) -> anyhow::Result<Reconciliation> {
    let clock = Arc::new(SetClock::default());
    let way = Arc::new(Way {
        courier: HttpCourier::new(CALLS)?,
        cut: Mutex::default(),
    });
    let days = days(plan.day);
    let past = Past::open(store, &clock, &way).await?;
    let at = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let url = service_url(&at)?;
    let end = serve_hub(at, house::open_service(&past.hub, store));
    for (number, (day, bilag)) in days.iter().zip(BILAG).enumerate() {
        let day = oir_fagsystem::day(&DayPlan {
            seed: earlier_seed(plan.seed, number),
            bilag,
            day: *day,
            now: morning(*day),
            ..plan.clone()
        });
        past.wake(store, &day, portal).await?;
        let last = number + 1 == days.len();
        past.live(&day, &url, last).await?;
        if last {
            unfinished::leave(store, &clock, &day, (&url, plan.day)).await?;
        }
    }
    let first = days.first().copied().unwrap_or(plan.day);
    let before = first
        .first_of_year()
        .saturating_sub(jiff::Span::new().years(1));
    let compared = reconcile(&past.hub, before, plan.day.last_of_year()).await?;
    end.send(()).ok();
    Ok(compared)
}

/// Another seed for each day, and none that the demo's own day has.
fn earlier_seed(seed: u64, number: usize) -> u64 {
    let number = u64::try_from(number).unwrap_or(0);
    seed.wrapping_add(1_000_003)
        .wrapping_mul(31)
        .wrapping_add(number)
}

fn morning(day: Date) -> Timestamp {
    let time = copenhagen().to_timestamp(day.at(FIRST_HOUR, 0, 0, 0));
    time.unwrap_or(Timestamp::UNIX_EPOCH)
}

/// A hub on a set clock.
struct Past {
    hub: Hub,
    clock: Arc<SetClock>,
    way: Arc<Way>,
}

impl Past {
    async fn open(store: &Store, clock: &Arc<SetClock>, way: &Arc<Way>) -> anyhow::Result<Self> {
        let shared = Arc::new(store.clone());
        let parts = Parts {
            inbox: Arc::clone(&shared) as _,
            outbox: Arc::clone(&shared) as _,
            partners: shared,
            courier: Arc::clone(way) as _,
            clock: Arc::clone(clock) as _,
            ids: Arc::new(OrderedIds::by(Arc::clone(clock) as _)),
        };
        let retry = RetryPolicy {
            attempts_max: 12,
            ..TIMING.retry
        };
        let timing = Timing {
            retry,
            patience_ms: DAY_MS,
            ..TIMING
        };
        let hub = Hub::new(parts, timing).await?;
        hub.start_intake(1);
        Ok(Self {
            hub,
            clock: Arc::clone(clock),
            way: Arc::clone(way),
        })
    }

    /// A morning: the day's register, and letters about what waits.
    async fn wake(&self, store: &Store, day: &Day, portal: &str) -> anyhow::Result<()> {
        store.replace_register(&day.register).await?;
        self.hub.reload_register().await?;
        self.clock.set(day.plan().now);
        let when = (day.plan().day, Arc::clone(&self.clock) as _);
        letters::write(&self.hub, store, &day.register, when, portal).await?;
        Ok(())
    }

    /// One day from morning to evening.
    async fn live(&self, day: &Day, url: &str, last: bool) -> anyhow::Result<()> {
        remap::remap_held(&self.hub).await?;
        let (first, all) = (day.first_wave(), day.len());
        let hidden = ProgressBar::hidden();
        let mut sent = senders::Sent::default();
        let pause = i64::try_from(all).unwrap_or(i64::MAX).max(1);
        let pause = SignedDuration::from_secs(HOURS * 3_600 / pause);
        for number in 0..all {
            if number == first {
                self.deliver().await?;
            }
            if last && number == all.saturating_sub(LAST) {
                // What the books may have booked is settled before they are away.
                self.deliver().await?;
                self.way
                    .cut(day.register.myndigheder.first().map(|m| m.kommune));
            }
            self.clock.advance(pause);
            senders::send(day, number..number + 1, url, 1, &hidden, &mut sent).await?;
            if number % GATHER == 0 {
                while deliver::round(&self.hub, "tidligere").await? {}
            }
        }
        self.deliver().await?;
        self.way.cut(None);
        // How each evening was is known to Drift, as it would be.
        self.hub.tell().await?;
        Ok(())
    }

    /// Delivers until nothing is under way; the clock goes on meanwhile.
    async fn deliver(&self) -> anyhow::Result<()> {
        for _ in 0..STEPS_MAX {
            while deliver::round(&self.hub, "tidligere").await? {}
            if self.hub.backlog().await?.rows == 0 {
                return Ok(());
            }
            self.clock.advance(SignedDuration::from_millis(500));
        }
        tracing::warn!("the books took not all of an earlier day");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::days;
    use jiff::civil::date;

    #[test]
    fn the_earlier_days_are_working_days_in_order() {
        let found = days(date(2026, 11, 24));
        let wanted = [17, 18, 19, 20, 23].map(|day| date(2026, 11, day));
        assert_eq!(found, wanted);
    }
}
