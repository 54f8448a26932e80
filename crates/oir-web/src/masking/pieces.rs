//! Numbers that markup takes apart: `6101<!-- x -->01&#49;234` names a person to whoever
//! reads it, and so does a number of which half stands in a comment. Pure.
//!
//! The text between two tags is read as one, references as what they stand for; the figures
//! that must be hidden are then hidden where they were written. Nothing else changes.

use oir_domain::masking::mask_text;

use super::reference;

/// What a piece of markup says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Says {
    /// Its own text.
    Text,
    /// The text of a CDATA section, as it stands.
    Verbatim,
    /// What a comment or an instruction holds.
    Aside,
    /// A tag: what stands in it belongs to nothing around it.
    Tag,
    /// The marks around the others.
    Nothing,
}

/// A message with every number hidden that stands in the text between two tags, whether
/// comments count as a part of it or not.
pub(super) fn mask_split(text: &str) -> String {
    let without = mask_reading(text, |says| says != Says::Aside);
    mask_reading(&without, |_| true)
}

fn mask_reading(text: &str, counts: fn(Says) -> bool) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut run = Run::default();
    let pieces = Pieces {
        rest: text,
        begun: None,
    };
    for (says, piece) in pieces {
        if says == Says::Tag {
            run.write_to(&mut masked);
            run.add(says, piece);
            run.write_to(&mut masked);
        } else if counts(says) {
            run.add(says, piece);
        } else {
            run.add(Says::Nothing, piece);
        }
    }
    run.write_to(&mut masked);
    masked
}

/// Text that is read as one: each character as it was written, and what it says, if anything.
#[derive(Default)]
struct Run<'a> {
    written: Vec<(&'a str, Option<char>)>,
}

impl<'a> Run<'a> {
    fn add(&mut self, says: Says, piece: &'a str) {
        if says == Says::Nothing {
            self.written.push((piece, None));
            return;
        }
        let mut rest = piece;
        while let Some(first) = rest.chars().next() {
            let known = reference(rest).filter(|_| says != Says::Verbatim);
            let (said, length) = known.unwrap_or((first, first.len_utf8()));
            let (written, after) = rest.split_at(length);
            self.written.push((written, Some(said)));
            rest = after;
        }
    }

    /// Writes it with its numbers hidden, and begins anew.
    fn write_to(&mut self, out: &mut String) {
        let said: String = self.written.iter().filter_map(|(_, said)| *said).collect();
        // Masking writes one character for each.
        let masked = mask_text(&said);
        let mut shown = masked.chars();
        for (written, said) in self.written.drain(..) {
            match said.map(|said| (said, shown.next())) {
                Some((said, Some('*'))) if said != '*' => out.push('*'),
                _ => out.push_str(written),
            }
        }
    }
}

/// A text in pieces, none left out. Takes anything.
struct Pieces<'a> {
    rest: &'a str,
    /// What the piece that was begun says, and by what it ends.
    begun: Option<(Says, &'static str)>,
}

/// What is marked off from the text around it.
const MARKED: [(&str, &str, Says); 3] = [
    ("<!--", "-->", Says::Aside),
    ("<?", "?>", Says::Aside),
    ("<![CDATA[", "]]>", Says::Verbatim),
];

impl<'a> Iterator for Pieces<'a> {
    type Item = (Says, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.rest;
        if rest.is_empty() {
            return None;
        }
        let marked = MARKED.iter().find(|(open, _, _)| rest.starts_with(open));
        let (says, length) = match (self.begun, marked) {
            (Some((Says::Nothing, end)), _) => {
                self.begun = None;
                (Says::Nothing, end.len())
            }
            (Some((says, end)), _) => {
                self.begun = Some((Says::Nothing, end));
                (says, rest.find(end).unwrap_or(rest.len()))
            }
            (None, Some((open, end, says))) => {
                self.begun = Some((*says, end));
                (Says::Nothing, open.len())
            }
            (None, None) => match rest.strip_prefix('<') {
                Some(tag) => (Says::Tag, tag.find('>').map_or(rest.len(), |end| end + 2)),
                None => (Says::Text, rest.find('<').unwrap_or(rest.len())),
            },
        };
        let (piece, rest) = rest.split_at(length);
        self.rest = rest;
        Some((says, piece))
    }
}

#[cfg(test)]
mod tests {
    use super::mask_split;
    use crate::masking::mask_message;
    use proptest::prelude::{
        Just, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest,
    };

    #[test]
    fn a_number_taken_apart_is_hidden_where_it_was_written() {
        let check = |text: &str, masked: &str| assert_eq!(mask_message(text), masked);
        check("<T>6101<!-- x -->011234</T>", "<T>6101<!-- x -->01****</T>");
        check(
            "<T>610101<![CDATA[12]]>34</T>",
            "<T>610101<![CDATA[**]]>**</T>",
        );
        check(
            "<T>61<?x y?>0101-12<!---->34</T>",
            "<T>61<?x y?>0101-**<!---->**</T>",
        );
        check("<T>610101&#x2010;1234</T>", "<T>610101&#x2010;****</T>");
        check("<T a='610101&#xA0;1234'/>", "<T a='610101&#xA0;****'/>");
        check("<T>610101<!-- 1234 --></T>", "<T>610101<!-- **** --></T>");
        check(
            "{\"t\":\"610101\\u20101234\"}",
            "{\"t\":\"610101\\u2010****\"}",
        );
        // Elements part it: these are two values.
        check("<A>610101</A><B>1234</B>", "<A>610101</A><B>1234</B>");
        check(
            "<T>610101<![CDATA[&#49;]]>234</T>",
            "<T>610101<![CDATA[1]]>234</T>",
        );
        check("a &amp; b <!-- c", "a &amp; b <!-- c");
    }

    /// A character as it may be written, and as it is shown when nothing has to be hidden.
    fn written(c: char) -> impl Strategy<Value = (String, String)> {
        let code = u32::from(c);
        prop_oneof![
            Just((c.to_string(), c.to_string())),
            Just((format!("&#{code};"), c.to_string())),
            Just((format!("&#x{code:04X};"), c.to_string())),
            Just((format!("<![CDATA[{c}]]>"), format!("<![CDATA[{c}]]>"))),
        ]
    }

    /// What says nothing.
    fn nothing() -> impl Strategy<Value = &'static str> {
        prop_oneof![
            Just(""),
            Just("<!-- a > b -->"),
            Just("<?a b>?>"),
            Just("<![CDATA[]]>"),
            Just("<!----><![CDATA[]]>"),
        ]
    }

    /// A number, each character with a place before it, as written and as it must be shown.
    fn number() -> impl Strategy<Value = (String, String)> {
        let digits = (
            1..=28_u8,
            1..=12_u8,
            0..=99_u8,
            0..=9999_u16,
            prop_oneof![Just(""), Just("-"), Just(" ")],
        );
        let text = digits.prop_map(|(day, month, year, serial, sign)| {
            format!("{:02}{month:02}{year:02}{sign}{serial:04}", day + 60)
        });
        text.prop_flat_map(|text| {
            let hidden_from = text.chars().count() - 4;
            text.chars()
                .enumerate()
                .map(|(place, c)| {
                    (nothing(), written(c)).prop_map(move |(before, (as_is, shown))| {
                        let shown = if place < hidden_from {
                            shown
                        } else if as_is.starts_with("<!") {
                            "<![CDATA[*]]>".to_owned()
                        } else {
                            "*".to_owned()
                        };
                        (format!("{before}{as_is}"), format!("{before}{shown}"))
                    })
                })
                .collect::<Vec<_>>()
        })
        .prop_map(|parts| parts.into_iter().unzip())
    }

    proptest! {
        #[test]
        fn no_way_of_taking_a_number_apart_shows_it((text, shown) in number()) {
            let (text, shown) = (format!("<T>til {text}, tak</T>"), format!("<T>til {shown}, tak</T>"));
            prop_assert_eq!(mask_message(&text), shown);
        }

        #[test]
        fn only_figures_change(text in any::<String>(), markup in "(<[a-c]>|<!--|-->|<!\\[CDATA\\[|]]>|<\\?|\\?>|[0-9]{1,10}|[ x&;-]){0,30}") {
            for text in [text, markup] {
                let masked = mask_split(&text);
                prop_assert_eq!(masked.chars().count(), text.chars().count());
                for (now, before) in masked.chars().zip(text.chars()) {
                    prop_assert!(now == before || (now == '*' && before.is_ascii_digit()));
                }
            }
        }
    }
}
