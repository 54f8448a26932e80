//! From the sender's sortiment to the municipality's kontoplan.
//!
//! A table ([`Rule`]s) belongs to one municipality and one fagsystem. The most specific rule that
//! fits a posting gives its account; [`Compiled`] finds it without looking at the others.

mod axis;
pub mod check;
mod compiled;
pub mod coverage;
pub mod difference;
pub mod drift;
mod explain;
mod facets;
mod fit;
mod kontering;
mod map;
mod mirror;
mod posting;
mod rule;
mod share;
pub mod simulation;
mod tables;
mod template;
mod version;

pub use compiled::{Compiled, FACETS_MAX, TIES_MAX, Tie};
pub use coverage::{Coverage, coverage};
pub use difference::{Difference, difference};
pub use explain::{Explanation, Misfit, Standing, explain};
pub use facets::{facets, known_facets};
pub use fit::{Unfit, unfit};
pub use kontering::{Kontering, LINES_MAX};
pub use map::{Konteret, Konteringslinje, Mapped, lines, map};
pub use mirror::{Comparison, Foreseen, Mode, Prediction, Told, Verdict, compare, predict};
pub use posting::{Posting, Values, winner};
pub use rule::{Condition, Rank, Rule, Target};
pub use share::{Share, split};
pub use simulation::{Past, Simulation, SimulationReport};
pub use tables::{InForce, Tables};
pub use template::{Missing, TEMPLATE_MAX, Template, TemplateFault};
pub use version::{Objection, Simulated, Stage, TableId, Version, approve};
