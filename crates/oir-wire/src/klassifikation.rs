//! KOMBIT's classification 6.0 as XML: calls and answers in a SOAP 1.2 envelope, the change
//! event (*RegistreringBesked*), and whole sortimenter as files.
//!
//! Sourced: names, namespaces, order and lengths, from the public schemas, which lie nowhere
//! in this repository; a test holds what is written against them where they are at hand.
//! Assumed: the status codes of *StandardRetur*, and that *soeg* takes `*` and `%` in texts.

pub mod read;
mod tree;
pub mod write;

#[cfg(test)]
mod tests;

use jiff::Timestamp;
use oir_domain::klassifikation::apply::{Operation, Rettelse};
use oir_domain::klassifikation::{Indhold, Kind, Livscyklus, Virkning};
use uuid::Uuid;

pub use tree::TreeFault;

/// Namespace of what all kinds of object share.
pub const NS_SAGDOK: &str = "urn:oio:sagdok:3.0.0";
/// Namespace of the file of a whole sortiment.
pub const NS_SYSTEM: &str = "http://stoettesystemerne.dk/klassifikation/klassifikationsystem/6/";

/// The namespace of a kind.
#[must_use]
pub const fn namespace(kind: Kind) -> &'static str {
    match kind {
        Kind::Klassifikation => "http://stoettesystemerne.dk/klassifikation/klassifikation/6/",
        Kind::Facet => "http://stoettesystemerne.dk/klassifikation/facet/6/",
        Kind::Klasse => "http://stoettesystemerne.dk/klassifikation/klasse/6/",
    }
}

/// Status codes of *StandardRetur*. Assumed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Done.
    Ok,
    /// Something in the request is wrong.
    Wrong,
    /// Not the caller's to do.
    NotAllowed,
    /// No such object.
    NotFound,
    /// Ours: later.
    Away,
}

impl Status {
    /// The number.
    #[must_use]
    pub const fn code(self) -> u32 {
        match self {
            Self::Ok => 20,
            Self::Wrong => 40,
            Self::NotAllowed => 41,
            Self::NotFound => 44,
            Self::Away => 50,
        }
    }
}

/// The times that *laes* and *list* ask about.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// What holds in this time.
    pub virkning: Virkning,
    /// What was registered in this time.
    pub registrering: (Option<Timestamp>, Option<Timestamp>),
}

/// What *soeg* asks for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Soeg {
    /// Results to pass over.
    pub skip: u32,
    /// Results at most; none = as many as are given.
    pub limit: Option<u32>,
    /// Where the object stands.
    pub livscyklus: Option<Livscyklus>,
    /// Key.
    pub noegle: Option<Box<str>>,
    /// Title.
    pub titel: Option<Box<str>>,
    /// The facet of a Klasse.
    pub facet: Option<Uuid>,
}

/// What a call asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// Make an object, under an id of ours.
    Opret(Indhold, Note),
    /// Bring an object in.
    Importer(Uuid, Indhold),
    /// Change an object.
    Ret(Uuid, Rettelse, Note),
    /// Take it out of use.
    Passiver(Uuid, Note),
    /// Take it away.
    Slet(Uuid, Note),
    /// Read one.
    Laes(Uuid, Filter),
    /// Read several.
    List(Vec<Uuid>, Filter),
    /// Search.
    Soeg(Soeg),
}

/// Why, as the caller says.
pub type Note = Option<Box<str>>;

impl Request {
    /// The name of the operation as its answer's element begins.
    #[must_use]
    pub const fn output(&self) -> &'static str {
        match self {
            Self::Opret(..) => "k:OpretOutput",
            Self::Importer(..) => "k:ImportOutput",
            Self::Ret(..) => "k:RetOutput",
            Self::Passiver(..) => "k:PassiverOutput",
            Self::Slet(..) => "k:SletOutput",
            Self::Laes(..) => "k:LaesOutput",
            Self::List(..) => "k:ListOutput",
            Self::Soeg(_) => "k:SoegOutput",
        }
    }

    /// The change, if it is one; `new` = the id of an object that is made.
    ///
    /// # Errors
    /// The request itself, when it only asks.
    pub fn change(self, new: Uuid) -> Result<(Uuid, Operation, Note), Box<Self>> {
        Ok(match self {
            Self::Opret(indhold, note) => (new, Operation::Opret(indhold), note),
            Self::Importer(id, indhold) => (id, Operation::Importer(indhold), None),
            Self::Ret(id, rettelse, note) => (id, Operation::Ret(rettelse), note),
            Self::Passiver(id, note) => (id, Operation::Passiver, note),
            Self::Slet(id, note) => (id, Operation::Slet, note),
            other => return Err(Box::new(other)),
        })
    }
}

/// A call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The caller's id of it (`RequestHeader`), which the answer carries back.
    pub transaction: Option<Box<str>>,
    /// What it asks for.
    pub request: Request,
}
