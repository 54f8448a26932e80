//! Hides personal numbers in free text: before it is stored in a fault, and before it is
//! shown.
//!
//! Rule: every run of ten digits (or six and four, with a blank or a hyphen of any kind
//! between) whose first six are a date is hidden, wherever it stands. The first six digits stay, so that a case worker can still tell two
//! persons apart.

use crate::party::Cpr;

/// Text as a person may see it: every number that looks like a CPR number is masked.
#[must_use]
pub fn mask_text(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, digits) = rest.split_at(start);
        masked.push_str(before);
        let end = digits
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(digits.len());
        let (run, after) = digits.split_at(end);
        match (run.len(), split_form(run, after)) {
            (10, _) if is_cpr(run) => {
                push_masked(&mut masked, run);
                rest = after;
            }
            (6, Some((sign, tail, after))) => {
                push_masked_with(&mut masked, run, sign, tail.len());
                rest = after;
            }
            _ => {
                masked.push_str(run);
                rest = after;
            }
        }
    }
    masked.push_str(rest);
    masked
}

/// What people and word processors set between the halves of a number.
fn is_between(c: char) -> bool {
    matches!(
        c,
        '-' | ' ' | '\u{a0}' | '\u{2007}' | '\u{202f}' | '\u{2010}'..='\u{2015}' | '\u{2212}'
    )
}

/// The second half of `ddmmyy-nnnn` or `ddmmyy nnnn`, when the first half is a run of six.
fn split_form<'a>(run: &str, after: &'a str) -> Option<(char, &'a str, &'a str)> {
    let sign = after.chars().next().filter(|c| is_between(*c))?;
    let rest = after.get(sign.len_utf8()..)?;
    let end = rest
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(rest.len());
    let (tail, after) = rest.split_at(end);
    (tail.len() == 4 && is_cpr(&format!("{run}{tail}"))).then_some((sign, tail, after))
}

fn is_cpr(digits: &str) -> bool {
    digits.parse::<Cpr>().is_ok_and(|cpr| cpr.has_a_date())
}

fn push_masked(text: &mut String, run: &str) {
    text.push_str(run.get(..6).unwrap_or(""));
    text.push_str("****");
}

fn push_masked_with(text: &mut String, run: &str, sign: char, hidden: usize) {
    text.push_str(run);
    text.push(sign);
    text.extend(std::iter::repeat_n('*', hidden));
}

#[cfg(test)]
mod tests {
    use super::mask_text;

    #[test]
    fn numbers_that_look_like_persons_are_masked_and_others_stay() {
        let check = |text: &str, masked: &str| assert_eq!(mask_text(text), masked);
        check("6101011234", "610101****");
        check("CPR6101011234.", "CPR610101****.");
        check(
            "til 610101-1234 og 610101 1234",
            "til 610101-**** og 610101 ****",
        );
        check("9999991234", "9999991234"); // no date
        check("61010112345", "61010112345"); // eleven digits
        check("610101-12345", "610101-12345");
        check("610101\u{2013}1234", "610101\u{2013}****");
        check("610101\u{a0}1234", "610101\u{a0}****");
        check("konto 5.57.75.4", "konto 5.57.75.4");
        check("æ6101011234ø", "æ610101****ø");
    }
}
