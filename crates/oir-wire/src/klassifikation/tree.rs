//! A document as a tree, for messages of many names and little depth. The reader's limits of
//! depth and width hold; how many elements a message has is bounded by its bytes.

use crate::xml::{Event, NsId, Reader, XmlError};

/// Something wrong in a document, with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeFault {
    /// Where: a path of element names, or line and column of text that is no XML.
    pub place: Box<str>,
    /// What, in Danish.
    pub what: Box<str>,
}

impl std::fmt::Display for TreeFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

impl TreeFault {
    pub(super) fn new(place: &str, what: &str) -> Self {
        Self {
            place: place.into(),
            what: what.into(),
        }
    }
}

impl From<XmlError> for TreeFault {
    fn from(error: XmlError) -> Self {
        let place = format!("linje {}, kolonne {}", error.line, error.column);
        Self::new(&place, crate::danish::xml_error(error.kind))
    }
}

/// An element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) ns: NsId,
    pub(super) local: Box<str>,
    pub(super) text: String,
    pub(super) children: Vec<Node>,
}

/// The root of a document, whose namespaces are numbered by `known`.
pub(super) fn tree(bytes: &[u8], known: &[&'static str]) -> Result<Node, TreeFault> {
    let mut reader = Reader::new(bytes, known)?;
    let mut open: Vec<Node> = Vec::new();
    loop {
        match reader.next_event()? {
            Event::Start => open.push(Node {
                ns: reader.ns(),
                local: reader.local().into(),
                text: String::new(),
                children: Vec::new(),
            }),
            Event::Text(text) => {
                if let Some(node) = open.last_mut() {
                    node.text.push_str(&text);
                }
            }
            Event::End => {
                let Some(node) = open.pop() else { continue };
                match open.last_mut() {
                    Some(parent) => parent.children.push(node),
                    None => {
                        reader.next_event()?;
                        return Ok(node);
                    }
                }
            }
            Event::Eof => return Err(TreeFault::new("dokumentet", "er tomt")),
        }
    }
}

/// Walks a tree and remembers what is wrong, each with its path.
#[derive(Debug, Default)]
pub(super) struct Walk {
    path: Vec<Box<str>>,
    pub(super) faults: Vec<TreeFault>,
}

/// Most faults told of one document.
const FAULTS_MAX: usize = 200;

impl Walk {
    pub(super) fn fault(&mut self, what: &str) {
        if self.faults.len() < FAULTS_MAX {
            self.faults.push(TreeFault::new(&self.path.join("/"), what));
        }
    }

    /// Reads below an element.
    pub(super) fn at<T>(&mut self, node: &Node, read: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push(node.local.clone());
        let read = read(self);
        self.path.pop();
        read
    }

    pub(super) fn unexpected(&mut self, node: &Node) {
        let name: String = node.local.chars().take(60).collect();
        self.fault(&format!("elementet {name} hører ikke til her"));
    }

    /// The text of an element as something of a form.
    pub(super) fn value<T>(
        &mut self,
        node: &Node,
        want: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let value = parse(node.text.trim());
        if value.is_none() {
            self.at(node, |walk| walk.fault(&format!("skal være {want}")));
        }
        value
    }
}
