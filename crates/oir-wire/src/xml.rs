//! A strict reader and a small writer for XML 1.0 (5th edition) with namespaces.
//!
//! Own code for two reasons (docs/adr/0011): the library we would use accepts documents
//! that are not well-formed, and takes longer to read a message than we have for reading,
//! checking and building it. The reader refuses what the standard refuses, takes UTF-8
//! only, refuses document types, and expands no entities but the five predefined ones.
//! It never recurses, never copies text it need not, and stops at named limits.

mod error;
mod names;
mod reader;
mod tag;
mod write;

#[cfg(test)]
mod tests;

pub use error::{XmlError, XmlErrorKind};
pub(crate) use names::is_char;
pub use reader::{Attribute, Event, Leaf, NsId, Reader};
pub use write::Writer;

/// Deepest nesting read. Our deepest message has 9 levels inside a SOAP envelope.
pub const DEPTH_MAX: usize = 64;
/// Most attributes on one element, namespace declarations included.
pub const ATTRIBUTES_MAX: usize = 64;
/// Most namespaces in one document, those that its reader compares with included: each
/// declaration is compared with all of them. Our messages name nine.
pub const NAMESPACES_MAX: usize = 64;
/// Most prefixes bound at one place: each element walks along them. Declaring all of ours
/// anew at every level of our deepest message makes some hundred.
pub const BINDINGS_MAX: usize = 256;
/// The namespace of `xsi:type`, `xsi:nil` and `xsi:schemaLocation`.
pub const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";
/// The namespace that the prefix `xml` always has.
pub const XML: &str = "http://www.w3.org/XML/1998/namespace";
/// The namespace that the prefix `xmlns` always has; nobody may bind it.
pub const XMLNS: &str = "http://www.w3.org/2000/xmlns/";
