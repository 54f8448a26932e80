//! Closed-loop load: so many senders, each with one message under way, for so long.

use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use oir_fagsystem::sample::bench_bilag;
use oir_wire::finans::message::Call;
use oir_wire::finans::{SoapVersion, write};
use tokio::task::JoinSet;
use uuid::Uuid;

/// Postings of a measured bilag.
pub(super) const POSTINGS: u32 = 10;
/// Different messages; one for each municipality of the samples.
const DIFFERENT: u64 = 10;

/// How the place of an id is filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Uuid,
    /// Twelve decimal digits, as in the peer's message.
    Digits,
}

/// A message that becomes another one by writing new ids over its own.
#[derive(Debug, Clone)]
struct Template {
    body: Vec<u8>,
    ids: Vec<Range<usize>>,
    form: Form,
}

impl Template {
    fn new(body: Vec<u8>, ids: &[String], form: Form) -> anyhow::Result<Self> {
        let text = std::str::from_utf8(&body)?;
        let mut found = Vec::new();
        for id in ids {
            let places = text.match_indices(id.as_str());
            found.extend(places.map(|(at, id)| at..at.saturating_add(id.len())));
        }
        anyhow::ensure!(!found.is_empty(), "beskeden har intet id at skifte ud");
        Ok(Self {
            body,
            ids: found,
            form,
        })
    }

    fn stamped(&self, run: u32, sender: u16, number: u64) -> Vec<u8> {
        let mut body = self.body.clone();
        let place = (u128::from(run) << 96) | (u128::from(sender) << 48) | u128::from(number);
        for (range, turn) in self.ids.iter().zip(0_u128..) {
            let id = match self.form {
                // Version 4 in form; which id of the message it is stands after it.
                Form::Uuid => {
                    let bits = place | (0x4000 + turn) << 64 | 0x8000 << 48;
                    Uuid::from_u128(bits).hyphenated().to_string()
                }
                Form::Digits => format!("{:03}{sender:03}{number:06}", run % 1_000),
            };
            if let Some(hole) = body.get_mut(range.clone()) {
                hole.copy_from_slice(id.as_bytes());
            }
        }
        body
    }
}

/// Messages without end, each with ids of its own.
#[derive(Debug, Clone)]
pub(super) struct Messages(Arc<[Template]>);

impl Messages {
    /// Ours: bilag of ten postings, over ten municipalities.
    pub(super) fn ours() -> anyhow::Result<Self> {
        let templates: anyhow::Result<Vec<Template>> = (0..DIFFERENT).map(ours).collect();
        Ok(Self(templates?.into()))
    }

    /// Another receiver's: a file in which twelve digits are the id.
    pub(super) fn theirs(file: &std::path::Path, id: &str) -> anyhow::Result<Self> {
        let body = std::fs::read(file).with_context(|| format!("beskeden {}", file.display()))?;
        let template = Template::new(body, &[id.to_owned()], Form::Digits)?;
        Ok(Self(Arc::new([template])))
    }

    /// One message.
    pub(super) fn make(&self, run: u32, sender: u16, number: u64) -> Vec<u8> {
        let count = u64::try_from(self.0.len()).unwrap_or(1).max(1);
        let which = usize::try_from(number % count).unwrap_or(0);
        let template = self.0.get(which);
        template.map_or_else(Vec::new, |t| t.stamped(run, sender, number))
    }
}

fn ours(number: u64) -> anyhow::Result<Template> {
    let afsendelse = bench_bilag(1, number, POSTINGS);
    let mut ids = vec![afsendelse.transaktions_id.to_string()];
    ids.extend(afsendelse.bilag.iter().map(|b| b.bilag_uuid.to_string()));
    let id = afsendelse.transaktions_id;
    let call = Call::Modtag(Box::new(afsendelse));
    Template::new(write::call(SoapVersion::V11, id, &call), &ids, Form::Uuid)
}

/// One who sends a message and waits for its answer.
pub(super) trait Sender: Send + 'static {
    /// Sends and checks that the answer says received.
    fn exchange(&mut self, body: Vec<u8>) -> impl Future<Output = anyhow::Result<()>> + Send;
}

/// What a load came to.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Measured {
    /// Messages answered.
    pub(super) answered: u64,
    /// For so long.
    pub(super) seconds: f64,
    /// Half were answered within, microseconds.
    pub(super) p50: u32,
    /// Ninety-nine of a hundred were answered within, microseconds.
    pub(super) p99: u32,
}

impl Measured {
    /// Messages a second.
    pub(super) fn rate(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
        let answered = self.answered as f64;
        answered / self.seconds.max(f64::EPSILON)
    }
}

/// Lets all senders send until the time is up. `run` keeps the ids of loads apart.
pub(super) async fn drive<S: Sender>(
    senders: Vec<S>,
    messages: &Messages,
    run: u32,
    time: Duration,
) -> anyhow::Result<Measured> {
    let started = Instant::now();
    let mut tasks = JoinSet::new();
    for (number, sender) in (0_u16..).zip(senders) {
        tasks.spawn(send(
            sender,
            messages.clone(),
            (run, number),
            started + time,
        ));
    }
    let mut took = Vec::new();
    while let Some(ended) = tasks.join_next().await {
        took.extend(ended??);
    }
    let seconds = started.elapsed().as_secs_f64();
    took.sort_unstable();
    Ok(Measured {
        answered: u64::try_from(took.len()).unwrap_or(u64::MAX),
        seconds,
        p50: percentile(&took, 50),
        p99: percentile(&took, 99),
    })
}

async fn send<S: Sender>(
    mut sender: S,
    messages: Messages,
    (run, place): (u32, u16),
    until: Instant,
) -> anyhow::Result<Vec<u32>> {
    let mut took = Vec::new();
    let mut number = 0;
    while Instant::now() < until {
        let body = messages.make(run, place, number);
        let began = Instant::now();
        sender.exchange(body).await?;
        took.push(u32::try_from(began.elapsed().as_micros()).unwrap_or(u32::MAX));
        number = number.saturating_add(1);
    }
    Ok(took)
}

/// The value that so many of a hundred do not exceed; `sorted` is in order.
fn percentile(sorted: &[u32], hundredth: usize) -> u32 {
    let last = sorted.len().saturating_sub(1);
    let place = last.saturating_mul(hundredth).div_ceil(100);
    sorted.get(place).copied().unwrap_or(0)
}
