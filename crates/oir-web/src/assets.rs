//! The portal's style, script, fonts and icons, embedded by the build script.
//!
//! Addresses carry the file's digest, so that browsers may keep a file for ever and still
//! get the new one after an upgrade. This room knows nothing of pages.

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
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
    let tag = format!("\"{}\"", asset.digest);
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
        ([(CONTENT_TYPE, asset.content_type)], asset.bytes).into_response()
    };
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(keep));
    if let Ok(tag) = HeaderValue::try_from(tag) {
        headers.insert(ETAG, tag);
    }
    Some(response)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::{address, find, table::ASSETS};

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
            .filter(|path| path.ends_with(".woff2") || path.starts_with("img/svg-icons"));
        for path in wanted {
            assert!(find(path).is_some(), "{path}");
        }
    }

    #[test]
    fn an_address_carries_the_digest() {
        let address = address("portal.css");
        let (_, digest) = address.split_once("?v=").unwrap();
        assert_eq!(digest.len(), 16);
    }
}
