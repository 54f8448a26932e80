"""Opens the portal's files with readers that we did not write: `openpyxl` for the workbook,
Python's own `csv` for the other. Numbers must be numbers, dates dates, and no text a formula.

usage: workbook.py PORTAL LINES; the newest bilag has the texts HOSTILE and NUMBER.
"""

import csv
import datetime
import io
import re
import sys
import tempfile
import time
import urllib.request

import openpyxl

HOSTILE = '=HYPERLINK("http://ond.example/";"Klik her")'
NUMBER = "@SUM(1)"


def fetched(address):
    """An address' answer and where it was at last: a long workbook has a page of its own."""
    with urllib.request.urlopen(address) as answer:
        return answer.read(), answer.geturl()


def workbook(portal):
    data, address = fetched(portal + "/bilag.xlsx")
    while "/eksport/" in address and not data.startswith(b"PK"):
        page, _ = fetched(address)
        if b"Regnearket skrives." not in page:
            assert b"Regnearket er klar" in page, page.decode()
            data, _ = fetched(address + "/fil")
            break
        time.sleep(0.2)
    assert "/eksport/" in address, "a short list came where a long one was meant"
    return data


def check_workbook(data, lines):
    with tempfile.NamedTemporaryFile(suffix=".xlsx") as file:
        file.write(data)
        file.flush()
        book = openpyxl.load_workbook(file.name, read_only=True)
    rows = book["Bilag"].iter_rows()
    head = [cell.value for cell in next(rows)]
    place = {title: number for number, title in enumerate(head)}
    kinds = {
        "Modtaget": datetime.datetime,
        "Bogføringsdato": datetime.datetime,
        "Beløb (kr.)": (int, float),
        "Posteringer": int,
        "Tekst": str,
        "Bilagets id i ØiR": str,
    }
    count, ids, hostile = 0, set(), []
    for row in rows:
        count += 1
        for title, kind in kinds.items():
            assert isinstance(row[place[title]].value, kind), (title, row[place[title]].value)
        assert all(cell.data_type != "f" for cell in row), [cell.value for cell in row]
        ids.add(row[place["Bilagets id i ØiR"]].value)
        if row[place["Tekst"]].value == HOSTILE:
            hostile.append((row[place["Tekst"]].data_type, row[place["Afsenders bilagsnummer"]].value))
    assert count == len(ids) == lines, (count, len(ids), lines)
    assert hostile == [("s", NUMBER)] or hostile == [("inlineStr", NUMBER)], hostile
    about = {row[0].value: row[1].value for row in book["Udtræk"].iter_rows()}
    assert about["Antal bilag"] == f"{lines:,}".replace(",", "."), about
    assert about["Tilstand"] == "Alle", about


def check_csv(data, lines):
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=";"))
    head, body = rows[0], rows[1:]
    assert len(body) == lines, (len(body), lines)
    place = {title: number for number, title in enumerate(head)}
    for row in body:
        assert len(row) == len(head), row
        assert re.fullmatch(r"\d\d\.\d\d\.\d{4} \d\d:\d\d", row[place["Modtaget"]]), row
        assert re.fullmatch(r"\d\d\.\d\d\.\d{4}", row[place["Bogføringsdato"]]), row
        assert re.fullmatch(r"-?\d+,\d\d", row[place["Beløb (kr.)"]]), row
        assert not any(cell.startswith(("=", "+", "@", "\t", "\r")) for cell in row), row
    hostile = [row for row in body if HOSTILE in row[place["Tekst"]]]
    assert len(hostile) == 1, hostile
    assert hostile[0][place["Tekst"]] == "'" + HOSTILE
    assert hostile[0][place["Afsenders bilagsnummer"]] == "'" + NUMBER


def main():
    portal, lines = sys.argv[1], int(sys.argv[2])
    check_workbook(workbook(portal), lines)
    check_csv(fetched(portal + "/bilag.csv")[0], lines)
    print(f"{lines} lines in both files, each value of its kind, no formula")


main()
