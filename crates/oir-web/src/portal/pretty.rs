//! Lays a bilag's XML out for the eye: an element a line, indented, with the places of its
//! faults marked. Pure; the text is masked already, or meant to be seen.
//!
//! Nothing of the text is left out but blanks between elements. It is a piece of what the
//! strict reader found well-formed; of anything else, e.g. a piece that was cut, it makes
//! what lines it can.

use std::collections::HashMap;

use oir_domain::fault::Fault;

/// Deepest indentation, steps: hostile depth must not become hostile width.
const DEEPEST: usize = 20;

/// A line of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// What it says, indented.
    pub(super) text: String,
    /// Codes of the faults that are here.
    pub(super) codes: Vec<&'static str>,
}

/// Where an element stands below the bilag: local names with their numbers among those of
/// the same name.
type Path = Vec<(String, u32)>;

enum Token<'a> {
    Open(&'a str),
    /// An empty element.
    Whole(&'a str),
    Close(&'a str),
    Text(&'a str),
}

/// The lines of a text, with the faults of the bilag at their places.
#[must_use]
pub(super) fn lines(text: &str, faults: &[Fault]) -> Vec<Line> {
    if !text.trim_start().starts_with('<') {
        return text.lines().map(plain).collect();
    }
    let laid = lay_out(&tokens(text));
    let mut lines: Vec<Line> = laid.iter().map(|(text, _)| plain(text)).collect();
    for fault in faults {
        let found = place_of(fault).and_then(|path| nearest(&laid, &path));
        if let Some(line) = found.and_then(|place| lines.get_mut(place)) {
            let code = fault.code.code();
            if !line.codes.contains(&code) {
                line.codes.push(code);
            }
        }
    }
    lines
}

fn plain(text: impl Into<String>) -> Line {
    Line {
        text: text.into(),
        codes: Vec::new(),
    }
}

fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let length = token_length(rest);
        let (token, after) = rest.split_at(length);
        tokens.push(match token {
            text if !text.starts_with('<') || text.starts_with("<!") || text.starts_with("<?") => {
                Token::Text(text)
            }
            end if end.starts_with("</") => Token::Close(end),
            whole if whole.ends_with("/>") => Token::Whole(whole),
            open => Token::Open(open),
        });
        rest = after;
    }
    tokens
}

/// How far the first token reaches, at least one byte, at a boundary of characters.
fn token_length(text: &str) -> usize {
    if !text.starts_with('<') {
        return text.find('<').unwrap_or(text.len());
    }
    let ends = [
        ("<!--", "-->"),
        ("<![CDATA[", "]]>"),
        ("<?", "?>"),
        ("<", ">"),
    ];
    let (_, end) = ends
        .iter()
        .find(|(begin, _)| text.starts_with(begin))
        .unwrap_or(&("<", ">"));
    text.find(end).map_or(text.len(), |at| at + end.len())
}

fn local_name(tag: &str) -> &str {
    let name = tag.trim_start_matches(['<', '/']);
    let end = name.find(|c: char| c.is_whitespace() || matches!(c, '>' | '/'));
    let name = name.get(..end.unwrap_or(name.len())).unwrap_or(name);
    name.rsplit(':').next().unwrap_or(name)
}

/// An element that is open: what its children are called so far.
#[derive(Default)]
struct Level(HashMap<String, u32>);

/// Each line with the path of the element that begins on it; none for ends and texts.
fn lay_out(tokens: &[Token<'_>]) -> Vec<(String, Option<Path>)> {
    let mut lines = Vec::new();
    let mut open: Vec<Level> = Vec::new();
    let mut path: Path = Vec::new();
    let indented = |depth: usize, text: &str| format!("{}{text}", "  ".repeat(depth.min(DEEPEST)));
    let mut rest = tokens;
    while let Some((token, after)) = rest.split_first() {
        rest = after;
        match token {
            Token::Text(text) => {
                let text = text.trim();
                lines.extend(
                    text.lines()
                        .map(|line| (indented(open.len(), line.trim()), None)),
                );
            }
            Token::Close(tag) => {
                open.pop();
                path.pop();
                lines.push((indented(open.len(), tag), None));
            }
            Token::Open(tag) | Token::Whole(tag) => {
                let own = below(&path, open.last_mut(), local_name(tag));
                let depth = open.len();
                match (token, after) {
                    (Token::Whole(_), _) => lines.push((indented(depth, tag), Some(own))),
                    (_, [Token::Close(end), more @ ..]) => {
                        lines.push((indented(depth, &format!("{tag}{end}")), Some(own)));
                        rest = more;
                    }
                    (_, [Token::Text(text), Token::Close(end), more @ ..]) => {
                        let whole = format!("{tag}{text}{end}");
                        lines.push((indented(depth, &whole), Some(own)));
                        rest = more;
                    }
                    _ => {
                        lines.push((indented(depth, tag), Some(own.clone())));
                        open.push(Level::default());
                        path = own;
                        // The bilag itself takes a place, so that every end finds one.
                        if open.len() > path.len() {
                            path.push((String::new(), 0));
                        }
                    }
                }
            }
        }
    }
    lines
}

/// The path of an element within the one that is open; of the outermost, nothing.
fn below(path: &Path, parent: Option<&mut Level>, name: &str) -> Path {
    let mut own = path.clone();
    if let Some(Level(children)) = parent {
        let number = children.entry(name.to_owned()).or_default();
        *number += 1;
        own.push((name.to_owned(), *number));
    }
    own
}

/// Where a fault says that it is, below its bilag; none when it is not in a bilag.
fn place_of(fault: &Fault) -> Option<Path> {
    let mut parts = fault.place.path.split('/');
    parts
        .next()
        .filter(|first| first.starts_with("Finansbilag"))?;
    let mut path = vec![(String::new(), 0)];
    for part in parts.filter(|part| !part.is_empty()) {
        let (name, number) = match part.strip_suffix(']').and_then(|p| p.split_once('[')) {
            Some((name, number)) => (name, number.parse().unwrap_or(1)),
            None => (part, 1),
        };
        path.push((name.to_owned(), number));
    }
    Some(path)
}

/// The line of the element, or of the nearest one around it: what is missing has no line.
fn nearest(laid: &[(String, Option<Path>)], wanted: &Path) -> Option<usize> {
    let line_of = |path: &[(String, u32)]| {
        laid.iter()
            .position(|(_, own)| own.as_deref().is_some_and(|own| own == path))
    };
    (1..=wanted.len())
        .rev()
        .find_map(|length| line_of(wanted.get(..length)?))
        .or_else(|| laid.iter().position(|(_, own)| own.is_some()))
}

#[cfg(test)]
mod tests {
    use super::lines;
    use oir_domain::fault::{Fault, FaultCode, Place};
    use proptest::prelude::{any, prop_assert_eq, proptest};

    const XML: &str = "<o:Finansbilag><o:Tekst>a &lt; b</o:Tekst><o:Finanspostering>\
        <o:Linjenummer>1</o:Linjenummer></o:Finanspostering>\n<o:Finanspostering>\
        <o:Linjenummer>2</o:Linjenummer><o:Part><o:CVR/></o:Part><!-- x --></o:Finanspostering>\
        </o:Finansbilag>";

    fn fault(path: &str) -> Fault {
        let place = Place {
            bilag: Some(0),
            linje: None,
            path: path.into(),
        };
        Fault::new(FaultCode::Unbalanced, place, &[])
    }

    #[test]
    fn an_element_a_line() {
        let text: Vec<String> = lines(XML, &[]).into_iter().map(|line| line.text).collect();
        let wanted = "<o:Finansbilag>
  <o:Tekst>a &lt; b</o:Tekst>
  <o:Finanspostering>
    <o:Linjenummer>1</o:Linjenummer>
  </o:Finanspostering>
  <o:Finanspostering>
    <o:Linjenummer>2</o:Linjenummer>
    <o:Part>
      <o:CVR/>
    </o:Part>
    <!-- x -->
  </o:Finanspostering>
</o:Finansbilag>";
        assert_eq!(text.join("\n"), wanted);
    }

    #[test]
    fn a_fault_is_marked_where_it_is_or_where_something_is_missing() {
        let check = |path: &str, wanted: &[usize]| {
            let marked = lines(XML, &[fault(path)]);
            let places = marked
                .iter()
                .enumerate()
                .filter(|(_, line)| !line.codes.is_empty());
            let places: Vec<usize> = places.map(|(place, _)| place).collect();
            assert_eq!(places, wanted, "{path}");
        };
        check("Finansbilag[7]", &[0]);
        check("Finansbilag[1]/Tekst", &[1]);
        check("Finansbilag[1]/Finanspostering[2]", &[5]);
        check("Finansbilag[1]/Finanspostering[2]/Part/CVR", &[8]);
        check("Finansbilag[1]/Finanspostering[2]/Part[1]/CPR", &[7]);
        check("Finansbilag[1]/Finanspostering[9]", &[0]);
        check("RequestHeader/TransactionUUID", &[]);
    }

    proptest! {
        #[test]
        fn any_text_is_laid_out_and_nothing_but_blanks_is_lost(
            text in "(<[a-c]>|</[a-c]>|<a/>|<!-- . -->|<!\\[CDATA\\[<]]>|[x<>&'\" \n]){0,30}",
            path in any::<String>(),
        ) {
            let laid = lines(&text, &[fault(&path)]);
            let letters = |text: &str| -> String {
                text.chars().filter(|c| !c.is_whitespace()).collect()
            };
            let shown: String = laid.iter().map(|line| letters(&line.text)).collect();
            prop_assert_eq!(shown, letters(&text));
        }
    }
}
