//! An account with parts that the posting brings: `5577111{sted}01352`.

use std::fmt;

use thiserror::Error;

use crate::kontoplan::form::KONTO_MAX;

/// Longest template, in characters; an account itself is at most [`KONTO_MAX`].
pub const TEMPLATE_MAX: usize = 200;

/// Text and facets in turn.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Piece {
    Text(Box<str>),
    Facet(Box<str>),
}

/// An account as a rule gives it: text as it stands, and `{facet}` for the posting's value in
/// that facet. Written out it is what was read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Template(Vec<Piece>);

/// Why a text is no template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TemplateFault {
    /// Nothing there.
    #[error("empty")]
    Empty,
    /// Longer than [`TEMPLATE_MAX`], or its text alone longer than [`KONTO_MAX`].
    #[error("too long")]
    TooLong,
    /// A `{` without its `}`, one within another, or a `}` alone.
    #[error("braces do not match")]
    Braces,
    /// `{}`.
    #[error("braces without a facet")]
    NoFacet,
}

/// A posting that lacks what the account takes over from it, or gives one that is too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Missing<'t>(
    /// The facet.
    pub &'t str,
);

impl Template {
    /// Reads a template; spaces around it do not count.
    ///
    /// # Errors
    /// The first thing wrong with it.
    pub fn parse(text: &str) -> Result<Self, TemplateFault> {
        let text = text.trim();
        if text.chars().count() > TEMPLATE_MAX {
            return Err(TemplateFault::TooLong);
        }
        let (mut pieces, mut rest, mut fixed) = (Vec::new(), text, 0_usize);
        while !rest.is_empty() {
            let (head, tail) = rest.split_once('{').unwrap_or((rest, ""));
            if head.contains('}') {
                return Err(TemplateFault::Braces);
            }
            if !head.is_empty() {
                fixed = fixed.saturating_add(head.chars().count());
                pieces.push(Piece::Text(head.into()));
            }
            if head.len() == rest.len() {
                break;
            }
            let (facet, after) = tail.split_once('}').ok_or(TemplateFault::Braces)?;
            if facet.contains('{') {
                return Err(TemplateFault::Braces);
            }
            if facet.is_empty() {
                return Err(TemplateFault::NoFacet);
            }
            pieces.push(Piece::Facet(facet.into()));
            rest = after;
        }
        if pieces.is_empty() {
            return Err(TemplateFault::Empty);
        }
        if fixed > KONTO_MAX {
            return Err(TemplateFault::TooLong);
        }
        Ok(Self(pieces))
    }

    /// A whole account, nothing taken over.
    #[must_use]
    pub fn fixed(konto: &str) -> Self {
        Self(vec![Piece::Text(konto.into())])
    }

    /// The account, when it takes nothing over.
    #[must_use]
    pub fn as_fixed(&self) -> Option<&str> {
        match self.0.as_slice() {
            [Piece::Text(konto)] => Some(konto),
            _ => None,
        }
    }

    /// The facets it takes over, in order.
    pub fn facets(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Facet(facet) => Some(&**facet),
            Piece::Text(_) => None,
        })
    }

    /// The account for a posting with these values.
    ///
    /// # Errors
    /// [`Missing`] names the facet that the posting lacks, or whose value makes the account
    /// longer than [`KONTO_MAX`].
    pub fn fill<'v>(
        &self,
        value: impl Fn(&str) -> Option<&'v str>,
    ) -> Result<Box<str>, Missing<'_>> {
        let mut konto = String::with_capacity(KONTO_MAX);
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => konto.push_str(text),
                Piece::Facet(facet) => {
                    konto.push_str(value(facet).ok_or(Missing(facet))?);
                    if konto.chars().count() > KONTO_MAX {
                        return Err(Missing(facet));
                    }
                }
            }
        }
        Ok(konto.into())
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|piece| match piece {
            Piece::Text(text) => f.write_str(text),
            Piece::Facet(facet) => write!(f, "{{{facet}}}"),
        })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::{Missing, Template, TemplateFault};
    use proptest::prelude::*;

    #[test]
    fn parts_are_taken_over_from_the_posting() {
        let template = Template::parse(" 5577111{sted}01352 ").unwrap();
        let value = |facet: &str| (facet == "sted").then_some("2041");
        assert_eq!(&*template.fill(value).unwrap(), "5577111204101352");
        assert_eq!(template.fill(|_| None), Err(Missing("sted")));
        let long = "4".repeat(40);
        assert_eq!(template.fill(|_| Some(&long)), Err(Missing("sted")));
        assert_eq!(template.facets().collect::<Vec<_>>(), ["sted"]);
        assert_eq!(Template::parse("551").unwrap().as_fixed(), Some("551"));
    }

    #[test]
    fn what_is_no_template_says_why() {
        let cases = [
            ("  ", TemplateFault::Empty),
            ("55{", TemplateFault::Braces),
            ("55{a{b}", TemplateFault::Braces),
            ("55}a", TemplateFault::Braces),
            ("{}", TemplateFault::NoFacet),
            (&"5".repeat(41), TemplateFault::TooLong),
        ];
        for (text, fault) in cases {
            assert_eq!(Template::parse(text), Err(fault), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_read_is_written_as_it_was(text in "[0-9a-z{}./-]{1,24}") {
            if let Ok(template) = Template::parse(&text) {
                prop_assert_eq!(template.to_string(), text);
            }
        }
    }
}
