//! Markdown that others wrote, as a page may show it.
//!
//! Of the text only words, lists, headings, emphasis, quotations, code and links come
//! through. HTML in it is shown as the characters it is; pictures are not fetched, their words
//! stay; a link leads to a page of ours, to `http`, `https` or `mailto`, or is no link.
//! Headings stand below the page's own. Personal numbers are masked.

use pulldown_cmark::{CowStr, Event, HeadingLevel, Parser, Tag, TagEnd, TextMergeStream, html};

use crate::masking::mask_text;

/// Deepest nesting that is shown as such: nobody means more, and browsers give up.
const DEPTH_MAX: usize = 12;

/// HTML made of tags that this file lets through, which a page shows as it is. Nothing else
/// makes one: every other text of a template is escaped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Markup(String);

impl std::fmt::Display for Markup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl askama::filters::HtmlSafe for Markup {}

/// The text as a page shows it.
pub(super) fn markup(text: &str) -> Markup {
    Markup(to_html(text))
}

fn to_html(text: &str) -> String {
    // Numbers that stand together in the source first: in links, too.
    let masked = mask_text(text);
    let mut open: Vec<bool> = Vec::new();
    let mut events = Vec::new();
    for event in TextMergeStream::new(Parser::new(&masked)) {
        match event {
            Event::Start(tag) => {
                let tag = if open.len() < DEPTH_MAX {
                    shown(tag)
                } else {
                    None
                };
                open.push(tag.is_some());
                // Where a block is left out its words still stand apart.
                events.push(tag.map_or(Event::SoftBreak, Event::Start));
            }
            Event::End(tag) => {
                if open.pop() == Some(true) {
                    events.push(Event::End(ended(tag)));
                }
            }
            Event::Text(words) | Event::Html(words) | Event::InlineHtml(words) => {
                events.push(Event::Text(hidden(&words)));
            }
            Event::Code(words) => events.push(Event::Code(hidden(&words))),
            Event::SoftBreak => events.push(Event::SoftBreak),
            Event::HardBreak => events.push(Event::HardBreak),
            Event::Rule => events.push(Event::Rule),
            // Switched off, or nothing to show.
            Event::InlineMath(_)
            | Event::DisplayMath(_)
            | Event::FootnoteReference(_)
            | Event::TaskListMarker(_) => {}
        }
    }
    let mut page = String::with_capacity(masked.len().saturating_mul(2));
    html::push_html(&mut page, events.into_iter());
    page
}

/// What is put together of pieces can be a number that no piece was.
fn hidden<'a>(words: &str) -> CowStr<'a> {
    mask_text(words).into()
}

/// The tag as it is shown; none = only its content is.
fn shown(tag: Tag<'_>) -> Option<Tag<'_>> {
    match tag {
        Tag::Heading { level, .. } => Some(Tag::Heading {
            level: below(level),
            id: None,
            classes: Vec::new(),
            attrs: Vec::new(),
        }),
        Tag::Link {
            link_type,
            dest_url,
            id,
            ..
        } => leads(&dest_url).then(|| Tag::Link {
            link_type,
            dest_url,
            title: "".into(),
            id,
        }),
        Tag::HtmlBlock => Some(Tag::Paragraph),
        Tag::Paragraph
        | Tag::BlockQuote(_)
        | Tag::CodeBlock(_)
        | Tag::List(_)
        | Tag::Item
        | Tag::Emphasis
        | Tag::Strong => Some(tag),
        _ => None,
    }
}

fn ended(tag: TagEnd) -> TagEnd {
    match tag {
        TagEnd::Heading(level) => TagEnd::Heading(below(level)),
        TagEnd::HtmlBlock => TagEnd::Paragraph,
        other => other,
    }
}

/// One lower: the page has the first.
const fn below(level: HeadingLevel) -> HeadingLevel {
    match level {
        HeadingLevel::H1 => HeadingLevel::H2,
        HeadingLevel::H2 => HeadingLevel::H3,
        HeadingLevel::H3 => HeadingLevel::H4,
        HeadingLevel::H4 => HeadingLevel::H5,
        HeadingLevel::H5 | HeadingLevel::H6 => HeadingLevel::H6,
    }
}

/// Whether a link may lead there.
fn leads(address: &str) -> bool {
    let sound = !address
        .chars()
        .any(|c| c.is_control() || c.is_whitespace() || c == '\\');
    let lower = address.to_ascii_lowercase();
    let outside = ["https://", "http://", "mailto:"];
    let ours = address.starts_with('/') && !address.starts_with("//");
    sound && (ours || outside.iter().any(|scheme| lower.starts_with(scheme)))
}

#[cfg(test)]
mod tests {
    use super::to_html;

    #[test]
    fn text_is_shown_below_the_pages_heading() {
        let html = to_html("# Sådan\n\nRet **beløbet**, og `send`:\n\n1. ét\n2. to\n\n###### seks");
        assert_eq!(
            html,
            "<h2>Sådan</h2>\n<p>Ret <strong>beløbet</strong>, og <code>send</code>:</p>\n\
             <ol>\n<li>ét</li>\n<li>to</li>\n</ol>\n<h6>seks</h6>\n"
        );
    }

    #[test]
    fn nothing_that_is_written_becomes_a_tag_or_a_script() {
        let hostile = [
            "<script>alert(1)</script>",
            "a <img src=x onerror=alert(1)> b",
            "<svg/onload=alert(1)>",
            "<div onclick=\"x()\">\n\ntekst\n\n</div>",
            "<!-- <b> -->",
            "<a href='javascript:alert(1)'>x</a>",
            "`<script>`",
            "```\n<script>\n```",
            "[x](javascript:alert(1))",
            "[x](JaVaScRiPt:alert(1))",
            "[x](java&#10;script:alert(1))",
            "[x](<java\tscript:alert(1)>)",
            "[x](data:text/html,<script>)",
            "[x](vbscript:x)",
            "[x](//ondt.example/)",
            "[x](/\\ondt.example)",
            "<javascript:alert(1)>",
            "![x](https://ondt.example/a.png)",
            "[![x](https://ondt.example/a.png)](javascript:1)",
            "[x]: javascript:alert(1)\n\n[x]",
            "[x](https://a/\"onmouseover=alert(1)//)",
            "# <b onclick=x>h</b>",
            "# h {#id .c onclick=x}",
        ];
        for text in hostile {
            let html = to_html(text);
            let tags: Vec<&str> = html.split('<').skip(1).collect();
            for tag in tags {
                let name = tag.split(['>', ' ']).next().unwrap_or("");
                let name = name.trim_start_matches('/');
                let known = ["p", "a", "h2", "code", "pre", "em", "strong"];
                assert!(known.contains(&name), "{text}: {html}");
                let inside = tag.split('>').next().unwrap_or("");
                let plain = name == inside.trim_start_matches('/');
                let link =
                    inside.starts_with("a href=\"https://a/") && inside.matches('"').count() == 2;
                assert!(plain || link, "{text}: {html}");
            }
        }
    }

    #[test]
    fn links_lead_to_known_places_only() {
        let link = |address: &str| to_html(&format!("[her]({address})"));
        for good in ["/bilag?q=1", "https://kl.dk/x", "http://a", "mailto:a@b.dk"] {
            assert!(link(good).contains("<a href=\""), "{good}");
        }
        assert_eq!(link("ftp://a"), "<p>\nher</p>\n");
        assert_eq!(
            to_html("<https://kl.dk>"),
            "<p><a href=\"https://kl.dk\">https://kl.dk</a></p>\n"
        );
    }

    #[test]
    fn personal_numbers_are_masked_however_they_are_written() {
        for text in [
            "610101-1234",
            "[x](/bilag?q=6101011234)",
            "&#54;10101-1234",
            "610101\\-1234",
            "`610101 1234`",
            "<b>610101-1234</b>",
        ] {
            let html = to_html(text);
            assert!(!html.contains("1234") && html.contains("610101"), "{html}");
        }
    }

    #[test]
    fn deep_nests_are_cut_and_keep_their_words() {
        for unit in ["- ", "> ", "1. "] {
            let text = format!("{}bunden", unit.repeat(5_000));
            let html = to_html(&text);
            assert!(html.contains("bunden"));
            assert!(
                html.matches("<ul>").count() <= 12 && html.matches("<blockquote>").count() <= 12
            );
            assert_eq!(html.matches("<li>").count(), html.matches("</li>").count());
        }
        let stars = to_html(&"*a **b ".repeat(3_000));
        assert!(stars.len() < 200_000);
    }
}
