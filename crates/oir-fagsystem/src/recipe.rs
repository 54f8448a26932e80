//! The day as a list of recipes: which message comes from whom, what each bilag in it is
//! made to show, and which earlier message it refers to. Small enough to keep for a
//! million bilag; the messages themselves are made from it one at a time.

use oir_domain::fault::FaultCode;

use crate::plan::Wave;
use crate::reference::Kommune;
use crate::rng::Rng;
use crate::shares::{
    BUNDLES_PERCENT, EVERY_KIND_FROM, Kind, REPEATED_BILAG, REPEATED_MESSAGES, SHARES, times,
};
use crate::trade::SYSTEMS;

/// Place of YR in [`SYSTEMS`]: it may not send for the last municipality.
const YR: usize = 2;

/// A bilag of an earlier message: the message's place in the day and its own in that.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Source {
    pub(crate) message: usize,
    pub(crate) bilag: usize,
}

/// What a message is.
#[derive(Debug, Clone)]
pub(crate) enum Shape {
    /// One bilag, or a bundle.
    Bilag(Vec<Kind>),
    /// One sound bilag, damaged on the wire.
    Transport(FaultCode),
    /// One sound bilag in a message with a fault of its own.
    Message(FaultCode),
    /// More bilag than a message may hold.
    Flood,
    /// Two bilag under the same id.
    Twice,
    /// A sound bilag that names an earlier one as corrected.
    Corrects(Source, Kind),
    /// A bilag under an earlier one's id.
    ReusesBilag(Source),
    /// A bilag under an earlier message's id.
    ReusesCall(usize),
    /// An earlier message again.
    Repeats(usize),
    /// An earlier bilag again, in a message of its own.
    Resends(Source),
}

/// One message to be made.
#[derive(Debug, Clone)]
pub(crate) struct Recipe {
    pub(crate) wave: Wave,
    /// Place in the list of municipalities.
    pub(crate) kommune: usize,
    /// Place in [`SYSTEMS`].
    pub(crate) system: usize,
    pub(crate) shape: Shape,
}

/// What the shares give in a day of some size.
#[derive(Debug, Default)]
struct Allotment {
    /// Bilag that may stand in any message, bundles included.
    free: Vec<Kind>,
    /// Messages of their own.
    alone: Vec<Shape>,
    /// What refers to an earlier message.
    later: Vec<Kind>,
}

fn allot(bilag: u32) -> Allotment {
    let mut allotment = Allotment::default();
    let mut left = bilag;
    for share in SHARES {
        for _ in 0..share.times(bilag) {
            left = left.saturating_sub(share.kind.bilag());
            match share.kind {
                Kind::Bilag(FaultCode::BilagTwice) => allotment.alone.push(Shape::Twice),
                Kind::Message(FaultCode::TooManyBilag) => allotment.alone.push(Shape::Flood),
                Kind::Message(code) => allotment.alone.push(Shape::Message(code)),
                Kind::Correction
                | Kind::Transport(FaultCode::TransactionReused)
                | Kind::Bilag(FaultCode::CorrectedNotOpen | FaultCode::BilagReused) => {
                    allotment.later.push(share.kind);
                }
                Kind::Transport(code) => allotment.alone.push(Shape::Transport(code)),
                kind => allotment.free.push(kind),
            }
        }
    }
    let sound = usize::try_from(left).unwrap_or(usize::MAX);
    allotment
        .free
        .extend(std::iter::repeat_n(Kind::Sound, sound));
    allotment
}

/// All messages of the day in the order of sending, first wave first.
pub(crate) fn recipes(bilag: u32, kommuner: &[Kommune], root: &Rng) -> Vec<Recipe> {
    let mut allotment = allot(bilag);
    root.child("order of bilag", 0).shuffle(&mut allotment.free);
    let mut rng = root.child("messages", 0);
    let mut recipes = Vec::with_capacity(allotment.free.len());
    let mut free = allotment.free.as_slice();
    while !free.is_empty() {
        // The first message of a day of some size is always a bundle.
        let bundle = rng.percent(BUNDLES_PERCENT) || (recipes.is_empty() && free.len() > 100);
        let wanted = if bundle { 20 + rng.index(31) } else { 1 };
        let (now, later) = free.split_at(wanted.min(free.len()));
        recipes.push(from_somebody(
            Shape::Bilag(now.to_vec()),
            kommuner,
            &mut rng,
        ));
        free = later;
    }
    for shape in allotment.alone {
        recipes.push(from_somebody(shape, kommuner, &mut rng));
    }
    root.child("order of messages", 1).shuffle(&mut recipes);
    let mut second = second_wave(bilag, &allotment.later, &recipes, kommuner, root);
    root.child("order of messages", 2).shuffle(&mut second);
    recipes.append(&mut second);
    recipes
}

/// Chooses a sender by weight.
fn from_somebody(shape: Shape, kommuner: &[Kommune], rng: &mut Rng) -> Recipe {
    let mut kommune = weighted(kommuner.iter().map(|k| k.weight), rng);
    let mut system = weighted(SYSTEMS.iter().map(|s| s.weight), rng);
    let last = kommuner.len().saturating_sub(1);
    if matches!(shape, Shape::Message(FaultCode::NoAgreement)) {
        (kommune, system) = (last, YR);
    } else if kommune == last && system == YR {
        system = 0;
    }
    Recipe {
        wave: Wave::First,
        kommune,
        system,
        shape,
    }
}

fn weighted(weights: impl Iterator<Item = u64> + Clone, rng: &mut Rng) -> usize {
    let mut drawn = rng.below(weights.clone().sum());
    for (place, weight) in weights.enumerate() {
        if drawn < weight {
            return place;
        }
        drawn -= weight;
    }
    0
}

/// Things to refer to, in random order.
struct Ring<T> {
    items: Vec<T>,
    taken: usize,
}

impl<T: Copy> Ring<T> {
    fn new(mut items: Vec<T>, mut rng: Rng) -> Self {
        rng.shuffle(&mut items);
        Self { items, taken: 0 }
    }

    /// The next one, each once only.
    fn once(&mut self) -> Option<T> {
        let item = self.items.get(self.taken).copied();
        self.taken += 1;
        item
    }

    /// The next one; after the last comes the first again.
    fn next(&mut self) -> Option<T> {
        let place = self.taken.checked_rem(self.items.len())?;
        self.taken += 1;
        self.items.get(place).copied()
    }
}

/// What the second wave may refer to in the first.
struct Sources {
    /// Bilag that will have been rejected or refused.
    correctable: Ring<Source>,
    /// Bilag that will be on their way or booked.
    sound: Ring<Source>,
    /// Messages that will have been taken.
    calls: Ring<usize>,
}

impl Sources {
    fn of(recipes: &[Recipe], root: &Rng) -> Self {
        let (mut correctable, mut sound, mut calls) = (Vec::new(), Vec::new(), Vec::new());
        for (message, recipe) in recipes.iter().enumerate() {
            let Shape::Bilag(kinds) = &recipe.shape else {
                continue;
            };
            calls.push(message);
            for (bilag, kind) in kinds.iter().enumerate() {
                let source = Source { message, bilag };
                if kind.correctable() {
                    correctable.push(source);
                } else if *kind == Kind::Sound {
                    sound.push(source);
                }
            }
        }
        Self {
            correctable: Ring::new(correctable, root.child("sources", 0)),
            sound: Ring::new(sound, root.child("sources", 1)),
            calls: Ring::new(calls, root.child("sources", 2)),
        }
    }
}

fn second_wave(
    bilag: u32,
    kinds: &[Kind],
    first: &[Recipe],
    kommuner: &[Kommune],
    root: &Rng,
) -> Vec<Recipe> {
    let mut sources = Sources::of(first, root);
    let mut rng = root.child("messages", 1);
    let mut second = Vec::new();
    let mut push = |referred: Option<(usize, Shape)>| {
        // Without anything to refer to (a very small day) the count is kept by a sound one.
        let (message, shape) = referred
            .map_or((None, Shape::Bilag(vec![Kind::Sound])), |(m, s)| {
                (Some(m), s)
            });
        let mut recipe = from_somebody(shape, kommuner, &mut rng);
        recipe.wave = Wave::Second;
        if let Some(earlier) = message.and_then(|m| first.get(m)) {
            (recipe.kommune, recipe.system) = (earlier.kommune, earlier.system);
        }
        second.push(recipe);
    };
    for kind in kinds {
        push(match kind {
            // A bilag is corrected once; every other source may serve more than one.
            Kind::Correction => sources.correctable.once().map(|s| corrects(s, *kind)),
            Kind::Bilag(FaultCode::CorrectedNotOpen) => {
                sources.sound.next().map(|s| corrects(s, *kind))
            }
            Kind::Bilag(_) => sources
                .sound
                .next()
                .map(|s| (s.message, Shape::ReusesBilag(s))),
            _ => sources.calls.next().map(|m| (m, Shape::ReusesCall(m))),
        });
    }
    for _ in 0..times(REPEATED_MESSAGES, EVERY_KIND_FROM, bilag) {
        if let Some(message) = sources.calls.next() {
            push(Some((message, Shape::Repeats(message))));
        }
    }
    for _ in 0..times(REPEATED_BILAG, EVERY_KIND_FROM, bilag) {
        if let Some(source) = sources.sound.next() {
            push(Some((source.message, Shape::Resends(source))));
        }
    }
    second
}

fn corrects(source: Source, kind: Kind) -> (usize, Shape) {
    (source.message, Shape::Corrects(source, kind))
}
