//! Sessions of one test, kept in memory; the store's own are held to account with the store.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests and a preview"
)]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use oir_domain::access::Scope;
use oir_domain::ids::{SessionId, uuid_v7};
use oir_flow::ports::Answer as Still;
use oir_flow::ports::process::{Ids, Secrets};
use oir_flow::ports::sessions::{Attempt, Deed, LoggedDeed, Session, Sessions};
use oir_flow::sign_in::{Parts, SessionLimits, SignIn};
use oir_web::portal::door::{Door, Entrance};
use uuid::Uuid;

use crate::invented::{StoppedClock, looks};

/// Numbers instead of secrets and ids.
#[derive(Debug, Default)]
struct Counted(Mutex<u32>);

impl Counted {
    /// The next number, spread over the bytes.
    fn next<const BYTES: usize>(&self) -> [u8; BYTES] {
        let mut last = self.0.lock().unwrap();
        *last += 1;
        let number = last.to_be_bytes();
        std::array::from_fn(|at| number[at % number.len()])
    }
}

impl Ids for Counted {
    fn next(&self) -> Uuid {
        uuid_v7(1_795_000_000_000, self.next())
    }
}

impl Secrets for Counted {
    fn secret(&self) -> Option<[u8; 32]> {
        Some(self.next())
    }
}

/// Sessions and the log.
#[derive(Debug, Default)]
struct Kept {
    sessions: Mutex<BTreeMap<[u8; 32], Session>>,
}

fn done<T: Send + 'static>(value: T) -> Still<'static, T> {
    Box::pin(async move { Ok(value) })
}

impl Sessions for Kept {
    fn begin<'a>(&'a self, _: &'a Attempt, _: Timestamp) -> Still<'a, ()> {
        done(())
    }

    fn take<'a>(&'a self, _: &'a [u8; 32]) -> Still<'a, Option<Attempt>> {
        done(None)
    }

    fn open<'a>(
        &'a self,
        session: &'a Session,
        token: &'a [u8; 32],
        by: &'a Deed,
    ) -> Still<'a, ()> {
        self.sessions
            .lock()
            .unwrap()
            .insert(*token, session.clone());
        self.log(by)
    }

    fn session<'a>(&'a self, token: &'a [u8; 32]) -> Still<'a, Option<Session>> {
        done(self.sessions.lock().unwrap().get(token).cloned())
    }

    fn seen(&self, _: SessionId, _: Timestamp) -> Still<'_, ()> {
        done(())
    }

    fn end<'a>(&'a self, id: SessionId, deed: &'a Deed) -> Still<'a, bool> {
        let mut sessions = self.sessions.lock().unwrap();
        let before = sessions.len();
        sessions.retain(|_, session| session.id != id);
        looks::log(deed);
        done(sessions.len() < before)
    }

    fn open_sessions(&self, _: Timestamp) -> Still<'_, Vec<Session>> {
        done(self.sessions.lock().unwrap().values().cloned().collect())
    }

    fn log<'a>(&'a self, deed: &'a Deed) -> Still<'a, ()> {
        looks::log(deed);
        done(())
    }

    fn logged<'a>(
        &'a self,
        scope: &'a Scope,
        _: Option<u64>,
        _: u32,
    ) -> Still<'a, Vec<LoggedDeed>> {
        let seen = |line: &LoggedDeed| match line.deed.kommune {
            Some(kommune) => scope.touches(kommune),
            None => *scope == Scope::everything(),
        };
        let lines = looks::logged().into_iter().filter(seen);
        done(lines.collect())
    }
}

/// A door with nothing behind it yet.
pub(crate) fn entrance(door: Door) -> Entrance {
    let sign_in = SignIn::new(Parts {
        sessions: Arc::new(Kept::default()),
        clock: Arc::new(StoppedClock),
        ids: Arc::new(Counted::default()),
        secrets: Arc::new(Counted::default()),
        limits: SessionLimits::STANDARD,
    });
    Entrance {
        sign_in,
        door,
        secure: false,
    }
}
