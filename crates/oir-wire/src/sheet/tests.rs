#![expect(clippy::unwrap_used, reason = "tests")]

use std::io::{Cursor, Read, Write};
use std::slice;

use jiff::civil::date;
use proptest::prelude::{Strategy, prop_assert_eq, proptest};
use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook};

use super::{BYTES_MAX, Cell, SheetFault, SheetFaultKind, danish_or_iso_date, read};

fn kinds(bytes: &[u8]) -> Vec<(String, SheetFaultKind)> {
    let faults = read(bytes).unwrap_err();
    faults.iter().map(|f| (f.place(), f.kind)).collect()
}

#[test]
fn a_workbook_is_read_with_its_types() {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    let day = ExcelDateTime::from_ymd(2026, 12, 31).unwrap();
    let format = Format::new().set_num_format("dd-mm-yyyy");
    sheet.write(0, 0, "NØGLE").unwrap();
    sheet.write(0, 2, "Gyldig fra").unwrap();
    sheet.write(2, 0, 5571).unwrap();
    sheet.write(2, 1, " Børnetilskud ").unwrap();
    sheet.write_with_format(2, 2, &day, &format).unwrap();
    sheet.write(2, 3, true).unwrap();
    sheet
        .write(2, 4, Formula::new("=1+1").set_result("2"))
        .unwrap();
    let sheet = read(&book.save_to_buffer().unwrap()).unwrap();
    let table = sheet.table(&["Nøgle", "Gyldig fra"], &["Titel"]).unwrap();
    let row = table.rows().next().unwrap();
    assert_eq!(row.number(), 3);
    assert_eq!(row.text("Nøgle").as_deref(), Some("5571"));
    assert_eq!(row.date("Gyldig fra").unwrap(), Some(date(2026, 12, 31)));
    let expected = [
        Cell::Number(5571.0),
        Cell::Text("Børnetilskud".into()),
        Cell::Date(date(2026, 12, 31)),
        Cell::Bool(true),
        Cell::Number(2.0),
    ];
    assert_eq!(sheet.rows.get(1).unwrap().cells, expected);
}

/// The workbook as a program writes it that cannot compute.
fn without_computed(bytes: &[u8]) -> Vec<u8> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut out = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).unwrap();
        let mut text = String::new();
        entry.read_to_string(&mut text).unwrap();
        out.start_file(
            entry.name().unwrap().into_owned(),
            zip::write::SimpleFileOptions::default(),
        )
        .unwrap();
        let text = text.replace("</f><v>0</v>", "</f>");
        out.write_all(text.as_bytes()).unwrap();
    }
    out.finish().unwrap().into_inner()
}

#[test]
fn what_would_have_to_be_guessed_is_refused_with_its_place() {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet
        .merge_range(0, 0, 0, 2, "Flettet", &Format::new())
        .unwrap();
    sheet.write(1, 1, Formula::new("=A1")).unwrap();
    sheet.write(2, 27, 5_571_000_000_000_001_i64).unwrap();
    sheet.write(3, 0, "BÃ¸rn").unwrap();
    let found = kinds(&without_computed(&book.save_to_buffer().unwrap()));
    let expected = [
        ("A1", SheetFaultKind::Merged),
        ("B2", SheetFaultKind::FormulaWithoutValue),
        ("AB3", SheetFaultKind::RoundedNumber),
        ("A4", SheetFaultKind::SpoiledLetters),
    ];
    assert_eq!(
        found,
        expected.map(|(place, kind)| (place.to_owned(), kind))
    );
}

#[test]
fn a_cell_in_the_far_corner_costs_nothing() {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.write(1_048_575, 16_383, "her").unwrap();
    let found = kinds(&book.save_to_buffer().unwrap());
    assert_eq!(found, [("XFD1048576".to_owned(), SheetFaultKind::TooMany)]);
}

#[test]
fn files_that_are_no_sheets_say_what_they_are() {
    let one = |bytes: &[u8]| kinds(bytes).first().unwrap().clone();
    assert_eq!(one(b"\xD0\xCF\x11\xE0....").1, SheetFaultKind::OldExcel);
    assert_eq!(one(b"PK\x03\x04 no zip").1, SheetFaultKind::Unreadable);
    assert_eq!(one(b"\xFF\xFEa\0b\0").1, SheetFaultKind::Utf16);
    assert_eq!(one(&vec![b'a'; BYTES_MAX + 1]).1, SheetFaultKind::TooLarge);
    let latin1 = b"facet;titel\nydelsesart;B\xF8rnetilskud\n";
    let faults = read(latin1).unwrap_err();
    let fault = faults.first().unwrap();
    assert_eq!(fault.place(), "B2");
    assert_eq!(
        fault.to_string(),
        "B2: Filen er gemt med Windows' gamle tegnsæt (Latin-1), ikke UTF-8: her skulle stå \
         »Børnetilskud«. Vælg »CSV UTF-8« under »Gem som«. [ark-latin1]"
    );
    let missing = read(b"a;b\n1;2\n").unwrap();
    let faults = missing.table(&["a", "c"], &[]).unwrap_err();
    assert_eq!(faults.first().unwrap().kind, SheetFaultKind::ColumnMissing);
    let twice = read(b"a;A\n1;2\n").unwrap();
    let faults = twice.table(&["a"], &[]).unwrap_err();
    assert_eq!(faults.first().unwrap().place(), "B1");
}

#[test]
fn csv_is_read_with_any_of_three_separators_and_its_lines() {
    for text in [
        "\u{FEFF}a;b\n\n\"x;1\";2\n",
        "a\tb\n\nx;1\t2\n",
        "a,b\n\nx;1,2\n",
    ] {
        let sheet = read(text.as_bytes()).unwrap();
        let table = sheet.table(&["a", "b"], &[]).unwrap();
        let row = table.rows().next().unwrap();
        let read = (row.number(), row.text("a").unwrap(), row.text("b").unwrap());
        assert_eq!(read, (3, "x;1".into(), "2".into()), "{text:?}");
    }
}

#[test]
fn a_quotation_mark_without_its_mate_is_refused_where_it_opens() {
    let last = ("række 3".to_owned(), SheetFaultKind::BrokenRow);
    for text in [
        "a;b\n1;2\n3;\"4",
        "a;b\n1;2\n3;\"4\n",
        "a;b\r\n1;2\r\n\"3;4\r\n5;6\r\n",
        "a;b\n1;2\n\"",
        "a;b\n1;2\n\"\"\"\n",
        "a;b\n1;2\n3;4;\"\n\u{1}",
    ] {
        assert_eq!(kinds(text.as_bytes()), slice::from_ref(&last), "{text:?}");
    }
    for text in [
        "a;b\n1;2",
        "a;b\n1;\"2\"",
        "a;b\n1;2\r",
        "a;b\r\n1;2\r\n\r\n",
    ] {
        let sheet = read(text.as_bytes()).unwrap();
        assert_eq!(sheet.rows.len(), 2, "{text:?}");
    }
    assert_eq!(read(b"").unwrap().rows, []);
}

#[test]
fn signs_that_nobody_sees_are_called_so_in_both_kinds_of_file() {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.write(1, 1, "a\u{1}b").unwrap();
    let packed = book.save_to_buffer().unwrap();
    let place = ("B2".to_owned(), SheetFaultKind::ControlCharacter);
    for file in [&b"a;b\n1;a\x01b\n"[..], &packed] {
        assert_eq!(kinds(file), slice::from_ref(&place));
    }
    let alone = kinds(b"a;b\n\x01\n");
    assert_eq!(alone, [("A2".to_owned(), SheetFaultKind::ControlCharacter)]);
}

#[test]
fn a_value_with_braces_is_not_filled_again() {
    let sheet = read(b"Dag\n{1}x\n").unwrap();
    let table = sheet.table(&["Dag"], &[]).unwrap();
    let fault = table.rows().next().unwrap().date("Dag").unwrap_err();
    assert_eq!(fault.text(), "»{1}x« er ikke en dato.");
    let fault = SheetFault::of_file(SheetFaultKind::TooLarge, &["{1}", "{0}"]);
    assert_eq!(fault.text(), "Filen er på {1} MB; der læses højst {0} MB.");
}

#[test]
fn days_that_no_calendar_has_are_no_days() {
    for text in [
        "29-02-2026",
        "31-04-2026",
        "2026-2-1",
        "1-1-26",
        "01-13-2026",
        "2026/01/01",
        "",
    ] {
        assert_eq!(danish_or_iso_date(text), None, "{text}");
    }
    for text in ["29-02-2028", "29.02.2028", "29/2/2028", "2028-02-29"] {
        assert_eq!(danish_or_iso_date(text), Some(date(2028, 2, 29)), "{text}");
    }
}

proptest! {
    #[test]
    fn every_written_day_is_read_back(ordinal in (1_i32..800_000).prop_map(|n| n)) {
        let span = jiff::Span::new().days(ordinal);
        let day = date(1, 1, 1).checked_add(span).unwrap();
        prop_assert_eq!(danish_or_iso_date(&day.to_string()), Some(day));
        let danish = format!("{:02}-{:02}-{:04}", day.day(), day.month(), day.year());
        prop_assert_eq!(danish_or_iso_date(&danish), Some(day));
    }

    #[test]
    fn no_bytes_make_it_panic(bytes: Vec<u8>) {
        let _ = read(&bytes);
        let mut packed = b"PK\x03\x04".to_vec();
        packed.extend(bytes);
        let _ = read(&packed);
    }
}
