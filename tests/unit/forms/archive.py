"""Rules of PDF/A-2a (ISO 19005-2) and PDF/UA-1 (ISO 14289-1) for one file, read with a library that did not make it.

Not a validator: the rules that a file of text, rules and pictures can break. A signed file may have one
field without a size, off the sheet, where PDF/UA asks for no tag (7.18.1) and PDF/A for no appearance (6.3.3).
"""

import io
import re
from collections.abc import Iterator, Mapping
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import PdfFileReader

_PAINTS = re.compile(rb"(?<![\w/])(BDC|BMC|EMC|Tj|TJ|Do|f|f\*|S|B|sh)(?![\w*])")
_TOKENS = re.compile(rb"<</MCID (\d+)[^>]*>>BDC|<</ActualText<(\w+)>>>BDC|\b(EMC)\b|(\()|<([0-9A-F]+)>")
_ESCAPES = re.compile(rb"\\([0-7]{1,3}|.)", re.DOTALL)
_WITHIN_A_LINE = {"Span", "Strong"}
_LETTERS = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def broken(pdf: bytes, level: str = "A") -> list[str]:
    """The clauses that a file breaks. `level`: A or B, of PDF/A-2."""
    reader = PdfFileReader(io.BytesIO(pdf))
    rules = (_file, _objects, _fonts, _intent, _metadata, _annotations, _signature)
    found = [clause for rule in rules for clause in rule(pdf, reader, level)]
    return [*found, *_structure(reader)]


def pages(reader: PdfFileReader) -> list[Any]:
    return [page.get_object() for page in reader.root["/Pages"]["/Kids"]]


def objects(reader: PdfFileReader) -> list[Any]:
    """Every object that the catalogue or the trailer leads to."""
    seen: set[Any] = set()
    found: list[Any] = []
    waiting: list[Any] = [reader.root, reader.trailer_view]
    while waiting:
        thing = waiting.pop()
        if isinstance(thing, generic.IndirectObject):
            if thing.reference in seen:
                continue
            seen.add(thing.reference)
            thing = thing.get_object()
        found.append(thing)
        if isinstance(thing, dict):
            waiting += [thing.raw_get(key) if hasattr(thing, "raw_get") else thing[key] for key in thing]
        elif isinstance(thing, list):
            waiting += list.__iter__(thing)
    return found


def _file(pdf: bytes, reader: PdfFileReader, _: str) -> Iterator[str]:
    head = pdf.split(b"\n", 2)
    if not re.fullmatch(rb"%PDF-1\.[0-7]\r?", head[0]) or not re.match(rb"%[\x80-\xff]{4}", head[1]):
        yield "19005-2, 6.1.2: header"
    if not re.search(rb"%%EOF\r?\n?\Z", pdf):
        yield "19005-2, 6.1.3: something after the end"
    if "/ID" not in reader.trailer_view or "/Encrypt" in reader.trailer_view:
        yield "19005-2, 6.1.3: trailer"


def _objects(_: bytes, reader: PdfFileReader, __: str) -> Iterator[str]:
    for thing in objects(reader):
        if not isinstance(thing, dict):
            continue
        if thing.get("/S") in {"/JavaScript", "/Launch", "/Sound", "/Movie", "/ImportData"} or "/AA" in thing:
            yield "19005-2, 6.5: an action"
        if "/EmbeddedFiles" in thing or thing.get("/Type") == "/Filespec":
            yield "19005-2, 6.8: an embedded file"
        if thing.get("/Subtype") == "/Image" and (thing.get("/Interpolate") or "/Alternates" in thing):
            yield "19005-2, 6.2.8: an image that is smoothed or has others"
        if isinstance(thing, generic.StreamObject) and (
            {"/F", "/FFilter"} & set(thing) or "LZW" in str(thing.get("/Filter"))
        ):
            yield "19005-2, 6.1.7: a stream"


def _fonts(_: bytes, reader: PdfFileReader, __: str) -> Iterator[str]:
    for thing in objects(reader):
        if isinstance(thing, dict) and thing.get("/Type") == "/FontDescriptor":
            if not {"/FontFile", "/FontFile2", "/FontFile3"} & set(thing):
                yield "19005-2, 6.2.11.4: a font that is not embedded"
        elif isinstance(thing, dict) and thing.get("/Subtype") == "/Type0" and "/ToUnicode" not in thing:
            yield "19005-2, 6.2.11.7.2: a font without Unicode texts"
        elif (
            isinstance(thing, dict)
            and thing.get("/Type") == "/Font"
            and thing.get("/Subtype") in {"/Type1", "/TrueType"}
        ):
            yield "a font that no paper of ours has"


def _intent(_: bytes, reader: PdfFileReader, __: str) -> Iterator[str]:
    intents = [each.get_object() for each in _at(reader.root, "/OutputIntents", [])]
    if not any(i["/S"] == "/GTS_PDFA1" and i["/DestOutputProfile"].data[36:40] == b"acsp" for i in intents):
        yield "19005-2, 6.2.3: no output intent with an ICC profile"


def _metadata(_: bytes, reader: PdfFileReader, level: str) -> Iterator[str]:
    told = reader.root["/Metadata"].data.decode() if "/Metadata" in reader.root else ""
    title = re.search(r"<dc:title>.*?<rdf:li[^>]*>(.+?)</rdf:li>", told)
    if "<pdfaid:part>2<" not in told or f"<pdfaid:conformance>{level}<" not in told:
        yield "19005-2, 6.6.4: part and level"
    if title is None or str(_at(reader.trailer_view["/Info"], "/Title")) != title[1]:
        yield "14289-1, 7.1: title"
    if level == "A" and "<pdfuaid:part>1<" not in told:
        yield "14289-1, 5: part"
    if level == "A" and not _at(reader.root, "/ViewerPreferences", {}).get("/DisplayDocTitle"):
        yield "14289-1, 7.1: the title is not displayed"


def _annotations(_: bytes, reader: PdfFileReader, __: str) -> Iterator[str]:
    for page in pages(reader):
        for note in (each.get_object() for each in _at(page, "/Annots", [])):
            left, low, right, high = (float(edge) for edge in note["/Rect"])
            empty = left == right < 0 and low == high < 0
            if note["/Subtype"] != "/Widget" or not empty or note.get("/F", 0) & 0b101111 != 4:  # printed; not hidden
                yield "19005-2, 6.3: an annotation"
            if page.get("/Tabs") != "/S":
                yield "14289-1, 7.18.3: tab order"


def _signature(pdf: bytes, reader: PdfFileReader, _: str) -> Iterator[str]:
    """ISO 32000-1, 12.8.1: the digest is of the whole file but the signature's own digits. `reader` knows what is in force."""
    values = [one for one in objects(reader) if isinstance(one, dict) and "/ByteRange" in one]
    if bool(values) != (_at(reader.root, "/AcroForm", {}).get("/SigFlags") == 3) or len(values) > 1:
        yield "32000-1, 12.7.2: the form does not tell its signature"
    for value in values:
        start, length, resumes, rest = (int(one) for one in value["/ByteRange"])
        between = pdf[length:resumes]
        digits = between.startswith(b"<") and between.endswith(b">") and len(between) == 2 * len(value["/Contents"]) + 2
        if start != 0 or resumes + rest != len(pdf) or not digits:
            yield "32000-1, 12.8.1: the signature does not cover the whole file"
        if value["/SubFilter"] != "/ETSI.CAdES.detached" or "/Cert" in value or "/M" not in value:
            yield "EN 319 142-1, 6.3: not a PAdES signature"
        for entry in _at(value, "/Reference", []):
            if {"/DigestLocation", "/DigestMethod", "/DigestValue"} & set(entry):
                yield "19005-2, 6.1.12: a digest beside the permissions"


def _structure(reader: PdfFileReader) -> Iterator[str]:
    """All that is drawn is tagged or an artifact; what is tagged has a language."""
    if not _at(reader.root, "/MarkInfo", {}).get("/Marked") or "/StructTreeRoot" not in reader.root:
        yield "19005-2, 6.7.2: not tagged"
        return
    if reader.root.get("/Lang") != "ja":
        yield "19005-2, 6.7.4: no language"
    if any(untagged(page["/Contents"].data) for page in pages(reader)):
        yield "14289-1, 7.1: something is neither tagged nor an artifact"


def untagged(drawing: bytes) -> bool:
    """Whether anything is drawn outside of marked content."""
    depth = 0
    for (act,) in (found.groups() for found in _PAINTS.finditer(_without_strings(drawing))):
        if act in {b"BDC", b"BMC", b"EMC"}:
            depth += -1 if act == b"EMC" else 1
        elif depth == 0:
            return True
    return False


def _at(thing: Any, key: str, otherwise: Any = None) -> Any:
    """What stands in a dictionary, not a reference to it."""
    return thing[key] if key in thing else otherwise  # noqa: SIM401 - `get` gives the reference


def aloud(pdf: bytes) -> list[tuple[str, str]]:
    """What a screen reader is told: the parts in the order of the structure, ("Lbl", "氏名"), ("LBody", "宮崎　太郎")."""
    reader = PdfFileReader(io.BytesIO(pdf))
    told: list[tuple[str, str]] = []
    texts = {page.container_ref: _marked(page) for page in pages(reader)}
    _walk(reader.root["/StructTreeRoot"]["/K"][0], texts, told)
    return told


def _walk(part: Any, texts: Mapping[Any, Mapping[int, str]], told: list[tuple[str, str]]) -> None:
    kind = str(part["/S"])[1:]
    if kind not in _WITHIN_A_LINE:
        told.append((kind, ""))
    for child in part["/K"]:
        if isinstance(child, int):
            last, words = told[-1]
            told[-1] = (last, words + texts[part["/Pg"].container_ref][child])
        else:
            _walk(child.get_object(), texts, told)


def _marked(page: Any) -> dict[int, str]:
    """The words of each piece of marked content, by its number: by the font's texts, or by an ActualText."""
    fonts = [font.get_object() for font in page["/Resources"]["/Font"].values()]
    maps = [re.findall(r"<(\w{4})> <(\w+)>", font["/ToUnicode"].data.decode()) for font in fonts]
    assert len(maps) == 1, "one font, or these words are not its"
    texts = {bytes.fromhex(code): bytes.fromhex(text).decode("utf-16-be") for code, text in maps[0]}
    found: dict[int, str] = {}
    mark, instead = -1, False
    for number, actual, end, codes in _acts(page["/Contents"].data):
        if number:
            mark = int(number)
            found[mark] = ""
        elif actual:
            instead = True
            found[mark] += bytes.fromhex(actual.decode()).decode("utf-16")
        elif end and instead:
            instead = False
        elif end:
            mark = -1
        elif mark >= 0 and not instead:
            found[mark] += "".join(texts[codes[at : at + 2]] for at in range(0, len(codes), 2))
    return found


def _acts(drawing: bytes) -> Iterator[tuple[bytes, bytes, bytes, bytes]]:
    """Number of a mark, ActualText, end of a mark, or what a string says; brackets within it may be in pairs."""
    at = 0
    while (found := _TOKENS.search(drawing, at)) is not None:
        at = found.end()
        number, actual, end, bracket, digits = found.groups(default=b"")
        if bracket:
            at = _end_of_string(drawing, at)
        string = _ESCAPES.sub(_escaped, drawing[found.end() : at - 1]) if bracket else bytes.fromhex(digits.decode())
        yield number, actual, end, string


def _end_of_string(drawing: bytes, at: int) -> int:
    depth = 1
    while depth:
        if drawing[at] == ord("\\"):
            at += 1
        else:
            depth += {ord("("): 1, ord(")"): -1}.get(drawing[at], 0)
        at += 1
    return at


def _without_strings(drawing: bytes) -> bytes:
    kept, at = b"", 0
    while (begin := drawing.find(b"(", at)) >= 0:
        kept += drawing[at:begin] + b"()"
        at = _end_of_string(drawing, begin + 1)
    return kept + drawing[at:]


def _escaped(found: re.Match[bytes]) -> bytes:
    one = found[1]
    return bytes([int(one, 8)]) if one.isdigit() else _LETTERS.get(one, one)
