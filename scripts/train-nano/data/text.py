"""What a text is here: one cleaned line. Owns cleaning and the keys by which equal texts are found again; knows no
source format."""

import hashlib
import html
import re
import unicodedata

LANGUAGES = ("en", "zh", "fr", "de", "ja", "es", "ru")

TAG = re.compile(r"<[^<>]{1,200}>")
ACCELERATOR = re.compile(r"(?<![\w&])[&_~](?=\w)|(?<=\w)[&_](?=\w)|\s?\((?:&|_|~)\w\)")
SPACES = re.compile(r"\s+")
LETTER = re.compile(r"[^\W\d_]")
NOT_WORD = re.compile(r"[\W_]+")
IDENTIFIER = re.compile(r"^[\w./:%$-]*[_/:%$.\d-][\w./:%$-]*$")


def clean(text):
    """One line without markup; keyboard accelerators go only by clean_label()."""
    text = html.unescape(TAG.sub(" ", text)) if "<" in text or "&" in text else text
    return SPACES.sub(" ", unicodedata.normalize("NFC", text).replace("\x00", " ")).strip()


def clean_label(text):
    """A text of a program's surface: `&File`, `_Open`, `打开(&O)` without the marks of keyboard shortcuts."""
    return clean(ACCELERATOR.sub("", TAG.sub(" ", text)))


def is_text(text, most=1200):
    """Words that somebody reads, not a path, a number or a format."""
    return 2 <= len(text) <= most and len(LETTER.findall(text)) * 2 >= len(text) * 0.8 and not IDENTIFIER.match(text)


def key(text):
    """Equal for texts that differ in case, punctuation and spaces alone."""
    bare = NOT_WORD.sub("", text.lower())
    return hashlib.blake2b((bare or text).encode(), digest_size=8).digest()


def share(name, salt):
    """A stable number in 0..1 for a name: splits by it never move."""
    digest = hashlib.blake2b(f"{salt}:{name}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64
