//! The portal's style, script, fonts and icons, embedded by the build script.
//!
//! Addresses carry the file's digest, so that browsers may keep a file for ever and still
//! get the new one after an upgrade. Text is compressed when the program is built; pages are
//! not compressed at all, because they carry secrets beside words from outside (BREACH).
//! This room knows nothing of pages.

use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};

/// One embedded file.
#[derive(Debug)]
pub struct Asset {
    /// Path under `/assets/`, e.g. `css/dkfds.min.css`.
    path: &'static str,
    /// Value of `Content-Type`.
    content_type: &'static str,
    /// 16 hex digits that change when the file does.
    digest: &'static str,
    /// The file.
    bytes: &'static [u8],
    /// The same as gzip; none for what is compressed in itself.
    gzip: Option<&'static [u8]>,
}

mod table {
    //! Written by the build script, in order of path.
    use super::Asset;
    include!(concat!(env!("OUT_DIR"), "/asset_table.rs"));
}

/// The address of a file with its digest; without one when there is no such file, which a
/// test rules out for every address in the templates.
#[must_use]
pub fn address(path: &str) -> String {
    match find(path) {
        Some(asset) => format!("/assets/{path}?v={}", asset.digest),
        None => format!("/assets/{path}"),
    }
}

fn find(path: &str) -> Option<&'static Asset> {
    let place = table::ASSETS
        .binary_search_by(|asset| asset.path.cmp(path))
        .ok()?;
    table::ASSETS.get(place)
}

/// Answers `GET /assets/…`; nothing when there is no such file.
pub(crate) fn serve(uri: &Uri, headers: &HeaderMap) -> Option<Response> {
    let asset = find(uri.path().strip_prefix("/assets/")?)?;
    let gzip = asset.gzip.filter(|_| takes_gzip(headers));
    // What is encoded otherwise is another representation, with a tag of its own.
    let form = if gzip.is_some() { "-gzip" } else { "" };
    let tag = format!("\"{}{form}\"", asset.digest);
    let named = uri
        .query()
        .is_some_and(|query| query.strip_prefix("v=") == Some(asset.digest));
    // Fonts and icons are named by the style without a digest: an hour, then by ETag.
    let keep = if named {
        "public, max-age=31536000, immutable"
    } else {
        "public, max-age=3600"
    };
    let fresh = headers
        .get_all(IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|value| value.trim().trim_start_matches("W/") == tag);
    let mut response = if fresh {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        (
            [(CONTENT_TYPE, asset.content_type)],
            gzip.unwrap_or(asset.bytes),
        )
            .into_response()
    };
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(keep));
    headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    if gzip.is_some() && !fresh {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    if let Ok(tag) = HeaderValue::try_from(tag) {
        headers.insert(ETAG, tag);
    }
    Some(response)
}

/// Whether the caller takes gzip: named, and not with the weight nought.
fn takes_gzip(headers: &HeaderMap) -> bool {
    let values = headers.get_all(ACCEPT_ENCODING).iter();
    let mut codings = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    codings.any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        let named = parts
            .next()
            .is_some_and(|name| name.eq_ignore_ascii_case("gzip"));
        let weight = parts.find_map(|part| part.strip_prefix("q="));
        let none = weight.is_some_and(|weight| weight.parse::<f32>().is_ok_and(|q| q <= 0.0));
        named && !none
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::{address, find, serve, table::ASSETS, takes_gzip};
    use axum::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, ETAG};
    use axum::http::{HeaderMap, HeaderValue};

    fn taking(encodings: &'static str) -> HeaderMap {
        let value = HeaderValue::from_static(encodings);
        HeaderMap::from_iter([(ACCEPT_ENCODING, value)])
    }

    #[test]
    fn text_goes_compressed_to_those_who_take_it() {
        for taken in ["gzip", "deflate, gzip, br", "br;q=1, GZIP;q=0.5"] {
            assert!(takes_gzip(&taking(taken)), "{taken}");
        }
        for not in ["", "br", "gzip;q=0", "gzip; q=0.000", "x-gzip"] {
            assert!(!takes_gzip(&taking(not)), "{not}");
        }
        let get =
            |path: &str, encodings| serve(&path.parse().unwrap(), &taking(encodings)).unwrap();
        let style = "/assets/css/dkfds.min.css";
        let (whole, packed) = (get(style, "br"), get(style, "gzip"));
        assert_eq!(packed.headers()[CONTENT_ENCODING], "gzip");
        assert!(!whole.headers().contains_key(CONTENT_ENCODING));
        assert_ne!(whole.headers()[ETAG], packed.headers()[ETAG]);
        let font = ASSETS.iter().find(|a| a.path.ends_with(".woff2")).unwrap();
        let font = get(&format!("/assets/{}", font.path), "gzip");
        assert!(!font.headers().contains_key(CONTENT_ENCODING));
        let long = ASSETS.iter().filter(|a| a.bytes.len() > 10_000);
        for asset in long.filter(|a| a.gzip.is_some()) {
            assert!(
                asset.gzip.unwrap().len() * 2 < asset.bytes.len(),
                "{}",
                asset.path
            );
        }
    }

    #[test]
    fn the_table_is_in_order_and_holds_eight_fonts_the_style_and_the_icons() {
        assert!(ASSETS.is_sorted_by(|a, b| a.path < b.path));
        let ending = |end: &str| ASSETS.iter().filter(|a| a.path.ends_with(end)).count();
        assert_eq!(ending(".woff2"), 8);
        assert_eq!(ending(".css"), 2);
        assert_eq!(ending(".js"), 2);
        assert!(ending(".svg") > 100);
    }

    #[test]
    fn every_font_and_icon_that_the_style_names_relative_to_itself_is_there() {
        let style = std::str::from_utf8(find("css/dkfds.min.css").unwrap().bytes).unwrap();
        let wanted = style
            .split("url(../")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
            .filter(|path| path.starts_with("fonts/") || path.starts_with("img/svg-icons"));
        for path in wanted {
            assert!(find(path).is_some(), "{path}");
        }
        assert_eq!(style.matches("src:url(../fonts/").count(), 8);
        assert!(!style.contains("src:}") && !style.contains("src:;"));
    }

    #[test]
    fn no_rule_of_ours_stands_inside_another_that_was_not_closed() {
        let sheet = include_str!("../web/portal.css");
        let mut open = Vec::new();
        for line in sheet.lines().map(str::trim) {
            if let Some(rule) = line.strip_suffix('{') {
                let around = open.last().copied().unwrap_or("@");
                assert!(around.starts_with('@'), "{rule} stands inside {around}");
                open.push(rule);
            } else if line == "}" {
                assert!(open.pop().is_some(), "more ends than beginnings");
            }
        }
        assert!(open.is_empty(), "not closed: {open:?}");
    }

    #[test]
    fn an_address_carries_the_digest() {
        let address = address("portal.css");
        let (_, digest) = address.split_once("?v=").unwrap();
        assert_eq!(digest.len(), 16);
    }
}
