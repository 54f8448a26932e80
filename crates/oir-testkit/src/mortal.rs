//! A process that dies at a write or a call. Dead, it writes and calls nothing more.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use oir_fagsystem::rng::Rng;
use oir_store::{Probe, ProbePoint};

/// The life of one simulated process after another.
#[derive(Debug, Clone)]
pub struct Mortal {
    dead: Arc<AtomicBool>,
    dice: Arc<Mutex<Rng>>,
    /// Chance of death at each point, in percent.
    percent: u64,
}

impl Mortal {
    /// One that dies with that chance at each point.
    #[must_use]
    pub fn new(dice: Rng, percent: u64) -> Self {
        Self {
            dead: Arc::new(AtomicBool::new(false)),
            dice: Arc::new(Mutex::new(dice)),
            percent,
        }
    }

    /// Whether it is dead, or dies here.
    #[must_use]
    pub fn dies_here(&self) -> bool {
        if self.is_dead() {
            return true;
        }
        let mut dice = self.dice.lock().unwrap_or_else(PoisonError::into_inner);
        let dies = dice.percent(self.percent);
        if dies {
            self.dead.store(true, Ordering::SeqCst);
        }
        dies
    }

    /// Whether it is dead.
    #[must_use]
    pub fn is_dead(&self) -> bool {
        self.dead.load(Ordering::SeqCst)
    }

    /// The next process begins.
    pub fn revive(&self) {
        self.dead.store(false, Ordering::SeqCst);
    }
}

impl Probe for Mortal {
    fn dies(&self, _point: ProbePoint) -> bool {
        self.dies_here()
    }
}
