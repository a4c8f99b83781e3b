"""What people type and paste, as plain writing: before anything is masked, matched or stored.

    １３９<b>1234</b>&#53;678, ①③⑨… , 1​3​9 with invisible characters between  ─►  digits that a rule sees

The rule to remember: **whatever looks like a digit is one**, and what cannot be seen is not there.
Tags and entities of HTML go, control and zero-width characters go, line breaks stay. Full-width
forms stay as they are: masking reads them, and they are how people write.
"""

from __future__ import annotations

import html
import re
import unicodedata

_TAG = re.compile(r"</?[A-Za-z][^<>]{0,200}>|<!--.{0,200}?-->", re.DOTALL)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z]{2,10});")
_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e"
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb"
    "\U000e0000-\U000e007f\U000e0100-\U000e01ef]"
)
_FULL_WIDTH = range(0xFF10, 0xFF1A)
_DIGITS = {
    code: str(unicodedata.digit(chr(code)))
    for code in range(0x80, 0x20000)
    if code not in _FULL_WIDTH and unicodedata.digit(chr(code), None) is not None
}
_ODD_DIGIT = re.compile("[" + "".join(map(chr, _DIGITS)) + "]")


def plain_writing(text: str) -> str:
    """The text without what cannot be seen, and with all digits but full-width ones as 0 to 9.
    ``plain_writing(plain_writing(x)) == plain_writing(x)``."""
    before = None
    while before != text:  # a tag may hide a tag, an entity an entity
        before = text
        if "&" in text:
            text = _ENTITY.sub(lambda found: html.unescape(found[0]), text)
        if "<" in text:
            text = _TAG.sub("", text)
        if _UNSEEN.search(text):
            text = _UNSEEN.sub("", text)
    if _ODD_DIGIT.search(text):
        text = text.translate(_DIGITS)
    return text
