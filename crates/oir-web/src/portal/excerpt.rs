//! Finds one bilag in the bytes of its message, so that its page need not show a bundle of
//! a thousand. Pure; works on text that the strict reader has already found well-formed.

/// The longest piece of a message that a page shows, in characters. A bilag of ten
/// postings is some 3,000; beyond this a browser gets slow and nobody reads.
pub(super) const SHOWN_MAX: usize = 200_000;

/// A piece of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Excerpt {
    /// The text to show, not yet masked.
    pub(super) text: String,
    /// Whether it was cut at [`SHOWN_MAX`].
    pub(super) cut: bool,
}

/// A whole message; bytes that are no UTF-8 are shown as replacement marks.
#[must_use]
pub(super) fn whole(raw: &[u8]) -> Excerpt {
    shorten(&String::from_utf8_lossy(raw))
}

/// The `Finansbilag` element number `index` (from 0); the whole message when it holds
/// fewer, e.g. because it is JSON.
#[must_use]
pub(super) fn bilag(raw: &[u8], index: u32) -> Excerpt {
    let text = String::from_utf8_lossy(raw);
    let index = usize::try_from(index).unwrap_or(usize::MAX);
    match Elements::new(&text).nth(index) {
        Some(element) => shorten(element),
        None => shorten(&text),
    }
}

fn shorten(text: &str) -> Excerpt {
    match text.char_indices().nth(SHOWN_MAX) {
        Some((end, _)) => Excerpt {
            text: text.get(..end).unwrap_or(text).to_owned(),
            cut: true,
        },
        None => Excerpt {
            text: text.to_owned(),
            cut: false,
        },
    }
}

/// The `Finansbilag` elements of a message, in order. They do not nest.
struct Elements<'a> {
    text: &'a str,
    from: usize,
}

impl<'a> Elements<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, from: 0 }
    }

    /// The next tag: its first and last place and its local name, end tags with `/`.
    /// Comments, CDATA and instructions are passed over.
    fn next_tag(&mut self) -> Option<(usize, usize, &'a str)> {
        loop {
            let start = self.from + self.text.get(self.from..)?.find('<')?;
            let rest = self.text.get(start..)?;
            let passed_over = [("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>")]
                .iter()
                .find(|(open, _)| rest.starts_with(open));
            if let Some((_, close)) = passed_over {
                self.from = start + rest.find(close)? + close.len();
                continue;
            }
            let length = rest.find('>')? + 1;
            self.from = start + length;
            let inside = rest.get(1..length - 1)?;
            let name_end = inside.find(char::is_whitespace).unwrap_or(inside.len());
            return Some((start, start + length, inside.get(..name_end)?));
        }
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let (start, _, _) = std::iter::from_fn(|| self.next_tag())
            .find(|(_, _, name)| !name.starts_with('/') && is_bilag(name))?;
        let (_, end, _) = std::iter::from_fn(|| self.next_tag())
            .find(|(_, _, name)| name.strip_prefix('/').is_some_and(is_bilag))?;
        self.text.get(start..end)
    }
}

fn is_bilag(name: &str) -> bool {
    name.rsplit(':').next() == Some("Finansbilag")
}

#[cfg(test)]
mod tests {
    use super::{SHOWN_MAX, bilag, whole};
    use proptest::prelude::{any, proptest};

    #[test]
    fn the_right_bilag_is_cut_out_whatever_the_prefix() {
        let xml = "<a:Afsendelse><!-- <Finansbilag> --><a:Finansbilag x='1'>een</a:Finansbilag>\
                   <a:Finansbilag\n>to<![CDATA[</a:Finansbilag>]]></a:Finansbilag></a:Afsendelse>";
        let cut = |index| bilag(xml.as_bytes(), index).text;
        assert_eq!(cut(0), "<a:Finansbilag x='1'>een</a:Finansbilag>");
        assert!(cut(1).starts_with("<a:Finansbilag\n>to<![CDATA["));
        assert!(cut(1).ends_with("]]></a:Finansbilag>"));
        assert_eq!(cut(2), xml);
        assert_eq!(bilag(b"{\"bilag\":[]}", 0).text, "{\"bilag\":[]}");
    }

    #[test]
    fn long_messages_are_cut_at_a_character() {
        let long = "æ".repeat(SHOWN_MAX + 1);
        let shown = whole(long.as_bytes());
        assert!(shown.cut);
        assert_eq!(shown.text.chars().count(), SHOWN_MAX);
        assert!(!whole(b"\xff\xfe").cut);
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(raw in any::<Vec<u8>>(), index in 0..3_u32) {
            let _ = bilag(&raw, index);
        }
    }
}
