"""The style of the public page, in the page itself: it asks no other host for anything.

On a narrow screen each row of a table becomes a card, its cells labelled by `data-label`.
"""

from __future__ import annotations

STYLE = """
:root {
  color-scheme: light dark;
  --ink: #1c2733; --soft: #5b6b7a; --line: #d9e0e6;
  --paper: #fff; --band: #f4f7f9; --link: #0b5cad;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #e4e9ee; --soft: #9aa8b5; --line: #33404c;
    --paper: #151c23; --band: #1d262f; --link: #7cb8f2;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 1.5rem 1rem 4rem; max-width: 90rem;
  font: 16px/1.5 system-ui, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif;
  color: var(--ink); background: var(--paper);
}
h1 { font-size: 1.6rem; margin: 0; }
h2 { font-size: 1.2rem; margin: 2.5rem 0 .5rem; }
[lang=en], .soft { color: var(--soft); font-weight: normal; font-size: .85em; }
a { color: var(--link); text-decoration: none; }
a:hover, a:focus-visible { text-decoration: underline; }
.figures { display: grid; gap: .75rem; padding: 0;
  grid-template-columns: repeat(auto-fill, minmax(11rem, 1fr)); }
.figures > div { padding: .6rem .8rem; border: 1px solid var(--line); border-radius: .5rem; }
.figures dt > span { display: block; }
.figures dd { margin: .2rem 0 0; font-size: 1.15rem; }
dd small, td small { color: var(--soft); font-size: .8rem; white-space: nowrap; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--soft); font-size: .85rem; padding: .3rem 0; }
th, td { padding: .4rem .6rem; border-bottom: 1px solid var(--line); text-align: right;
  vertical-align: top; }
td > *, thead th > span { display: block; }
thead th { background: var(--band); font-size: .9rem; vertical-align: bottom; }
.name { text-align: left; min-width: 9rem; position: sticky; left: 0; background: var(--paper); }
thead .name { background: var(--band); }
details { margin-top: 1rem; }
dl.words dt { font-weight: 600; margin-top: .7rem; }
dl.words dd { margin: 0; }
@media (max-width: 720px) {
  thead { display: none; }
  table, tbody, tr, td, th.name { display: block; width: auto; }
  tr { border: 1px solid var(--line); border-radius: .5rem; margin: .75rem 0; padding: .3rem 0; }
  .name { position: static; font-size: 1.05rem; border: 0; }
  td { display: flex; justify-content: space-between; gap: 1rem; border: 0; padding: .2rem .6rem; }
  td::before { content: attr(data-label); color: var(--soft); }
  td > * { display: inline; margin-left: .5rem; }
}
@media print { a { color: inherit; } details { display: block; } }
"""
