//! Tags, attributes and the XML declaration.

use std::borrow::Cow;

use super::names::is_space;
use super::reader::{Attribute, NsId, Reader};
use super::{ATTRIBUTES_MAX, BINDINGS_MAX, NAMESPACES_MAX, XML, XMLNS, XmlError, XmlErrorKind};

type Result<T> = std::result::Result<T, XmlError>;

impl<'a> Reader<'a> {
    pub(super) fn end_tag(&mut self) -> Result<()> {
        let Some(open) = self.open.last() else {
            return Err(self.error(XmlErrorKind::EndTag));
        };
        let after = self
            .rest()
            .get(2..)
            .and_then(|rest| rest.strip_prefix(open.qname));
        let Some(after) = after else {
            return Err(self.error(XmlErrorKind::EndTag));
        };
        let start = self.at;
        self.at = self.text.len() - after.len();
        self.skip_space();
        if self.byte(0) != Some(b'>') {
            return Err(self.error_at(XmlErrorKind::EndTag, start));
        }
        self.at += 1;
        self.close();
        Ok(())
    }

    pub(super) fn start_tag(&mut self) -> Result<()> {
        let start = self.at;
        self.at += 1;
        let qname = self.name()?;
        let (prefix, local) = self.split(qname, start)?;
        let bindings = self.bindings.len();
        self.attributes.clear();
        // Nearly every element of a message ends its tag here.
        if self.byte(0) == Some(b'>') {
            self.at += 1;
        } else {
            self.rest_of_tag(start)?;
        }
        self.open_element(qname, bindings)?;
        self.ns = match self.lookup(prefix) {
            Some(ns) => ns,
            None if prefix.is_empty() => NsId::NONE,
            None => return Err(self.error_at(XmlErrorKind::Prefix, start)),
        };
        self.local = local;
        if !self.attributes.is_empty() {
            self.resolve_attributes(start)?;
        }
        Ok(())
    }

    fn rest_of_tag(&mut self, start: usize) -> Result<()> {
        let (mut declared, first) = (0_usize, self.bindings.len());
        loop {
            let spaced = self.skip_space();
            match self.byte(0) {
                None => return Err(self.error(XmlErrorKind::UnexpectedEnd)),
                Some(b'>') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'/') => {
                    if self.byte(1) != Some(b'>') {
                        return Err(self.error(XmlErrorKind::Markup));
                    }
                    self.at += 2;
                    self.empty_element = true;
                    return Ok(());
                }
                Some(_) if !spaced => return Err(self.error(XmlErrorKind::Attribute)),
                Some(_) => {
                    declared += 1;
                    if declared > ATTRIBUTES_MAX {
                        return Err(self.error_at(XmlErrorKind::Limit, start));
                    }
                    self.attribute(first)?;
                }
            }
        }
    }

    fn attribute(&mut self, first_binding: usize) -> Result<()> {
        let start = self.at;
        let qname = self.name()?;
        let (prefix, local) = self.split(qname, start)?;
        let value = self.attribute_value(start)?;
        if prefix == "xmlns" {
            return self.bind(local, value, first_binding, start);
        }
        if prefix.is_empty() && local == "xmlns" {
            return self.bind("", value, first_binding, start);
        }
        if self
            .attributes
            .iter()
            .any(|a| a.prefix == prefix && a.local == local)
        {
            return Err(self.error_at(XmlErrorKind::DuplicateAttribute, start));
        }
        self.attributes.push(Attribute {
            ns: NsId::NONE,
            local,
            value,
            prefix,
        });
        Ok(())
    }

    fn attribute_value(&mut self, start: usize) -> Result<Cow<'a, str>> {
        self.skip_space();
        if self.byte(0) != Some(b'=') {
            return Err(self.error_at(XmlErrorKind::Attribute, start));
        }
        self.at += 1;
        self.skip_space();
        let quote = match self.byte(0) {
            Some(b'"') => '"',
            Some(b'\'') => '\'',
            _ => return Err(self.error_at(XmlErrorKind::Attribute, start)),
        };
        self.at += 1;
        let begin = self.at;
        let length = self.rest().find(quote);
        let length = length.ok_or_else(|| self.error(XmlErrorKind::UnexpectedEnd))?;
        let raw = self.text.get(begin..begin + length).unwrap_or("");
        if let Some(at) = raw.find('<') {
            return Err(self.error_at(XmlErrorKind::Attribute, begin + at));
        }
        self.at = begin + length + 1;
        if raw.contains(['&', '\r', '\n', '\t']) {
            self.expand(raw, begin, true).map(Cow::Owned)
        } else {
            Ok(Cow::Borrowed(raw))
        }
    }

    fn bind(
        &mut self,
        prefix: &'a str,
        namespace: Cow<'a, str>,
        first: usize,
        start: usize,
    ) -> Result<()> {
        let reserved = prefix == "xmlns"
            || (prefix == "xml") != (namespace == XML)
            || namespace == XMLNS
            || (namespace.is_empty() && !prefix.is_empty());
        // A name met before was judged when it was met.
        let judged = self.namespaces.contains(&namespace);
        if reserved || !(judged || is_uri(&namespace)) {
            return Err(self.error_at(XmlErrorKind::Prefix, start));
        }
        if self.bindings.len() >= BINDINGS_MAX {
            return Err(self.error_at(XmlErrorKind::Limit, start));
        }
        if self.bindings.iter().skip(first).any(|(p, _)| *p == prefix) {
            return Err(self.error_at(XmlErrorKind::DuplicateAttribute, start));
        }
        let ns = self
            .intern(namespace)
            .ok_or_else(|| self.error_at(XmlErrorKind::Limit, start))?;
        self.bindings.push((prefix, ns));
        Ok(())
    }

    fn intern(&mut self, namespace: Cow<'a, str>) -> Option<NsId> {
        if namespace.is_empty() {
            return Some(NsId::NONE);
        }
        let found = self.namespaces.iter().position(|n| *n == namespace);
        let index = found.unwrap_or(self.namespaces.len());
        if found.is_none() {
            if index >= NAMESPACES_MAX {
                return None;
            }
            self.namespaces.push(namespace);
        }
        u16::try_from(index)
            .ok()
            .filter(|n| *n < u16::MAX)
            .map(NsId)
    }

    fn resolve_attributes(&mut self, start: usize) -> Result<()> {
        let mut attributes = std::mem::take(&mut self.attributes);
        for attribute in &mut attributes {
            if !attribute.prefix.is_empty() {
                let found = self.lookup(attribute.prefix);
                attribute.ns = found.ok_or_else(|| self.error_at(XmlErrorKind::Prefix, start))?;
            }
        }
        for (n, attribute) in attributes.iter().enumerate() {
            let same = |a: &Attribute<'_>| a.ns == attribute.ns && a.local == attribute.local;
            if attributes.iter().take(n).any(same) {
                return Err(self.error_at(XmlErrorKind::DuplicateAttribute, start));
            }
        }
        self.attributes = attributes;
        Ok(())
    }

    fn split(&self, qname: &'a str, start: usize) -> Result<(&'a str, &'a str)> {
        let Some((prefix, local)) = qname.split_once(':') else {
            return Ok(("", qname));
        };
        let starts = local.chars().next().is_some_and(super::names::starts_name);
        if prefix.is_empty() || local.contains(':') || !starts {
            return Err(self.error_at(XmlErrorKind::Name, start));
        }
        Ok((prefix, local))
    }

    /// `<?xml version="1.N" encoding="UTF-8" standalone="yes|no"?>`, when it is there.
    pub(super) fn declaration(&mut self) -> Result<()> {
        let rest = self.rest();
        let is_declaration =
            rest.starts_with("<?xml") && rest.as_bytes().get(5).is_some_and(|byte| is_space(*byte));
        if !is_declaration {
            return Ok(());
        }
        self.at += 5;
        let version = self.pseudo_attribute("version")?;
        let digits = version.and_then(|v| v.strip_prefix("1."));
        if !digits.is_some_and(|d| !d.is_empty() && d.bytes().all(|b| b.is_ascii_digit())) {
            return Err(self.error_at(XmlErrorKind::Declaration, 0));
        }
        if let Some(encoding) = self.pseudo_attribute("encoding")?
            && !encoding.eq_ignore_ascii_case("utf-8")
            && !encoding.eq_ignore_ascii_case("utf8")
        {
            return Err(self.error_at(XmlErrorKind::Encoding, 0));
        }
        let standalone = self.pseudo_attribute("standalone")?;
        if !matches!(standalone, None | Some("yes" | "no")) {
            return Err(self.error_at(XmlErrorKind::Declaration, 0));
        }
        self.skip_space();
        if !self.rest().starts_with("?>") {
            return Err(self.error(XmlErrorKind::Declaration));
        }
        self.at += 2;
        Ok(())
    }

    fn pseudo_attribute(&mut self, name: &str) -> Result<Option<&'a str>> {
        let before = self.at;
        let spaced = self.skip_space();
        if !spaced || !self.rest().starts_with(name) {
            self.at = before;
            return Ok(None);
        }
        let start = self.at;
        self.at += name.len();
        match self.attribute_value(start) {
            Ok(Cow::Borrowed(value)) => Ok(Some(value)),
            _ => Err(self.error_at(XmlErrorKind::Declaration, start)),
        }
    }
}

/// Whether a namespace's name has the characters of a URI reference (RFC 3986).
fn is_uri(name: &str) -> bool {
    let mut rest = name.bytes();
    while let Some(byte) = rest.next() {
        let sound = match byte {
            b'%' => (0..2).all(|_| rest.next().is_some_and(|b| b.is_ascii_hexdigit())),
            b'!' | b'#'..=b';' | b'=' | b'?'..=b'Z' | b'_' | b'a'..=b'z' | b'~' => true,
            _ => false,
        };
        if !sound {
            return false;
        }
    }
    true
}
