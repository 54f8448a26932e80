//! What can be wrong with a text that should be XML.

use thiserror::Error;

/// A refusal, with the place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("line {line}, column {column}: {kind}")]
pub struct XmlError {
    /// What is wrong.
    pub kind: XmlErrorKind,
    /// Byte offset, from 0.
    pub offset: usize,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

/// The kinds of refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
pub enum XmlErrorKind {
    /// Not UTF-8, or declared as something else.
    #[error("the encoding is not UTF-8")]
    Encoding,
    /// A document type declaration.
    #[error("a document type is not allowed")]
    Doctype,
    /// A character that XML cannot carry.
    #[error("a character that XML does not allow")]
    Character,
    /// The text ends inside something.
    #[error("the document ends too early")]
    UnexpectedEnd,
    /// Markup that is none.
    #[error("malformed markup")]
    Markup,
    /// A malformed XML declaration, or one that does not stand first.
    #[error("malformed XML declaration")]
    Declaration,
    /// A malformed name.
    #[error("malformed name")]
    Name,
    /// An end tag that does not fit its start tag.
    #[error("an end tag that does not match")]
    EndTag,
    /// A malformed attribute.
    #[error("malformed attribute")]
    Attribute,
    /// The same attribute twice.
    #[error("the same attribute twice")]
    DuplicateAttribute,
    /// A reference to something that is not defined here.
    #[error("a reference that is not defined")]
    Reference,
    /// `]]>` in text.
    #[error("']]>' in text")]
    CdataEnd,
    /// `--` in a comment.
    #[error("'--' in a comment")]
    Comment,
    /// A malformed processing instruction.
    #[error("malformed processing instruction")]
    Instruction,
    /// A prefix without a namespace, or one bound to what it may not be.
    #[error("a namespace prefix that is not bound")]
    Prefix,
    /// Text or a second element outside the root element, or no root at all.
    #[error("not exactly one root element")]
    Root,
    /// Deeper or wider than we read.
    #[error("too deep, or too many attributes or namespaces")]
    Limit,
}
