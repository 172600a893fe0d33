/** The console's stylesheet. */
export const STYLESHEET = `:root {
  color-scheme: light dark;
  --page: #f5f6f8; --panel: #fff; --text: #1b2430; --muted: #566173; --line: #dde1e7; --soft: #eef0f4;
  --link: #0a58a8; --focus: #2f81f7; --good: #12693d; --good-soft: #dcf3e5; --warn: #8a4b00; --warn-soft: #fdeed6;
  --bad: #b01c1c; --bad-soft: #fde4e2; --info: #0a58a8; --info-soft: #e1eefb;
  --edge: #8590a0; --inserted: #17804a; --stored: #0f766e; --updated: #2f6fde; --unchanged: #8590a0; --deleted: #7c4ddb;
  --duplicates: #0891a5; --skipped: #a67b0b; --rejected: #e0620d; --failed: #c92a2a; --bar: #3d78d6; --bar-soft: #b7cdf1;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0f1319; --panel: #171c24; --text: #e3e8ef; --muted: #98a4b5; --line: #2a323e; --soft: #1f2630;
    --link: #79b4f7; --focus: #58a6ff; --good: #6fd39b; --good-soft: #12321f; --warn: #f0b25a; --warn-soft: #3a2a10;
    --bad: #ff9a92; --bad-soft: #421a1a; --info: #79b4f7; --info-soft: #142a44;
    --edge: #667386; --inserted: #3fb573; --stored: #2cb5a8; --updated: #6a9ff5; --unchanged: #7d8899; --deleted: #a98af0;
    --duplicates: #35b7ca; --skipped: #cfa32e; --rejected: #f5883f; --failed: #ee6a63; --bar: #6a9ff5; --bar-soft: #34507f;
  }
}
* { box-sizing: border-box; }
html { font-size: 87.5%; -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--page); color: var(--text); font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", sans-serif;
  overflow-wrap: break-word;
}
a { color: var(--link); text-decoration-thickness: 1px; text-underline-offset: 2px; }
a:hover { text-decoration-thickness: 2px; }
:focus-visible { outline: 2px solid var(--focus); outline-offset: 2px; border-radius: 3px; }
code, pre, kbd { font-family: ui-monospace, "SF Mono", Menlo, Consolas, monospace; font-size: .93em; }
h1 { margin: 0 0 1rem; font-size: 1.45rem; line-height: 1.25; font-weight: 650; }
h2 { margin: 0 0 .6rem; font-size: 1rem; font-weight: 650; }
h3 { margin: 1rem 0 .4rem; font-size: .95rem; font-weight: 650; }
p { margin: 0 0 .6rem; }
ul, ol { margin: 0 0 .6rem; padding-left: 1.2rem; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.skip { position: absolute; left: .5rem; top: -4rem; padding: .4rem .8rem; background: var(--panel); z-index: 2; }
.skip:focus { top: .5rem; }

body > header {
  display: flex; flex-wrap: wrap; align-items: center; gap: .2rem 1.5rem; padding: .55rem 1.25rem;
  background: var(--panel); border-bottom: 1px solid var(--line);
}
.brand { margin: 0; font-weight: 700; }
.brand a { color: inherit; text-decoration: none; }
nav ul { display: flex; flex-wrap: wrap; gap: .15rem .3rem; margin: 0; padding: 0; list-style: none; }
body > header nav a { display: block; padding: .35rem .6rem; border-radius: 6px; color: var(--muted); text-decoration: none; }
body > header nav a:hover { background: var(--soft); color: var(--text); }
body > header nav a[aria-current] { background: var(--soft); color: var(--text); font-weight: 600; }
main { max-width: 1360px; margin: 0 auto; padding: 1.25rem; }
main:focus { outline: none; }
body > footer { max-width: 1360px; margin: 0 auto; padding: 0 1.25rem 1.5rem; color: var(--muted); font-size: .89rem; }

.panel { margin: 0 0 1rem; padding: .9rem 1rem; background: var(--panel); border: 1px solid var(--line); border-radius: 8px; }
.panel > :last-child { margin-bottom: 0; }
.columns > .plot { margin-bottom: 1rem; }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 30rem), 1fr)); gap: 0 1rem; align-items: start; }
.columns.three { grid-template-columns: repeat(auto-fit, minmax(min(100%, 21rem), 1fr)); }
.nothing, .none, .unit, .note { color: var(--muted); }
.choices { margin: 0 0 .9rem; }
.choices ul { display: inline-flex; padding: 2px; background: var(--soft); border: 1px solid var(--line); border-radius: 7px; }
.choices a { display: block; padding: .2rem .7rem; border: 1px solid transparent; border-radius: 5px; color: var(--muted); text-decoration: none; }
.choices a:hover { color: var(--text); }
.choices a[aria-current] { background: var(--panel); color: var(--text); font-weight: 600; border-color: var(--line); }

.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(10.5rem, 1fr)); gap: .75rem; margin: 0 0 1rem; padding: 0; list-style: none; }
.tile, .tile > a { display: flex; flex-direction: column; }
.tile { background: var(--panel); border: 1px solid var(--line); border-radius: 8px; }
.tile:not(:has(a)), .tile > a { padding: .7rem 1rem; }
.tile > a { flex: 1; color: inherit; text-decoration: none; }
.tile > a:hover .name { text-decoration: underline; }
.tile .name { color: var(--muted); font-size: .89rem; }
.tile strong { font-size: 1.7rem; line-height: 1.25; font-weight: 620; font-variant-numeric: tabular-nums; letter-spacing: -.01em; }
.tile .note { font-size: .89rem; }
.tile.warn strong, b.warn { color: var(--warn); }
.tile.bad strong, b.bad { color: var(--bad); }

.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 21rem), 1fr)); gap: .75rem; margin: 0 0 1rem; }
.plot { margin: 0; padding: .7rem .8rem .5rem; background: var(--panel); border: 1px solid var(--line); border-radius: 8px; min-width: 0; }
.plot figcaption { font-weight: 600; }
.plot .unit { font-weight: 400; font-size: .89rem; }
.plot > svg { display: block; width: 100%; height: auto; margin: .3rem 0; }
.plot text { fill: var(--muted); font-size: 11px; font-variant-numeric: tabular-nums; }
.plot .values text { text-anchor: end; }
.plot .times text, .plot .empty { text-anchor: middle; }
.plot .times .first { text-anchor: start; }
.plot .times .last { text-anchor: end; }
.plot .empty { font-size: 13px; }
.plot .grid line { stroke: var(--line); }
.plot .axis { stroke: var(--muted); }
.plot .marks rect:hover { opacity: .75; }
.outcome-inserted { fill: var(--inserted); } .outcome-stored { fill: var(--stored); } .outcome-updated { fill: var(--updated); }
.outcome-unchanged { fill: var(--unchanged); } .outcome-deleted { fill: var(--deleted); } .outcome-skipped { fill: var(--skipped); }
.outcome-duplicates { fill: var(--duplicates); } .outcome-rejected { fill: var(--rejected); } .outcome-failed { fill: var(--failed); }
.batch { shape-rendering: crispEdges; }
.rate, .average, .batch { fill: var(--bar); } .longest { fill: var(--bar-soft); } .batch.later { fill: var(--rejected); }
.legend { display: flex; flex-wrap: wrap; gap: .1rem .8rem; margin: 0 0 .3rem; padding: 0; list-style: none; font-size: .89rem; }
.legend .key { width: .65rem; height: .65rem; margin-right: .35rem; }
.plot details { font-size: .95rem; }
summary { color: var(--muted); cursor: pointer; width: fit-content; }

.scroll { overflow-x: auto; margin: 0 0 .6rem; }
.plot .scroll { max-height: 20rem; overflow: auto; }
table { width: 100%; border-collapse: collapse; font-size: .95rem; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .55rem; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
th:first-child, td:first-child { padding-left: .2rem; }
thead th { color: var(--muted); font-size: .89rem; font-weight: 550; white-space: nowrap; }
tbody th { font-weight: 400; }
tbody tr:last-child > * { border-bottom: 0; }
tbody tr:hover { background: var(--soft); }
.number { text-align: right; white-space: nowrap; }
time { white-space: nowrap; }
.clipped { display: inline-block; max-width: 13rem; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; vertical-align: bottom; }

.badge { display: inline-block; padding: 0 .5rem; border-radius: 99px; background: var(--soft); color: var(--muted); font-size: .89rem; font-weight: 550; white-space: nowrap; }
.badge.completed, .badge.good { background: var(--good-soft); color: var(--good); }
.badge.running, .badge.environment { background: var(--info-soft); color: var(--info); }
.badge.interrupted, .badge.warn { background: var(--warn-soft); color: var(--warn); }
.badge.failed, .badge.bad { background: var(--bad-soft); color: var(--bad); }
.message { padding: .5rem .8rem; border-left: 3px solid var(--warn); border-radius: 4px; background: var(--warn-soft); }
.message.error { border-color: var(--bad); background: var(--bad-soft); }
.message.done { border-color: var(--good); background: var(--good-soft); }
.message > :last-child { margin-bottom: 0; }
div.message { margin: 0 0 1rem; }

.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 17rem), 1fr)); gap: .5rem 1.5rem; margin: 0; }
.facts dt { color: var(--muted); font-size: .89rem; }
.facts dd { margin: 0; overflow-wrap: anywhere; }
form { margin: 0 0 1rem; }
.filter { display: flex; flex-wrap: wrap; align-items: end; gap: .6rem .8rem; padding: .8rem 1rem; background: var(--panel); border: 1px solid var(--line); border-radius: 8px; }
.filter label { display: flex; flex-direction: column; color: var(--muted); font-size: .89rem; }
.filter > a { padding: .35rem 0; }
.filter input, .filter select { height: 2.1rem; }
input, select, textarea, button { font: inherit; color: var(--text); }
input, select, textarea { padding: .3rem .5rem; background: var(--page); border: 1px solid var(--edge); border-radius: 5px; max-width: 100%; }
input:not([type=checkbox], [type=radio]), select { height: 2.1rem; }
input[type=checkbox], input[type=radio] { accent-color: var(--link); width: 1rem; height: 1rem; vertical-align: -2px; }
::placeholder { color: var(--muted); opacity: .8; }
button, .button { display: inline-block; padding: .32rem .9rem; background: var(--link); border: 1px solid var(--link); border-radius: 5px; color: var(--panel); font-weight: 600; text-decoration: none; cursor: pointer; }
button:hover, .button:hover { filter: brightness(1.1); }
button.danger { background: var(--bad); border-color: var(--bad); }
button.plain, .button.plain { background: none; border-color: var(--muted); color: var(--text); font-weight: 500; }
button.small { padding: 0 .5rem; font-size: .89rem; margin-left: .4rem; }
.actions { display: flex; flex-wrap: wrap; gap: .6rem; align-items: center; margin: 0 0 1rem; }
.pager { display: flex; gap: 1rem; margin: .6rem 0 1rem; }
pre { margin: 0 0 .6rem; padding: .7rem .9rem; overflow-x: auto; background: var(--soft); border: 1px solid var(--line); border-radius: 6px; line-height: 1.45; }
pre.record { white-space: pre-wrap; overflow-wrap: anywhere; }
.escape { padding: 0 .1em; border-radius: 2px; background: var(--bad-soft); color: var(--bad); }
mark { padding: 0 .15em; border-radius: 3px; background: var(--warn-soft); color: var(--warn); font-weight: 600; }

@media (max-width: 600px) {
  body > header { padding: .5rem .8rem; }
  body > header nav a { padding: .3rem .42rem; font-size: .95rem; }
  body > header nav ul { gap: 0; }
  main { padding: .9rem .8rem; }
  body > footer { padding: 0 .8rem 1rem; }
  .panel { padding: .7rem .75rem; }
  .tiles { grid-template-columns: 1fr 1fr; gap: .5rem; }
  .tile:not(:has(a)), .tile > a { padding: .5rem .7rem; }
  .tile strong { font-size: 1.35rem; }
  .plot text { font-size: 12px; }
  .filter label { flex: 1 1 40%; }
  .scroll th, .scroll td { white-space: nowrap; }
  .filter input, .filter select { width: 100%; }
}
@media (prefers-reduced-motion: no-preference) { html { scroll-behavior: smooth; } }
@media print {
  :root { --page: #fff; --soft: #fff; }
  body > header nav, .filter, .actions, .pager, .choices, .skip, button { display: none; }
  .panel, .plot, .tile { break-inside: avoid; }
  .scroll { overflow: visible; max-height: none; }
}
`;
