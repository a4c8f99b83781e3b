"""Personal data out of free text: a report's words come in, the same words with marks go out.

    我叫王小明，电话13800001111，住3栋2单元501室  →  我叫〔姓名〕，电话〔电话〕，住〔住址〕

The one rule to remember: what a department needs to find the fault stays (roads, house numbers,
buildings, hotlines, dates, sums, codes of areas), what points at a person goes.
Each mark is fixed, so masking twice is masking once, and nothing of the length of what stood there
is told. Patterns are bounded everywhere: time grows with the length of the text and no faster.

Names cannot be told from words by pattern alone. The reporter's own name is masked wherever it
stands, others only after a cue (我叫…, 联系人：…, 村民…，) and with a surname; a name in
the middle of a sentence with no cue before it stays.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator
from operator import itemgetter

PHONE, IDENTITY, CARD, ACCOUNT = "〔电话〕", "〔证件号〕", "〔卡号〕", "〔账号〕"
MAIL, NAME, HOME, VEHICLE = "〔邮箱〕", "〔姓名〕", "〔住址〕", "〔车牌〕"
MARKS = (PHONE, IDENTITY, CARD, ACCOUNT, MAIL, NAME, HOME, VEHICLE)

_MARK = re.compile("(" + "|".join(MARKS) + ")")
_PLAIN = tuple(zip("：，；、（）　\xa0—–－‐×＊", ":,;,()  ----**", strict=True))
_WIDE = re.compile("[０-９Ａ-Ｚａ-ｚ＠．＋]")
_FOLD = {code + 0xFEE0: code for code in range(0x21, 0x7F)}

# ── numbers ──────────────────────────────────────────────────────────────────────────────────

_END = r"(?:(?!\d)|(?=(?:19|20)\d\d(?:年|[-./]\d)))"
"""A number ends here; a date often follows a phone number without a space between them."""
_LOCAL = rf"[2-8]\d{{2,3}}[- ]?\d{{4}}{_END}"
_MORE = rf"(?:-\d{{1,6}}(?!\d)|转\d{{1,6}})?(?: ?[-,/;或和及 ] ?{_LOCAL}(?![元万块]))*"
_STARTS = r"(?<!\d\d)"
"""Stands after a number's first digit: no digit before it. Patterns begin with what they consume,
which lets `re` leap to it; a look-behind at the front costs ten times as much."""
_MOBILE = (
    rf"1(?:{_STARTS}|(?<=\D861)|(?<=00861)|(?<=^861))[3-9]"
    r"(?:\d(?:[- ]{0,2}\d{4}){2}|\d[- ]\d{3}[- ]\d{5}|\d\d[- ]\d{3}[- ]\d{4}|\d[*xX]{4}\d{4})"
    rf"{_END}"
)
_LANDLINE = (
    rf"(?:\(0|0{_STARTS}(?<!\d\.0))\d{{2,3}}\)?[- ]{{0,4}}(?:0\d{{2,3}}\)?[- ]{{0,4}})?"
    rf"\d{{3,4}}[- ]?\d{{4}}{_END}{_MORE}"
)
_DATE = r"20\d\d(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])"
_LABELLED = (
    r"(?:电话|手机|致电|联系|座机|传真|拨打|号码|来电|[Tt][Ee][Ll])[^\d\n]{0,8}"
    rf"(?P<n>(?!{_DATE}|20\d\d[- ]20){_LOCAL}(?![元万块]){_MORE})"
)
_BIRTHDAY = r"(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
_PERSON_ID = (
    rf"[1-9]{_STARTS}\d{{5}}(?:[- ]?(?:18|19|20)\d\d{_BIRTHDAY}[- ]?\d{{3}}[\dXx](?!\d)"
    rf"|\d\d{_BIRTHDAY}\d{{3}}(?!\d)|\d{{0,11}}\*{{2,12}}[\dXx]{{0,4}})"
)
_BANK_CARD = (
    rf"\d{_STARTS}(?:\d{{15,}}+(?![Xx])"
    r"|(?<=[3-69])\d{3}(?:[- ]\d{4}){3}(?:[- ]?\d{1,3})?(?!\d))"
)
_QQ = r"(?i:QQ|扣扣)(?:号码?|群号?)?[: 是为]{0,3}(?P<n>\d{5,11})(?!\d)"
_WECHAT = (
    r"(?i:微信|wechat|weixin)(?:号码?|[账帐]号|(?i:ID))?"
    r"(?:(?<=号)|(?<=[Dd])|[: 是为]|(?=[A-Za-z]))[: 是为]{0,3}"
    r"(?P<n>[A-Za-z][A-Za-z0-9_-]{5,19}|\d{6,11})(?![A-Za-z0-9_-])"
)
_EMAIL = r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]++@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,4}"

_GAP = r"[ .·_*/-]{0,2}"
_SPACED = rf"1{_STARTS}{_GAP}[3-9](?:{_GAP}\d){{9}}(?!\d)"
"""A mobile's digits with something between them, so that no rule should see them."""
_SPOKEN = r"[一幺壹][三四五六七八九叁肆伍陆柒捌玖][零〇一幺二两三四五六七八九壹贰叁肆伍陆柒捌玖]{9}"
_VEHICLE = (
    r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使][A-HJ-NP-Za-hj-np-z]"
    r"[ ·.-]{0,2}(?=[A-Za-z]{0,5}\d)[A-HJ-NP-Za-hj-np-z\d]{4,6}[挂学警港澳领]?"
    r"(?![A-Za-z\d])"
)

# ── homes: from the room upwards; a building or a house number alone is where the fault is ───

_N = r"[A-Za-z\d零〇一二三四五六七八九十百][\d零〇一二三四五六七八九十百]{0,5}"
_ROOM = rf"(?:{_N}(?:室|号房|房(?!屋|子|间)|号)|\d{{3,4}}(?![\d年元万米平人户个多余吨.m㎡]))"
_FLOOR = rf"(?:{_N}[楼层][, ]?)?"
_HOUSE = (
    rf"{_N}(?:(?:号楼|栋|幢|座)[, -]?(?:{_N}单元[, -]?)?{_FLOOR}{_ROOM}"
    rf"|单元[, -]?{_FLOOR}{_ROOM}"
    rf"|号(?:{_FLOOR}{_N}(?:室|房(?!屋|子|间))|附{_N}号?)"
    rf"|(?:村民小?组|组)[, ]?{_N}号(?:附{_N}号?)?)"
)
_DOOR = rf"\d{_STARTS}(?<!-\d)\d{{0,2}}[#-](?:\d{{1,3}}-)?\d{{3,4}}(?:室|房)"
_PLATE = r"门牌号?码?[: 是为]{0,3}\d{1,5}(?:-\d{1,4}){0,3}号?(?!\d)"

# ── names ────────────────────────────────────────────────────────────────────────────────────

_DOUBLE = (
    "欧阳|上官|司马|诸葛|皇甫|司徒|东方|尉迟|公孙|慕容|令狐|长孙|宇文|夏侯|轩辕|端木|南宫|西门|"
    "独孤|钟离|呼延|申屠|公羊|澹台|淳于|单于|太叔|仲孙|闾丘|东郭|百里"
)
_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗郑梁谢宋唐许韩冯邓曹彭肖田董袁潘蒋蔡余杜叶程苏魏吕丁任"
    "沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫"
    "孔汤温康施樊葛邢齐乔伍庞颜倪庄聂章鲁岳翟殷詹耿焦俞左柳甘祝宁尚舒阮柯纪梅童凌毕裴霍涂苗谷"
    "翁冉骆蓝辛靳柴蒙鲍华喻祁蒲滕屈饶牟艾尤穆司卓古吉缪简芦麦褚娄窦戚岑宫费卜席卫柏宗瞿桂佟臧"
    "闵苟邬卞姬仇栾隋刁荣巫寇桑郎甄仲虞敖巩佘麻苑邝匡鞠荆冀郁胥栗燕鄢谌奚粟冼蔺郜阚屠晏廉闻沙"
)
_WORDY = (
    "高方曾文于向常安易成白关包符季盛曲路游管房解阳时农车项连景党冷米全应边和商查迟官谈乐南班储"
    "原楚劳皮楼盘满厉区海花权强帅豆朴盖练井漆巴丰支代欧单申明卿闭池师丛"
)
"""Surnames that are ordinary words as well: trusted only where a name must stand."""

_HAN = "[㐀-鿿𠀀-𱍏]"
_BREAK = (
    "家住|家在|现住|住在|现年|今年|电话|联系|手机|身份|性别|先生|女士|同志|老师|主任|科长|书记|经理"
)
_GIVEN = (
    rf"(?!{_BREAK}|[是的了们在我你您他她它]){_HAN}"
    rf"(?:(?!{_BREAK}|[是的了们在我你您他她它系男女住和与及等于因]){_HAN})?"
)
_ANY_NAME = (
    rf"(?:{_HAN}{{1,6}}(?:[·•]{_HAN}{{1,8}}){{1,3}}|(?:{_DOUBLE}|[{_SURNAMES}{_WORDY}]){_GIVEN})"
)
_SURE_NAME = rf"(?:{_DOUBLE}|[{_SURNAMES}]){_GIVEN}"
_STOP = rf"(?=[^㐀-鿿A-Za-z]|$|男|女|系|是|等|住|{_BREAK})"
_NOT_TAIL = "(?<![人镇村县市区省社组户者员队街路])"
_PERSON = "联系人|投诉人|反映人|举报人|申请人|当事人|报案人|来信人|信访人|户主"
_FIELDS = "|".join(f"{field}[:是为叫 ]{{1,3}}" for field in ("姓名", *_PERSON.split("|")))
_CALLED = rf"(?:我叫|名叫|我的名字[叫是]?|{_FIELDS})[“\"]?(?P<n>{_ANY_NAME})"
_MEMBER = (
    rf"(?:我是|我系|本人[是系叫]?|叫|村民|居民|业主|{_PERSON}|父亲|母亲|儿子|女儿|丈夫|妻子|老公|老婆"
    rf"|敬礼[!！.。, \n]{{1,6}})(?P<n>{_SURE_NAME}){_NOT_TAIL}{_STOP}"
)
_TITLED = rf"(?:(?<!{_HAN})|(?<=[的由向给找]))(?P<n>{_SURE_NAME})(?=先生|女士|小姐)"
_FAMILY = rf"[{_SURNAMES}高曾文易白欧阳](?=先生|女士|小姐)"
_NOBODY = frozenset(
    {"匿名", "群众", "网友", "居民", "村民", "市民", "业主", "先生", "女士", "网格员"}
    | {"热心市民", "热心群众", "热心网友", "微信用户"}
)
"""What stands in a name field when nobody gave a name."""

_DIGITS = r"\d\d\d[- ]{0,2}[\d*]{4}"
_TABLE = (
    (IDENTITY, _DIGITS, (_PERSON_ID,)),
    (CARD, _DIGITS, (_BANK_CARD,)),
    (PHONE, _DIGITS, (_MOBILE, _LANDLINE, _LABELLED)),
    (PHONE, r"1[ .·_*/-]{0,2}[3-9]", (_SPACED,)),
    (PHONE, "[一幺壹]", (_SPOKEN,)),
    (VEHICLE, "[A-Za-z]", (_VEHICLE,)),
    (ACCOUNT, "[QqWw扣微]", (_QQ, _WECHAT)),
    (MAIL, "@", (_EMAIL,)),
    (HOME, "[室房号栋幢座元]", (_HOUSE,)),
    (HOME, "", (_DOOR, _PLATE)),
    (NAME, "", (_CALLED, _MEMBER)),
    (NAME, "先生|女士|小姐", (_TITLED, _FAMILY)),
)
"""Mark, what a text must hold to be looked at closely (cheap to find), and what is covered."""

_PATTERNS = tuple(
    (mark, re.compile(needs), re.compile(pattern), "n" if "(?P<n>" in pattern else 0)
    for mark, needs, patterns in _TABLE
    for pattern in patterns
)
"""The last column is the group that is covered: the cue before a name or a number stays."""

Span = tuple[int, int, str]


def mask(text: str, names: Iterable[str] = (), keep: Container[str] = frozenset()) -> str:
    """`text` with personal data as marks. ``mask(mask(x)) == mask(x)``.

    `names` are masked wherever they stand. `keep` holds codes to leave alone: a grid's code has
    fifteen digits, as an old identity number has.
    """
    known = _forms(names)
    while (masked := _once(text, known, keep)) != text:
        # A mark may complete a pattern at its left edge (a name now ends there), so look again:
        # marks of different kinds border on each other two or three deep, never more.
        text = masked
    return text


def without_marks(text: str) -> str:
    """`text` with its marks as blanks: their words are ours and say nothing about the matter."""
    return _MARK.sub(" ", text)


def _once(text: str, known: frozenset[str], keep: Container[str]) -> str:
    pieces = _MARK.split(text)  # text, mark, text, mark, …, text
    pieces[::2] = [_mask_piece(piece, known, keep) if piece else "" for piece in pieces[::2]]
    return "".join(pieces)


def _mask_piece(piece: str, known: frozenset[str], keep: Container[str]) -> str:
    out, at = [], 0
    # The sort is stable: of two spans alike, the earlier row of the table names the mark.
    for start, end, mark in _merged(sorted(_spans(piece, known, keep), key=itemgetter(0))):
        out += [piece[at:start], mark]
        at = end
    return "".join([*out, piece[at:]])


def _spans(piece: str, known: frozenset[str], keep: Container[str]) -> Iterator[Span]:
    folded = _folded(piece)
    for mark, needs, pattern, group in _PATTERNS:
        if not needs.search(folded):
            continue
        for match in pattern.finditer(folded):
            if match[group] not in keep:
                yield (*match.span(group), mark)
    for form in known:
        yield from _places(form, folded)


def _folded(text: str) -> str:
    """Full-width forms as their plain ones, one character for one, so that places stay the same."""
    for wide, plain in _PLAIN:  # seven times as fast as translating, and most texts need no more
        text = text.replace(wide, plain)
    return text.translate(_FOLD) if _WIDE.search(text) else text


def _merged(spans: Iterable[Span]) -> Iterator[Span]:
    """Spans that overlap become one, under the mark of the first."""
    current: Span | None = None
    for start, end, mark in spans:
        if current and start < current[1]:
            current = (current[0], max(end, current[1]), current[2])
            continue
        if current:
            yield current
        current = (start, end, mark)
    if current:
        yield current


def _forms(names: Iterable[str]) -> frozenset[str]:
    """How the names may be written: as they are, or spaced out (王 小明, 王 小 明)."""
    known = {_folded(name).strip() for name in names} - _NOBODY
    real = {name for name in known if sum(map(str.isalpha, name)) >= 2}
    spaced = {f"{name[0]} {name[1:]}" for name in real} | {" ".join(name) for name in real}
    return frozenset(real | spaced)


def _places(form: str, folded: str) -> Iterator[Span]:
    """Wherever `form` stands, unless Latin letters run on: Ann is not in cannon."""
    end = 0
    while (start := folded.find(form, end)) >= 0:
        end = start + len(form)
        if not (
            _runs_on(folded[max(start - 1, 0) : start + 1]) or _runs_on(folded[end - 1 : end + 1])
        ):
            yield start, end, NAME


def _runs_on(pair: str) -> bool:
    return len(pair) == 2 and pair.isascii() and pair.isalpha()
