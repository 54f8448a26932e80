//! Brings the portal's style, fonts and icons into the program.
//!
//! The design system is an npm dependency with a lock file; no file of it is copied into
//! the repository. This script installs it in the build's own folder (or takes the folder
//! named by `OIR_WEB_ASSETS`), copies what a page can ask for and writes the Rust table
//! that embeds it, text beside its gzip. It writes nothing into the source tree.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::{env, fs, io};

use flate2::Compression;
use flate2::write::GzEncoder;

/// Our own files and what npm needs, all under `web/`.
const OWN: [&str; 2] = ["portal.css", "portal.js"];
const NPM: [&str; 3] = ["package.json", "package-lock.json", ".npmrc"];

/// The design system's files that pages name themselves; the rest is found in the style.
const NAMED: [&str; 3] = [
    "css/dkfds.min.css",
    "js/dkfds.min.js",
    "img/all-svg-icons.svg",
];

const WAYS_OUT: &str = "Two ways out: install Node.js with npm so that `npm ci` can run, or set \
    OIR_WEB_ASSETS to a folder that holds the files of the npm package dkfds 11.2.0 under dist/ \
    (css/, js/, img/, fonts/).";

fn main() -> ExitCode {
    for file in OWN.iter().chain(&NPM) {
        println!("cargo::rerun-if-changed=web/{file}");
    }
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=OIR_WEB_ASSETS");
    match build() {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            println!("cargo::error={sentence}");
            ExitCode::FAILURE
        }
    }
}

fn build() -> Result<(), String> {
    let folder = |name: &str| env::var_os(name).map(PathBuf::from).ok_or(name.to_owned());
    let out = folder("OUT_DIR")?;
    let web = folder("CARGO_MANIFEST_DIR")?.join("web");
    let assets = out.join("assets");

    let (dist, installed) = match env::var_os("OIR_WEB_ASSETS") {
        Some(given) => (PathBuf::from(given), None),
        None => {
            let npm = out.join("npm");
            install(&web, &npm)?;
            (npm.join("node_modules/dkfds/dist"), Some(npm))
        }
    };
    let paths = collect(&dist, &assets)?;
    if let Some(npm) = installed {
        // 30 MB that nobody needs once the few files are copied.
        fs::remove_dir_all(npm.join("node_modules")).map_err(|e| e.to_string())?;
    }
    for file in OWN {
        copy(&web.join(file), &assets.join(file)).map_err(|e| format!("web/{file}: {e}"))?;
    }
    let own = OWN.iter().map(|file| (*file).to_owned());
    let table = table(&assets, paths.into_iter().chain(own).collect())?;
    fs::write(out.join("asset_table.rs"), table).map_err(|e| e.to_string())
}

/// Runs `npm ci` in a copy of `web/`.
fn install(web: &Path, npm: &Path) -> Result<(), String> {
    for file in NPM {
        copy(&web.join(file), &npm.join(file)).map_err(|e| format!("web/{file}: {e}"))?;
    }
    let program = if cfg!(windows) { "npm.cmd" } else { "npm" };
    let ran = Command::new(program)
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
        .arg("--loglevel=error")
        .current_dir(npm)
        .output();
    match ran {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => {
            // The first lines name the cause; the rest is npm's own stack.
            let said = String::from_utf8_lossy(&output.stderr);
            let said: Vec<&str> = said.lines().take(4).map(str::trim).collect();
            Err(format!(
                "The portal's style could not be fetched: npm ci failed ({}). {WAYS_OUT}",
                said.join("; ")
            ))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(format!(
            "The portal's style could not be fetched: npm is not installed. {WAYS_OUT}"
        )),
        Err(error) => Err(format!("npm could not be started: {error}. {WAYS_OUT}")),
    }
}

/// Copies the named files and those that the style asks for; answers their paths.
fn collect(dist: &Path, assets: &Path) -> Result<BTreeSet<String>, String> {
    if assets.exists() {
        fs::remove_dir_all(assets).map_err(|e| e.to_string())?;
    }
    let style = dist.join("css/dkfds.min.css");
    let style = fs::read_to_string(&style)
        .map_err(|e| format!("{} cannot be read: {e}. {WAYS_OUT}", style.display()))?;
    let mut paths: BTreeSet<String> = NAMED.iter().map(|path| (*path).to_owned()).collect();
    paths.extend(asked_for(&style));
    for path in &paths {
        copy(&dist.join(path), &assets.join(path))
            .map_err(|e| format!("{path} cannot be copied: {e}. {WAYS_OUT}"))?;
    }
    let served = assets.join("css/dkfds.min.css");
    fs::write(&served, with_served_fonts(&style)).map_err(|e| e.to_string())?;
    Ok(paths)
}

/// The style without the font files that are not served: a browser in a hurry tries them.
/// Every browser that the design system supports reads woff2.
fn with_served_fonts(style: &str) -> String {
    let mut faces = style.split("@font-face{");
    let mut kept = faces.next().unwrap_or_default().to_owned();
    for face in faces {
        let (rules, rest) = face.split_once('}').unwrap_or((face, ""));
        let rules = rules
            .split(';')
            .map(|rule| match rule.strip_prefix("src:") {
                Some(sources) => {
                    let served = |one: &&str| !one.starts_with("url(") || one.contains(".woff2");
                    let served: Vec<&str> = sources.split(',').filter(served).collect();
                    format!("src:{}", served.join(","))
                }
                None => rule.to_owned(),
            });
        let rules = rules.collect::<Vec<_>>().join(";");
        kept.push_str(&format!("@font-face{{{rules}}}{rest}"));
    }
    kept
}

/// The fonts and icons in the style's `url(../…)`. Older font formats are left out, and so
/// are the placeholder logos.
fn asked_for(style: &str) -> impl Iterator<Item = String> {
    style.split("url(").skip(1).filter_map(|rest| {
        let path = rest.split(')').next()?.trim_matches(['"', '\'']);
        let path = path.strip_prefix("../")?;
        let wanted = path.ends_with(".woff2") || path.starts_with("img/svg-icons/");
        wanted.then(|| path.to_owned())
    })
}

fn table(assets: &Path, paths: BTreeSet<String>) -> Result<String, String> {
    let mut rust = String::from("pub(super) const ASSETS: &[Asset] = &[\n");
    for path in paths {
        let bytes = fs::read(assets.join(&path)).map_err(|e| format!("{path}: {e}"))?;
        let digest = fnv(&bytes);
        let content_type = content_type(&path)?;
        let gzip = gzip(&assets.join(&path), &bytes).map_err(|e| format!("{path}: {e}"))?;
        let gzip = gzip.map_or("None".to_owned(), |ending| {
            format!("Some(include_bytes!(concat!(env!(\"OUT_DIR\"), \"/assets/{path}{ending}\")))")
        });
        writeln!(
            rust,
            "    Asset {{\n        path: {path:?},\n        \
             content_type: {content_type:?},\n        \
             digest: \"{digest:016x}\",\n        \
             bytes: include_bytes!(concat!(env!(\"OUT_DIR\"), \"/assets/{path}\")),\n        \
             gzip: {gzip},\n    }},"
        )
        .map_err(|e| e.to_string())?;
    }
    rust.push_str("];\n");
    Ok(rust)
}

/// Writes the gzip of a text beside it and says what its name ends with; fonts are
/// compressed in themselves.
fn gzip(path: &Path, bytes: &[u8]) -> io::Result<Option<&'static str>> {
    if path.extension().is_some_and(|ending| ending == "woff2") {
        return Ok(None);
    }
    let ending = ".gz";
    let mut beside = path.as_os_str().to_owned();
    beside.push(ending);
    let mut encoder = GzEncoder::new(fs::File::create(beside)?, Compression::best());
    encoder.write_all(bytes)?;
    encoder.finish()?;
    Ok(Some(ending))
}

fn content_type(path: &str) -> Result<&'static str, String> {
    match path.rsplit('.').next() {
        Some("css") => Ok("text/css; charset=utf-8"),
        Some("js") => Ok("text/javascript; charset=utf-8"),
        Some("svg") => Ok("image/svg+xml"),
        Some("woff2") => Ok("font/woff2"),
        _ => Err(format!("{path}: no content type is known for it")),
    }
}

/// FNV-1a, 64 bits: it only has to change when the file does.
fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::copy(from, to).map(|_| ())
}
