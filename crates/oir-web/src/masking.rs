//! Hides personal numbers in text that is shown. Pure; knows no page.
//!
//! Rule: whatever stands in a CPR element or a `"cpr"` member is hidden, and so is every
//! run of ten digits (or six and four) whose first six are a date, wherever it stands.
//! The first six digits stay, so that a case worker can still tell two persons apart.

mod pieces;

pub(crate) use oir_domain::masking::mask_text;

/// A message as received, masked: XML or JSON, well-formed or not.
#[must_use]
pub(crate) fn mask_message(raw: &str) -> String {
    let elements = mask_marked(raw, next_element, element_end);
    let members = mask_marked(&elements, next_member, member_end);
    mask_text(&plain_figures(&pieces::mask_split(&members)))
}

/// Digits, blanks and hyphens written as references (`&#49;`, `&#x31;`, `\u0031`) as
/// themselves: who reads the text could read them too.
fn plain_figures(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(['&', '\\']) {
        let (before, reference) = rest.split_at(start);
        plain.push_str(before);
        let (shown, after) = match figure(reference) {
            Some((figure, length)) => (figure, reference.get(length..).unwrap_or("")),
            None => {
                let mut chars = reference.chars();
                (chars.next().unwrap_or('&'), chars.as_str())
            }
        };
        plain.push(shown);
        rest = after;
    }
    plain.push_str(rest);
    plain
}

/// The figure that a reference at the beginning stands for, and the reference's length.
fn figure(text: &str) -> Option<(char, usize)> {
    let plain = |c: &char| c.is_ascii_digit() || matches!(*c, ' ' | '-');
    reference(text).filter(|(c, _)| plain(c))
}

/// The character that a reference at the beginning stands for, and the reference's length.
/// Named ones stand for no part of a number.
fn reference(text: &str) -> Option<(char, usize)> {
    let (code, length) = if let Some(rest) = text.strip_prefix("\\u") {
        (u32::from_str_radix(rest.get(..4)?, 16).ok()?, 6)
    } else {
        let rest = text.strip_prefix("&#")?;
        // Leading noughts are allowed, but nobody writes more than a few.
        let end = rest.bytes().take(13).position(|b| b == b';')?;
        let number = rest.get(..end)?;
        let code = match number.strip_prefix('x') {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        };
        (code, end + 3)
    };
    Some((char::from_u32(code)?, length))
}

/// Masks what stands between a start found by `next` and the end found by `end`.
fn mask_marked(
    text: &str,
    next: fn(&str) -> Option<usize>,
    end: fn(&str) -> Option<usize>,
) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = next(rest) {
        let (before, inside) = rest.split_at(start);
        masked.push_str(before);
        let (inside, after) = inside.split_at(end(inside).unwrap_or(inside.len()));
        push_content(&mut masked, inside);
        rest = after;
    }
    masked.push_str(rest);
    masked
}

/// Ten plain digits keep their first six; anything else (character references, comments,
/// a number cut short) is hidden letter by letter.
fn push_content(masked: &mut String, inside: &str) {
    let number = inside.trim();
    if number.len() == 10 && number.bytes().all(|b| b.is_ascii_digit()) {
        masked.push_str(&inside.replace(number, &format!("{}****", number.get(..6).unwrap_or(""))));
    } else {
        let hide = |c: char| if c.is_alphanumeric() { '*' } else { c };
        masked.extend(inside.chars().map(hide));
    }
}

/// Where the content of the next `<CPR>` begins, whatever its prefix and attributes.
fn next_element(text: &str) -> Option<usize> {
    let mut from = 0;
    loop {
        let open = from + text.get(from..)?.find('<')? + 1;
        let tag = text.get(open..)?;
        let name_end = tag.find(|c: char| c.is_whitespace() || matches!(c, '>' | '/' | '<'));
        let name = tag.get(..name_end.unwrap_or(tag.len()))?;
        let local = name.rsplit(':').next().unwrap_or(name);
        if local.eq_ignore_ascii_case("cpr") {
            // The end of the tag; of a tag cut short, the end of its name.
            let skip = tag.find('>').map_or(name.len(), |end| end + 1);
            if !tag.get(..skip).is_some_and(|tag| tag.ends_with("/>")) {
                return Some(open + skip);
            }
        }
        from = open;
    }
}

/// The content of an element reaches to the next end tag: a comment inside is content.
fn element_end(inside: &str) -> Option<usize> {
    inside.find("</")
}

/// Where the value of the next `"cpr"` member begins, behind its quotation mark.
fn next_member(text: &str) -> Option<usize> {
    let mut from = 0;
    loop {
        let open = from + text.get(from..)?.find('"')? + 1;
        from = open;
        let Some(after) = text
            .get(open..)
            .filter(|rest| {
                rest.get(..4)
                    .is_some_and(|key| key.eq_ignore_ascii_case("cpr\""))
            })
            .and_then(|rest| rest.get(4..))
        else {
            continue;
        };
        let value = after.trim_start().strip_prefix(':').map(str::trim_start);
        if let Some(value) = value {
            let value = value.strip_prefix('"').unwrap_or(value);
            return Some(text.len() - value.len());
        }
    }
}

/// A JSON string ends at its quotation mark, a bare number at the next comma or bracket.
fn member_end(inside: &str) -> Option<usize> {
    inside.find(['"', ',', '}', ']', '\n'])
}

#[cfg(test)]
mod tests {
    use super::{mask_message, mask_text};
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    #[test]
    fn a_cpr_element_is_masked_whatever_is_in_it() {
        let check = |text: &str, masked: &str| assert_eq!(mask_message(text), masked);
        check(
            "<oir:CPR>9999991234</oir:CPR>",
            "<oir:CPR>999999****</oir:CPR>",
        );
        check(
            "<CPR a='b'> 9999991234\n</CPR>",
            "<CPR a='b'> 999999****\n</CPR>",
        );
        check("<CPR>&#57;999991234</CPR>", "<CPR>&#**;*********</CPR>");
        check(
            "<CPR>99<!-- x -->99991234</CPR>",
            "<CPR>**<!-- * -->********</CPR>",
        );
        check("<CPR>999999123", "<CPR>*********");
        check("<CPR 9999991234", "<CPR 999999****");
        check("<CPRNUMMER>1</CPRNUMMER>", "<CPRNUMMER>1</CPRNUMMER>");
        check("<CPR/><A>1</A>", "<CPR/><A>1</A>");
    }

    #[test]
    fn a_cpr_member_is_masked_whatever_is_in_it() {
        let check = |text: &str, masked: &str| assert_eq!(mask_message(text), masked);
        check(r#"{"cpr":"9999991234"}"#, r#"{"cpr":"999999****"}"#);
        check(
            r#"{"CPR" : 9999991234, "a": 1}"#,
            r#"{"CPR" : 999999****, "a": 1}"#,
        );
        check(
            r#"{"cpr":"\u0039999991234"}"#,
            r#"{"cpr":"\**************"}"#,
        );
        check(r#"{"cprs":"1"}"#, r#"{"cprs":"1"}"#);
    }

    #[test]
    fn a_number_written_as_references_is_masked_too() {
        let check = |text: &str, masked: &str| assert_eq!(mask_message(text), masked);
        check("<T>&#54;101011234</T>", "<T>610101****</T>");
        check("<T>610101&#x2d;12&#0051;4</T>", "<T>610101-****</T>");
        check(r#"{"t":"61010\u00311234"}"#, r#"{"t":"610101****"}"#);
        check("a &amp; b &#x41; \\u &# &#;", "a &amp; b &#x41; \\u &# &#;");
    }

    proptest! {
        #[test]
        fn no_person_survives(
            before in any::<String>(), after in any::<String>(),
            day in 1..=28_u8, month in 1..=12_u8, year in 0..=99_u8, serial in 0..=9999_u16,
        ) {
            let digit = |c: char| c.is_ascii_digit();
            let before = before.trim_end_matches(digit);
            let after = after.trim_start_matches(digit);
            let number = format!("{:02}{month:02}{year:02}{serial:04}", day + 60);
            let shown = mask_message(&format!("{before}{number}{after}"));
            prop_assert!(!shown.contains(&number));
        }

        #[test]
        fn what_a_cpr_element_holds_is_hidden(number in "[0-9]{10}", prefix in "([a-z]{1,8}:)?") {
            let shown = mask_message(&format!("<{prefix}CPR>{number}</{prefix}CPR>"));
            prop_assert!(!shown.contains(&number));
        }

        #[test]
        fn masking_twice_is_masking_once(text in any::<String>()) {
            let once = mask_text(&text);
            prop_assert_eq!(mask_text(&once), once);
        }
    }
}
