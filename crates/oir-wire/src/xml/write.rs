//! Writing XML that every reader takes.

/// Appends XML to a buffer. The caller closes what it opens; a debug assertion in
/// [`Writer::finish`] says when it did not.
#[derive(Debug, Default)]
pub struct Writer {
    out: Vec<u8>,
    open: Vec<&'static str>,
}

impl Writer {
    /// An empty document with the XML declaration.
    #[must_use]
    pub fn document() -> Self {
        let mut out = Vec::with_capacity(4096);
        out.extend_from_slice(br#"<?xml version="1.0" encoding="UTF-8"?>"#);
        Self {
            out,
            open: Vec::new(),
        }
    }

    /// Begins an element; `attributes` in order, namespace declarations among them.
    pub fn start(&mut self, name: &'static str, attributes: &[(&str, &str)]) {
        self.tag(name, attributes);
        self.out.push(b'>');
        self.open.push(name);
    }

    /// Ends the element last begun.
    pub fn end(&mut self) {
        if let Some(name) = self.open.pop() {
            self.out.extend_from_slice(b"</");
            self.out.extend_from_slice(name.as_bytes());
            self.out.push(b'>');
        }
    }

    /// An element with text.
    pub fn leaf(&mut self, name: &'static str, text: &str) {
        self.tag(name, &[]);
        self.out.push(b'>');
        self.text(text);
        self.out.extend_from_slice(b"</");
        self.out.extend_from_slice(name.as_bytes());
        self.out.push(b'>');
    }

    /// An element with text, when there is one.
    pub fn opt_leaf(&mut self, name: &'static str, text: Option<&str>) {
        if let Some(text) = text {
            self.leaf(name, text);
        }
    }

    /// An element without content.
    pub fn empty(&mut self, name: &'static str, attributes: &[(&str, &str)]) {
        self.tag(name, attributes);
        self.out.extend_from_slice(b"/>");
    }

    fn tag(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.out.push(b'<');
        self.out.extend_from_slice(name.as_bytes());
        for (name, value) in attributes {
            self.out.push(b' ');
            self.out.extend_from_slice(name.as_bytes());
            self.out.extend_from_slice(b"=\"");
            self.escaped(value, true);
            self.out.push(b'"');
        }
    }

    /// Text between tags. Characters that XML cannot carry become U+FFFD.
    pub fn text(&mut self, text: &str) {
        self.escaped(text, false);
    }

    fn escaped(&mut self, text: &str, attribute: bool) {
        let special = |b: u8| b < 0x20 || matches!(b, b'<' | b'>' | b'&' | b'"' | 0xEF);
        if !text.bytes().any(special) {
            self.out.extend_from_slice(text.as_bytes());
            return;
        }
        for c in text.chars() {
            match c {
                '<' => self.out.extend_from_slice(b"&lt;"),
                '>' => self.out.extend_from_slice(b"&gt;"),
                '&' => self.out.extend_from_slice(b"&amp;"),
                '"' if attribute => self.out.extend_from_slice(b"&quot;"),
                // A bare carriage return would be read back as a line feed.
                '\r' => self.out.extend_from_slice(b"&#13;"),
                '\n' if attribute => self.out.extend_from_slice(b"&#10;"),
                '\t' if attribute => self.out.extend_from_slice(b"&#9;"),
                c if super::names::is_char(c) => {
                    let mut buffer = [0; 4];
                    self.out
                        .extend_from_slice(c.encode_utf8(&mut buffer).as_bytes());
                }
                _ => self.out.extend_from_slice("\u{FFFD}".as_bytes()),
            }
        }
    }

    /// The bytes written.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        debug_assert!(self.open.is_empty(), "elements left open: {:?}", self.open);
        self.out
    }
}
