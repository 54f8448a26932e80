//! A JSON document as a tree that keeps what JSON readers commonly lose: the order of names
//! and names that stand twice; and that tree as an XML request.

use std::cell::Cell;
use std::fmt;

use oir_domain::fault::{FAULTS_MAX, Fault, FaultCode, Place};
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::finans::read::children_of;
use crate::finans::read::walk::{AUTHORITY, Child, HEADER, KVITTERING};
use crate::finans::{NS, NS_AUTHORITY, NS_HEADER, NS_KVITTERING, NS_SOAP11};
use crate::xml::{Writer, is_char};

/// Leaves that are numbers; all others are texts.
const NUMBERS: [&str; 7] = [
    "AntalBilag",
    "Beloeb",
    "DebetBeloeb",
    "KreditBeloeb",
    "Linjenummer",
    "Refusionsprocent",
    "Regnskabsaar",
];

/// A JSON value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    Text(String),
    Whole(i64),
    /// A whole number beyond those.
    Large(u64),
    /// Null, a boolean, or a number that is not whole.
    Other,
    List(Vec<Self>),
    Object(Vec<(String, Self)>),
}

/// Most values in one document: twice what the largest message of the contract has.
pub(super) const NODES_MAX: usize = 1_000_000;
/// The shortest values of the contract, `"Facet":"a"` in an object of two, take eight bytes
/// each. Shorter ones would take many times their bytes in memory.
const BYTES_PER_NODE: usize = 8;
/// So many may be as short as they like: a small message is told what is wrong with it.
const NODES_FREE: usize = 1_000;

/// Why there is no tree.
#[derive(Debug)]
pub(super) enum Refused {
    /// Not JSON.
    Json(serde_json::Error),
    /// More values than are read.
    Limit,
}

/// Reads a document whole.
pub(super) fn read(body: &[u8]) -> Result<Node, Refused> {
    let most = body.len() / BYTES_PER_NODE + NODES_FREE;
    let left = Cell::new(most.min(NODES_MAX));
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let read = NodeVisitor { left: &left }.deserialize(&mut deserializer);
    let node = read.and_then(|node| deserializer.end().map(|()| node));
    // What was left is used up only by one value too many.
    node.map_err(|error| match left.get() {
        0 => Refused::Limit,
        _ => Refused::Json(error),
    })
}

/// Makes nodes and counts them down, so that a tree is given up while it is still small.
#[derive(Clone, Copy)]
struct NodeVisitor<'c> {
    left: &'c Cell<usize>,
}

impl<'de> DeserializeSeed<'de> for NodeVisitor<'_> {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        self.left.set(self.left.get().saturating_sub(1));
        if self.left.get() == 0 {
            return Err(de::Error::custom("more values than are read"));
        }
        deserializer.deserialize_any(self)
    }
}

/// The largest whole number that a float holds exactly.
const EXACT_MAX: f64 = 9_007_199_254_740_992.0;

impl<'de> Visitor<'de> for NodeVisitor<'_> {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    /// Null is no value: what is not there is left out.
    fn visit_unit<E: de::Error>(self) -> Result<Node, E> {
        Ok(Node::Other)
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<Node, E> {
        Ok(Node::Other)
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Node, E> {
        Ok(i64::try_from(number).map_or(Node::Large(number), Node::Whole))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Node, E> {
        Ok(Node::Whole(number))
    }

    /// `1e3` and `1000.0` are whole numbers in JSON Schema.
    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Node, E> {
        let whole = number.fract() == 0.0 && number.abs() <= EXACT_MAX;
        // "-0" is no number of ours, and the only one that a float alone can say.
        let zero = number == 0.0 && number.is_sign_negative();
        let exact = format!("{number:.0}").parse().ok();
        let exact = exact.filter(|_| whole && !zero);
        Ok(exact.map_or(Node::Other, Node::Whole))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Node, E> {
        Ok(Node::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            list.push(item);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut object = Vec::new();
        while let Some(name) = items.next_key()? {
            object.push((name, items.next_value_seed(self)?));
        }
        Ok(Node::Object(object))
    }
}

/// Writes the request of an operation as a SOAP envelope; what XML cannot say is a fault.
pub(super) fn envelope(operation: &str, node: &Node, faults: &mut Vec<Fault>) -> Vec<u8> {
    let mut out = Translation {
        out: Writer::document(),
        path: Vec::new(),
        faults,
    };
    out.out.start("Envelope", &[("xmlns", NS_SOAP11)]);
    out.out.start("Body", &[]);
    let request = super::OPERATIONS.iter().zip(REQUESTS);
    let request = request.into_iter().find(|(name, _)| **name == operation);
    if let Some((_, request)) = request {
        out.element(request, NS, node);
    }
    out.out.end();
    out.out.end();
    out.out.finish()
}

/// The request elements, in the order of the operations.
const REQUESTS: [&str; 5] = [
    "ModtagFinansbilagRequest",
    "HentKvitteringRequest",
    "HentStatusRequest",
    "AfleverForretningskvitteringRequest",
    "HentKontroltotalRequest",
];

struct Translation<'a> {
    out: Writer,
    path: Vec<String>,
    faults: &'a mut Vec<Fault>,
}

impl Translation<'_> {
    fn fault(&mut self, code: FaultCode, values: &[&dyn fmt::Display]) {
        if self.faults.len() >= FAULTS_MAX {
            return;
        }
        // As the XML reader says it: from the bilag on, when there is one.
        let bilag = self.path.iter().position(|p| p.starts_with("Finansbilag["));
        let from = self.path.get(bilag.unwrap_or(0)..).unwrap_or_default();
        let path = from.join("/");
        self.faults
            .push(Fault::foreign(code, Place::message(&path), values));
    }

    fn element(&mut self, name: &'static str, ns: &'static str, node: &Node) {
        let children = children_of(name);
        self.out.start(name, &[("xmlns", ns)]);
        match node {
            Node::Object(members) if !children.is_empty() => self.members(children, members),
            _ if !children.is_empty() => self.fault(FaultCode::WrongForm, &[&"et objekt"]),
            Node::Text(text) if !NUMBERS.contains(&name) => self.text(text),
            Node::Whole(number) if NUMBERS.contains(&name) => self.out.text(&number.to_string()),
            Node::Large(number) if NUMBERS.contains(&name) => self.out.text(&number.to_string()),
            _ if NUMBERS.contains(&name) => self.fault(FaultCode::WrongForm, &[&"et helt tal"]),
            _ => self.fault(FaultCode::WrongForm, &[&"en tekst"]),
        }
        self.out.end();
    }

    fn text(&mut self, text: &str) {
        if text.chars().all(is_char) {
            self.out.text(text);
        } else {
            self.fault(FaultCode::WrongForm, &[&"tegn, som XML tillader"]);
        }
    }

    /// Members in the schema's order; JSON's own order says nothing.
    fn members(&mut self, children: &'static [Child], members: &[(String, Node)]) {
        for child in children {
            for name in child.names() {
                let mut found = members.iter().filter(|(key, _)| key == name);
                if let Some((_, node)) = found.next() {
                    self.child(child, name, node);
                }
                if found.next().is_some() {
                    self.unexpected(name, "samme navn én gang");
                }
            }
        }
        let known = |key: &str| children.iter().any(|child| child.names().contains(&key));
        for (key, _) in members.iter().filter(|(key, _)| !known(key)) {
            let key: String = key.chars().take(80).collect();
            self.unexpected(&key, "et navn fra kontrakten");
        }
    }

    fn unexpected(&mut self, name: &str, expected: &str) {
        self.path.push(name.to_owned());
        self.fault(FaultCode::UnexpectedElement, &[&name, &expected]);
        self.path.pop();
    }

    /// What may stand many times is an array.
    fn child(&mut self, child: &Child, name: &'static str, node: &Node) {
        let ns = match child.namespace() {
            HEADER => NS_HEADER,
            AUTHORITY => NS_AUTHORITY,
            KVITTERING => NS_KVITTERING,
            _ => NS,
        };
        match (child.repeats(), node) {
            (true, Node::List(items)) => {
                for (number, item) in (1..).zip(items) {
                    self.path.push(format!("{name}[{number}]"));
                    self.element(name, ns, item);
                    self.path.pop();
                }
            }
            (true, _) => {
                self.path.push(name.to_owned());
                self.fault(FaultCode::WrongForm, &[&"en liste"]);
                self.path.pop();
            }
            (false, _) => {
                self.path.push(name.to_owned());
                self.element(name, ns, node);
                self.path.pop();
            }
        }
    }
}
