//! Files that people hand in and take out: what their name says they are, and how one that is
//! wrong is answered, the same in every command.

use std::fmt::Display;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

/// What a file's name ends on, in small letters; nothing when it has no ending.
pub(crate) fn ending(file: &Path) -> String {
    let ending = file.extension().and_then(|ending| ending.to_str());
    ending.unwrap_or_default().to_lowercase()
}

/// Says everything that is wrong, and that nothing is changed.
pub(crate) fn refuse(
    out: &mut impl Write,
    faults: impl IntoIterator<Item: Display>,
) -> anyhow::Result<ExitCode> {
    for fault in faults {
        writeln!(out, "{fault}")?;
    }
    writeln!(out, "Intet er ændret.")?;
    Ok(ExitCode::from(1))
}
