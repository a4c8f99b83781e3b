"""The frame of every page: head, language and period, search, foot. It asks no other host.

A phone comes first: one column, large targets, tables that scroll within themselves. Without
JavaScript everything works; with it, choosing is one tap less.
"""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256

from services.rating.periods import PERIOD, previous
from services.rating.web.parts import LANGS, View, esc

STYLE = """
:root{color-scheme:light dark;--ink:#1c2733;--soft:#51606e;--line:#d4dce3;--paper:#fff;--band:#f3f6f9;
--link:#0b5394;--good:#1b6e3c;--bad:#a3262a}
@media(prefers-color-scheme:dark){:root{--ink:#e6ebf0;--soft:#a9b6c2;--line:#38454f;--paper:#141b21;
--band:#1e272f;--link:#8cc2f7;--good:#7fd1a0;--bad:#f39a9a}}
*{box-sizing:border-box}
body{margin:0 auto;padding:.75rem 1rem 3rem;max-width:72rem;color:var(--ink);background:var(--paper);
font:16px/1.55 system-ui,"PingFang SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif}
a{color:var(--link)}a:focus-visible,button:focus-visible,input:focus-visible,select:focus-visible,
summary:focus-visible,.scroll:focus-visible{outline:3px solid var(--link);outline-offset:2px}
.skip{position:absolute;left:-99em}.skip:focus{left:1rem;top:.5rem;background:var(--paper);padding:.5rem}
header{display:flex;flex-wrap:wrap;gap:.25rem 1rem;align-items:baseline;justify-content:space-between}
header p{margin:0}header .home{font-weight:600;font-size:1.05rem;text-decoration:none;color:var(--ink)}
h1{font-size:1.45rem;margin:.75rem 0 .25rem;line-height:1.3}h2{font-size:1.15rem;margin:2rem 0 .5rem}
.soft,small,caption{color:var(--soft);font-weight:400}
nav ul,.chips{display:flex;flex-wrap:wrap;gap:.25rem .5rem;list-style:none;margin:.5rem 0;padding:0}
nav a,.chips a{display:inline-block;padding:.45rem .7rem;border:1px solid var(--line);
border-radius:.5rem;text-decoration:none}
[aria-current]{background:var(--band);font-weight:600;color:var(--ink)!important}
form{display:flex;flex-wrap:wrap;gap:.5rem;align-items:end;margin:.75rem 0}
label{display:block;font-size:.9rem}input,select,button{font:inherit;color:inherit;padding:.5rem .6rem;
border:1px solid var(--soft);border-radius:.5rem;background:var(--paper);min-height:2.75rem;max-width:100%}
button{background:var(--band);cursor:pointer}form[role=search] input{width:100%}
.figures{display:grid;gap:.5rem;padding:0;margin:.75rem 0;
grid-template-columns:repeat(auto-fill,minmax(9.5rem,1fr))}
@media(min-width:48rem){.figures{grid-template-columns:repeat(4,1fr)}
header nav{margin-left:auto}header .other{order:1}}
@media(min-width:60rem){.beside{display:grid;gap:2rem;grid-template-columns:auto 1fr}}
.figures>div{padding:.5rem .7rem;border:1px solid var(--line);border-radius:.5rem}
.figures dt{font-size:.9rem;color:var(--soft)}.figures dd{margin:0}.figures b{font-size:1.35rem}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
caption{text-align:left;padding:.3rem 0;font-size:.9rem}
th,td{padding:.45rem .5rem;border-bottom:1px solid var(--line);text-align:right;vertical-align:top}
th:first-child,td:first-child,.t{text-align:left}thead th{background:var(--band);font-size:.9rem}
td small{display:block}.n,li small a{white-space:nowrap}th:first-child{min-width:5.5em}th:nth-child(2){min-width:4em}tbody th{font-weight:500}
.up{color:var(--good)}.down{color:var(--bad)}
svg{max-width:100%;height:auto;display:block}svg text{fill:var(--ink);font-size:12px}
.charts{display:grid;gap:1rem;grid-template-columns:repeat(auto-fit,minmax(14rem,1fr))}
figure{margin:0}figcaption{font-size:.9rem;color:var(--soft)}
ol.way{padding-left:1.2rem}ol.way li{margin:.4rem 0}dl.words dt{font-weight:600;margin-top:.8rem}
dl.words dd{margin:0}.note{padding:.6rem .8rem;background:var(--band);border-radius:.5rem}
@media print{nav,form,.skip,.screen{display:none!important}body{max-width:none;padding:0;font-size:11pt}
a{color:inherit;text-decoration:none}thead{display:table-header-group}tr{break-inside:avoid}
@page{size:A4;margin:15mm}}
""".replace("\n", "")
SCRIPT = """
document.querySelectorAll('form[data-now]').forEach(f=>{f.querySelector('button').hidden=true;
f.addEventListener('change',()=>f.submit())});
""".replace("\n", "")
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'self'; "
    f"script-src 'sha256-{b64encode(sha256(SCRIPT.encode()).digest()).decode()}'"
)
"""What a browser may do on these pages: nothing but show them, and run this one script."""
PAGES = (
    ("/", ("公示", "Figures")),
    ("/bulletin", ("通报", "Bulletin")),
    ("/analysis", ("研判", "Analysis")),
    ("/about", ("指标说明", "What is counted")),
)
NAMES = {"zh": "中文", "en": "English"}


def page(view: View, title: str, body: str, *, here: str = "/", **kept: str | None) -> str:
    """A whole page. ``title`` and ``body`` are HTML already; ``kept`` is what the other language's
    link asks for besides the period."""
    lang = "zh-Hans" if view.lang == "zh" else "en"
    return (
        f'<!doctype html>\n<html lang="{lang}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{STYLE}</style></head><body>"
        f'<a class="skip" href="#main">{view.say(("跳到正文", "Skip to the figures"))}</a>'
        f"<header>{_head(view, here, kept)}</header>"
        f'<main id="main"><h1>{title}</h1>{body}</main>'
        f"<footer>{_foot(view)}</footer><script>{SCRIPT}</script></body></html>\n"
    )


def _head(view: View, here: str, kept: dict[str, str | None]) -> str:
    home = view.say(("基层治理办理情况公示", "How residents' cases are handled"))
    other = next(lang for lang in LANGS if lang != view.lang)
    link = view._replace(lang=other).link(here, **kept)
    code = "zh-Hans" if other == "zh" else "en"
    pages = "".join(
        f'<li><a href="{view.link(path)}"{_here(path == here)}>{view.say(words)}</a></li>'
        for path, words in PAGES
    )
    return (
        f'<p><a class="home" href="{view.link("/")}">{home}</a></p>'
        f'<p class="other"><a href="{link}" lang="{code}" hreflang="{code}">{NAMES[other]}</a></p>'
        f'<nav aria-label="{view.say(("栏目", "Pages"))}"><ul>{pages}</ul></nav>'
    )


def _here(yes: bool) -> str:
    return ' aria-current="page"' if yes else ""


def _foot(view: View) -> str:
    said = (
        "每个比率均列出分子、分母和未计入的案件;点击数字可见案件。开放数据:",
        "Each rate names its numerator, its denominator and what was left out; numbers open their "
        "cases. Open data: ",
    )
    api = view.link("/api/scorecards", lang=None)
    csv = view.link("/api/scorecards.csv", lang=None)
    return (
        f'<p class="soft">{view.say(said)}<a href="{api}">JSON</a> · <a href="{csv}">CSV</a> · '
        f'<a href="/api/openapi.json">OpenAPI</a></p>'
    )


def periods(view: View, here: str, present: str, **kept: str | None) -> str:
    """Links to the periods around, as a list."""
    found = PERIOD.fullmatch(view.period)
    assert found is not None, "a page is shown for a period"
    year, months = found["year"], [previous(view.period), view.period, present]
    around = dict.fromkeys([*months, f"{year}-Q{_quarter(view.period)}", year])
    items = "".join(
        f'<li><a href="{view._replace(period=each).link(here, **kept)}"'
        f"{_here(each == view.period)}>{esc(each)}</a></li>"
        for each in around
    )
    return f'<nav aria-label="{view.say(("时段", "Periods"))}"><ul>{items}</ul></nav>'


def _quarter(period: str) -> int:
    found = PERIOD.fullmatch(period)
    assert found is not None, "a page is shown for a period"
    return int(found["quarter"] or (int(found["month"] or 1) + 2) // 3)


def search(view: View, asked: str = "") -> str:
    """The search by case number, for a resident."""
    label = view.say(("查案件办理进度(案件编号或上报编号)", "How far is my case? (its number)"))
    lang = '<input type="hidden" name="lang" value="en">' if view.lang == "en" else ""
    return (
        f'<form role="search" action="/progress"><div><label for="case">{label}</label>'
        f'<input id="case" name="case" required minlength="4" maxlength="200" value="{esc(asked)}" '
        f'autocomplete="off"></div>{lang}<button>{view.say(("查询", "Look up"))}</button></form>'
    )
