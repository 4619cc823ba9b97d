/**
 * The style sheet, served as `/assets/style.css`. The colours are a signal box's: cream boards, signal green, lamps.
 * All text meets WCAG AA on its ground, in both schemes.
 */
export const style = `
:root {
  color-scheme: light dark;
  --ground: #f5f2ea; --card: #fffdf8; --ink: #1c2420; --quiet: #56605a; --edge: #ddd7c8; --link: #17573c;
  --board: #1f4033; --board-ink: #f6f0df; --board-edge: #b9a36a;
  --chip: #efeadd; --bell: #fff4dc; --bell-edge: #c98a1b;
  --idle: #56605a; --busy: #1b568a; --caution: #815000; --clear: #1a6638; --danger: #a3241a;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #121715; --card: #1a211e; --ink: #e8e5da; --quiet: #a3ada7; --edge: #303a35; --link: #8fd4af;
    --board: #17342a; --board-ink: #f2ecd9; --board-edge: #8d7c4c;
    --chip: #26302b; --bell: #2b2413; --bell-edge: #b98324;
    --idle: #a9b3ad; --busy: #8cc3f2; --caution: #efba5f; --clear: #7fd39b; --danger: #ff9d92;
  }
}
*, *::before, *::after { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "Helvetica Neue", "Liberation Sans", Arial, sans-serif;
  overflow-wrap: anywhere; }
a { color: var(--link); text-underline-offset: .18em; text-decoration-thickness: from-font;
  text-decoration-color: color-mix(in srgb, currentColor 45%, transparent); }
a:hover { text-decoration-thickness: 2px; text-decoration-color: currentColor; }
:focus-visible { outline: 3px solid var(--bell-edge); outline-offset: 2px; border-radius: 3px; }
main:focus { outline: none; }
code { font: .875em/1.4 ui-monospace, "SF Mono", "DejaVu Sans Mono", Menlo, Consolas, monospace; }
ul, ol, dl, dd, p { margin: 0; }
.skip { position: absolute; left: -99rem; }
.skip:focus { left: 1rem; top: 1rem; z-index: 1; background: var(--card); padding: .5rem 1rem; }

header { background: var(--board); color: var(--board-ink); border-bottom: 3px solid var(--board-edge);
  display: flex; flex-wrap: wrap; align-items: center; gap: .4rem 1.4rem; padding: .7rem max(1rem, calc(50% - 37rem)); }
header a { color: inherit; }
.nameboard { font: 600 1.02rem/1 "Gill Sans", "Gill Sans MT", Cabin, Carlito, system-ui, sans-serif;
  letter-spacing: .17em; text-transform: uppercase; text-decoration: none;
  border: 1.5px solid var(--board-edge); border-radius: 4px; padding: .45rem .55rem .45rem .7rem; }
header nav { display: flex; gap: 1.1rem; }
#live { margin-left: auto; font-size: .87rem; }
#live[data-state]::before { content: ""; display: inline-block; width: .6em; height: .6em; margin-right: .5em;
  border: 2px solid currentColor; border-radius: 50%; }
#live[data-state="on"]::before { background: #7fe0a0; border-color: #7fe0a0; }
main, footer { max-width: 76rem; margin: 0 auto; padding: 1.4rem 1rem; }
footer { color: var(--quiet); font-size: .87rem; padding-top: 0; }

h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 .9rem; font-weight: 650; letter-spacing: -.01em; }
h2 { font-size: 1.06rem; line-height: 1.3; margin: 0 0 .6rem; font-weight: 650; }
.lead { color: var(--quiet); margin: -.5rem 0 1.2rem; }
.line { font-weight: 500; font-size: .8em; color: var(--quiet); white-space: nowrap; }
.line::before { content: ""; display: inline-block; width: 1.5em; height: .42em; margin: 0 .45em .12em .1em;
  border: solid currentColor; border-width: 2px 0; }
section { margin-top: 1.9rem; }
.quiet { color: var(--quiet); }
.quiet time { white-space: nowrap; }
.empty { background: var(--card); border: 1px dashed var(--edge); border-radius: 8px; padding: .9rem 1.1rem;
  color: var(--quiet); }
.empty strong { color: var(--ink); }
.empty ol { margin-top: .4rem; padding-left: 1.3rem; }

.figures { display: flex; flex-wrap: wrap; gap: .3rem 1.7rem; }
.figures div { display: flex; flex-direction: row-reverse; gap: .4rem; align-items: baseline; justify-content: flex-end; }
.figures dt { color: var(--quiet); }
.figures dd { font-weight: 650; font-variant-numeric: tabular-nums; }
.figures .at { flex-direction: row; }

.bell { background: var(--bell); border: 1px solid var(--bell-edge); border-left-width: 5px; border-radius: 8px;
  padding: .8rem 1.1rem; margin-top: 1.2rem; }
.bell h2 { display: flex; gap: .45rem; align-items: center; margin-bottom: .35rem; }
.bell ul { padding: 0; list-style: none; }
.bell li { padding: .18rem 0; }

table { width: 100%; border-collapse: separate; border-spacing: 0; background: var(--card);
  border: 1px solid var(--edge); border-radius: 8px; }
caption { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
th, td { text-align: left; vertical-align: top; padding: .6rem .75rem; border-top: 1px solid var(--edge); font-weight: 400; }
thead th { border-top: 0; padding-block: .5rem; font-size: .8rem; font-weight: 600; color: var(--quiet); white-space: nowrap; }
th:first-child, td:first-child { padding-left: 1rem; }
td.narrow { white-space: nowrap; }
td.narrow .under { white-space: normal; }
.plan tbody th { width: 27%; }
.plan td.wide { width: 24%; } .plan td.paths-cell { width: 19%; }
.title { font-weight: 600; }
.number { font-variant-numeric: tabular-nums; font-weight: 500; color: var(--quiet); }
.under { display: block; font-size: .87rem; color: var(--quiet); }
.under a { color: inherit; }
.past { background: color-mix(in srgb, var(--ground) 55%, transparent); }
.past .title { font-weight: 500; }
.waits, .paths { list-style: none; padding: 0; }
.waits li + li { margin-top: .3rem; }
.paths li { line-height: 1.45; }
.paths code, .command, .empty code, .bell p code { background: var(--chip); border-radius: 4px; padding: .08em .38em; }
.command { white-space: nowrap; border: 1px solid var(--edge); }
.lamp { display: inline-flex; align-items: baseline; gap: .4rem; font-weight: 600; white-space: nowrap; }
.lamp svg { flex: none; align-self: center; }
td .lamp + .quiet { display: block; padding-left: 1.4rem; font-size: .87rem; }
.idle, .off { color: var(--idle); } .busy { color: var(--busy); } .caution { color: var(--caution); }
.clear { color: var(--clear); } .danger { color: var(--danger); }

.terminus { display: inline-block; background: var(--board); color: var(--board-ink); border-radius: 5px;
  padding: .12rem .7rem; margin: 0 0 .5rem .55rem; font-weight: 600; font-size: .9rem; position: relative; }
.terminus::after { content: ""; position: absolute; left: 1.05rem; top: 100%; height: .55rem; width: 8px;
  border: solid var(--quiet); border-width: 0 2px; }
.track td:first-child { position: relative; width: 3.6rem; }
.track td:first-child::before { content: ""; position: absolute; left: 1.6rem; top: -1px; bottom: 0; width: 8px;
  border: solid var(--edge); border-width: 0 2px; }
.track tr:last-child td:first-child::before { bottom: calc(100% - 1.4rem); }
.stop { position: relative; display: inline-grid; place-items: center; width: 1.7rem; height: 1.7rem;
  margin-left: -.06rem; border-radius: 50%; background: var(--card); border: 2px solid var(--ink);
  font-weight: 650; font-variant-numeric: tabular-nums; }

.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 0 1.4rem; align-items: start; }
.pair > * { min-width: 0; }
.lanes { list-style: none; padding: 0; display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(min(30rem, 100%), 1fr)); }
.lane { background: var(--card); border: 1px solid var(--edge); border-top: 4px solid var(--board); border-radius: 8px;
  padding: .95rem 1.15rem; }
.lane p { margin-top: .5rem; }

@media (max-width: 54rem) {
  .pair { grid-template-columns: 1fr; }
  .cards, .cards tbody, .cards tr, .cards th, .cards td { display: block; width: auto; }
  .cards { background: none; border: 0; }
  .cards thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .cards tr { background: var(--card); border: 1px solid var(--edge); border-radius: 8px; padding: .5rem 0; margin-bottom: .7rem; }
  .cards tbody th, .cards td { border: 0; padding: .25rem .9rem; width: auto; }
  .cards td { display: grid; grid-template-columns: 6.4rem 1fr; gap: .6rem; white-space: normal; }
  .cards td > div { min-width: 0; }
  .cards td::before { content: attr(data-label); color: var(--quiet); font-size: .87rem; }
  .plan tbody th, .plan td.wide, .plan td.paths-cell { width: auto; }
  td .lamp + .quiet { display: inline; padding-left: .3rem; }
  .track td:first-child, .track tr:last-child td:first-child { width: auto; }
  .track td:first-child::before { content: attr(data-label); position: static; border: 0; width: auto; }
  .terminus::after { display: none; }
  .terminus { margin-left: 0; }
}
@media (max-width: 28rem) {
  header { gap: .4rem .8rem; }
  header nav { gap: .8rem; }
  .nameboard { letter-spacing: .08em; }
}
@media (forced-colors: active) { .stop { border-color: CanvasText; } .lamp { color: CanvasText; } }
`;
