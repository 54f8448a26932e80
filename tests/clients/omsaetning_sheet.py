"""Opens a table that we wrote with a reader that we did not write, edits it as a bookkeeper does,
and saves it for us to read back.

usage: omsaetning_sheet.py FILE EDITED
"""

import datetime
import sys

import openpyxl

HEAD = [
    "Nummer", "sted", "ydelse", "Side", "Regnskabsår", "Posteringstype",
    "Gælder fra", "Gælder til", "Konto", "Andel", "Del", "Bemærkning",
]


def main():
    file, edited = sys.argv[1:]
    book = openpyxl.load_workbook(file)
    sheet = book.active
    rows = list(sheet.iter_rows())
    place = {cell.value: number for number, cell in enumerate(rows[0])}
    assert list(place) == HEAD, place
    assert all(cell.data_type != "f" for row in rows for cell in row)
    first, split, other = rows[1], rows[2], rows[3]
    value = lambda row, name: row[place[name]].value
    assert value(first, "Nummer") == 10 and value(first, "ydelse") == "007"
    assert value(first, "Konto") == "=1+1" and value(first, "Bemærkning") == "@husk\nbøger"
    assert value(first, "Gælder fra") == datetime.datetime(2026, 1, 1)
    assert (value(split, "Andel"), value(other, "Andel")) == (33.33, 66.67)
    assert first[place["ydelse"]].number_format == "@"
    # A new day, a list for a value, other shares, a row more without a number.
    first[place["Gælder til"]].value = datetime.date(2026, 12, 31)
    first[place["ydelse"]].value = "007 | 008"
    split[place["Andel"]].value, other[place["Andel"]].value = 40, 60
    added = {"ydelse": 4711, "Side": "Kredit", "Gælder fra": "01-07-2026", "Konto": "551{sted}"}
    sheet.append([added.get(name) for name in HEAD])
    book.save(edited)


main()
