/** The style sheet of all pages; the frame puts it into each page and allows it by its hash. */
export const style = `
:root { color-scheme: light dark;
  --ground: #f4f5f8; --card: #fff; --ink: #1b1e27; --quiet: #5a6070; --edge: #dcdfe7; --soft: #eceef4; --link: #33479e;
  --good: #1c6b48; --bad: #ae2a2a; --busy: #8a5a00; --still: #5a6070; --merged: #6a3aa8;
  --plus: #e5f5ec; --minus: #fcebea; --hunk: #eef1fa;
  --l0: #33479e; --l1: #b4552d; --l2: #1d7f74; --l3: #8b3f99; --l4: #7a7216; --l5: #b03a5b; }
@media (prefers-color-scheme: dark) { :root {
  --ground: #14161c; --card: #1c1f27; --ink: #e4e6ec; --quiet: #9ba2b2; --edge: #30343f; --soft: #272b35; --link: #a9b9f7;
  --good: #7fd0a3; --bad: #f59a92; --busy: #e9bd6a; --still: #9ba2b2; --merged: #c8a6f0;
  --plus: #183226; --minus: #3b2224; --hunk: #232838;
  --l0: #91a5f5; --l1: #ec9a75; --l2: #67c9bc; --l3: #cf92dc; --l4: #cbc25f; --l5: #ee8fa9; } }
*, *::before, *::after { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); overflow-wrap: anywhere;
  font: 15px/1.55 system-ui, -apple-system, "Segoe UI", "Helvetica Neue", "Liberation Sans", Arial, sans-serif; }
a { color: var(--link); text-decoration: none; }
a:hover { text-decoration: underline; text-underline-offset: .18em; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; border-radius: 3px; }
code, pre, .sha, .branch, .diff { font-family: ui-monospace, "SF Mono", "DejaVu Sans Mono", Menlo, Consolas, monospace; }
code, .sha, .branch { font-size: .86em; }
p, ul, ol, dl, dd, pre, blockquote { margin: 0; }
summary { cursor: pointer; }
time { white-space: nowrap; }
.quiet { color: var(--quiet); } .small { font-size: .87rem; }
.skip { position: absolute; left: -99rem; } .skip:focus { left: 1rem; top: .5rem; background: var(--card); padding: .3rem .8rem; }

header { background: var(--card); border-bottom: 1px solid var(--edge); }
.bar, nav.tabs, main, footer { max-width: 64rem; margin: 0 auto; padding-inline: 1.1rem; }
.bar { padding-block: .85rem .5rem; display: flex; flex-wrap: wrap; gap: .1rem .6rem; align-items: baseline; }
.bar .mark { color: var(--quiet); font-weight: 600; }
.bar .mark::before { content: ""; display: inline-block; width: 11px; height: 11px; border-radius: 50%;
  border: 3px solid var(--l1); margin-right: .45em; }
.bar .name { font-weight: 650; font-size: 1.05rem; }
nav.tabs { display: flex; gap: 1.5rem; overflow-x: auto; }
nav.tabs a { color: var(--quiet); padding: .35rem 0 .55rem; border-bottom: 3px solid transparent; white-space: nowrap; }
nav.tabs a[aria-current] { color: var(--ink); font-weight: 600; border-color: var(--l1); }
nav.tabs a:hover { text-decoration: none; color: var(--ink); }
main { padding-block: 1.6rem 1rem; }
footer { color: var(--quiet); font-size: .85rem; padding-block: 1rem 2.5rem; }
h1 { font-size: 1.5rem; line-height: 1.3; margin: 0 0 .5rem; font-weight: 650; letter-spacing: -.01em; }
h1 .number { color: var(--quiet); font-weight: 400; }
h2 { font-size: 1.1rem; margin: 0 0 .7rem; font-weight: 650; }
section { margin-top: 2.1rem; }
.count { font-size: .8rem; font-weight: 600; background: var(--soft); color: var(--quiet); border-radius: 9px; padding: .08rem .5rem; }
.facts { display: flex; flex-wrap: wrap; gap: .35rem .7rem; align-items: center; color: var(--quiet); }
.facts + .facts { margin-top: .45rem; }
.state { display: inline-block; border-radius: 4px; padding: .06rem .55rem; font-size: .82rem; font-weight: 650;
  border: 1.5px solid currentColor; white-space: nowrap; }
.state.open { color: var(--good); } .state.closed { color: var(--bad); } .state.draft { color: var(--still); border-style: dashed; }
.state.merged, .state.done { color: var(--merged); }
.label { display: inline-flex; align-items: center; gap: .35rem; background: var(--soft); color: var(--ink);
  border-radius: 4px; padding: .02rem .5rem; font-size: .84rem; vertical-align: baseline; }
.label svg { flex: none; } .label circle { stroke: var(--quiet); stroke-opacity: .55; }
.branch { background: var(--soft); border-radius: 4px; padding: .1rem .4rem; } .branch.gone { color: var(--quiet); text-decoration: line-through; }
.who { font-weight: 600; color: var(--ink); } .bot { font-weight: 500; font-size: .74rem; color: var(--quiet);
  border: 1px solid var(--edge); border-radius: 4px; padding: 0 .3rem; }
.jump { display: flex; flex-wrap: wrap; gap: .2rem 1.3rem; margin-top: .9rem; }

.list { list-style: none; padding: 0; background: var(--card); border: 1px solid var(--edge); border-radius: 8px; }
.list > li { padding: .7rem 1rem; } .list > li + li { border-top: 1px solid var(--edge); }
.list .commit { padding: 0; } .list .title { font-weight: 600; margin-right: .3rem; }
.row { display: grid; grid-template-columns: 5.9rem 1fr; gap: .2rem .8rem; align-items: start; }
.row .under { font-size: .87rem; color: var(--quiet); }
.filters { display: flex; gap: 1.1rem; margin: 0 0 .8rem; } .filters [aria-current] { color: var(--ink); font-weight: 600; }
.empty { background: var(--card); border: 1px dashed var(--edge); border-radius: 8px; padding: 1rem 1.1rem; color: var(--quiet); }

.card { background: var(--card); border: 1px solid var(--edge); border-radius: 8px; }
.card > .head { padding: .5rem 1rem; border-bottom: 1px solid var(--edge); font-size: .9rem; color: var(--quiet);
  display: flex; flex-wrap: wrap; gap: .1rem .6rem; align-items: baseline; }
.card > .head > :last-child:not(:only-child) { margin-left: auto; }
.card > .body { padding: .85rem 1rem; }
.story { list-style: none; padding: 0; margin-top: 1.2rem; }
.story > li + li { margin-top: .9rem; }
.story > .event { color: var(--quiet); font-size: .91rem; padding-left: 1.75rem; position: relative; }
.story > .event + .event { margin-top: .35rem; }
.story > .event::before { content: ""; position: absolute; left: .55rem; top: .5em; width: .5rem; height: .5rem;
  border-radius: 50%; background: var(--edge); box-shadow: 0 0 0 2px var(--quiet) inset; }
.reactions { display: flex; flex-wrap: wrap; gap: .4rem; margin-top: .7rem; font-size: .87rem; }
.reactions svg { vertical-align: -.18em; fill: none; stroke: currentColor; stroke-width: 1.4; stroke-linecap: round; stroke-linejoin: round; }
.reactions > span { border: 1px solid var(--edge); border-radius: 12px; padding: .02rem .55rem; }

.md > * + *, .md li > * + p, .md blockquote > * + *, .md details > * + * { margin-top: .7rem; }
.md h3, .md h4, .md h5 { line-height: 1.3; margin: 0; font-weight: 650; }
.md > * + h3, .md > * + h4, .md > * + h5 { margin-top: 1.15rem; }
.md .h1 { font-size: 1.3rem; } .md .h2 { font-size: 1.12rem; } .md h5 { font-size: 1rem; }
.md ul, .md ol { padding-left: 1.5rem; } .md ul { list-style-type: disc; } .md ul ul { list-style-type: circle; } .md li + li { margin-top: .15rem; }
.md .task { list-style: none; } .md .box { display: inline-block; width: 1.3rem; margin-left: -1.3rem; color: var(--quiet); }
.md code { background: var(--soft); border-radius: 4px; padding: .1em .35em; }
.md pre { background: var(--soft); border-radius: 6px; padding: .7rem .85rem; overflow-x: auto; font-size: .84rem; line-height: 1.5; overflow-wrap: normal; }
.md pre code { background: none; padding: 0; font-size: 1em; }
.md blockquote { border-left: 3px solid var(--edge); padding-left: .9rem; color: var(--quiet); }
.md blockquote.alert { color: inherit; border-color: var(--link); }
.md .alert-title { font-weight: 650; text-transform: capitalize; color: var(--link); }
.md .warning { border-color: var(--busy); } .md .warning .alert-title { color: var(--busy); }
.md .caution { border-color: var(--bad); } .md .caution .alert-title { color: var(--bad); }
.md .alert > .alert-title + p { margin-top: .2rem; }
.md hr { border: 0; border-top: 1px solid var(--edge); margin-block: 1rem; }
.md .scroll { overflow-x: auto; }
.md table { border-collapse: collapse; font-size: .93em; }
.md th, .md td { border: 1px solid var(--edge); padding: .32rem .65rem; text-align: left; vertical-align: top;
  overflow-wrap: break-word; min-width: 4rem; }
.md th { background: var(--soft); font-weight: 600; } .md .right { text-align: right; } .md .center { text-align: center; }
.md tr:has(> th:empty):not(:has(> th:not(:empty))) { display: none; }
.md details { border: 1px solid var(--edge); border-radius: 6px; padding: .45rem .8rem; }
.md summary { font-weight: 600; }

.lamp { display: inline-grid; place-items: center; width: 1.2rem; height: 1.2rem; border-radius: 50%; font-size: .76rem;
  font-weight: 700; line-height: 1; border: 1.5px solid currentColor; flex: none; }
.good { color: var(--good); } .bad { color: var(--bad); } .busy { color: var(--busy); } .still { color: var(--still); }
.lamp.good, .lamp.bad { background: currentColor; } .lamp.good, .lamp.bad { -webkit-text-fill-color: var(--card); }
.checks { list-style: none; padding: 0; background: var(--card); border: 1px solid var(--edge); border-radius: 8px; }
.checks > li + li { border-top: 1px solid var(--edge); }
.checks summary { display: flex; flex-wrap: wrap; gap: .1rem .6rem; align-items: center; padding: .6rem 1rem; list-style: none; }
.checks summary::-webkit-details-marker { display: none; }
.checks .md summary { display: list-item; padding: 0; }
.check-name { font-weight: 600; } .check-word { font-size: .87rem; font-weight: 600; } .check-title { color: var(--quiet); }
.check-body { padding: .1rem 1rem .8rem 2.8rem; } .check-body > * + * { margin-top: .7rem; }

.plus { color: var(--good); } .minus { color: var(--bad); } .sums { font-size: .9rem; font-weight: 500; margin-left: .3rem; }
.file { background: var(--card); border: 1px solid var(--edge); border-radius: 8px; margin-top: .9rem; overflow: hidden; }
.file > summary { display: flex; flex-wrap: wrap; justify-content: space-between; gap: .1rem 1rem; padding: .5rem 1rem; }
.file > summary::-webkit-details-marker { display: none; }
.file-facts { font-size: .87rem; white-space: nowrap; }
.note { padding: .5rem 1rem; border-top: 1px solid var(--edge); font-size: .87rem; }
.diff { width: 100%; border-collapse: collapse; font-size: .8rem; line-height: 1.5; border-top: 1px solid var(--edge); }
.diff td { padding: 0 .5rem; vertical-align: top; } .diff .t { white-space: pre-wrap; width: 100%; tab-size: 4; padding-left: .45rem; }
.diff .n { text-align: right; color: var(--quiet); user-select: none; min-width: 2.6rem; } .diff .s { user-select: none; padding-right: 0; }
.diff .add { background: var(--plus); } .diff .del { background: var(--minus); }
.diff .add .s { color: var(--good); } .diff .del .s { color: var(--bad); }
.diff .hunk td { background: var(--hunk); color: var(--quiet); padding-block: .15rem; } .diff .note { color: var(--quiet); font-style: italic; }

.history { list-style: none; padding: 0; background: var(--card); border: 1px solid var(--edge); border-radius: 8px; padding-block: .5rem; }
.history > li { display: grid; grid-template-columns: auto 1fr; gap: .7rem; padding-inline: .8rem 1rem; min-height: 3.4rem; }
.graph { position: relative; } .graph svg { display: block; } .graph svg + svg { position: absolute; top: 0; height: 100%; overflow: visible; }
.commit { padding: .45rem 0 .55rem; min-width: 0; }
.commit .subject { color: var(--ink); font-weight: 550; } .commit.of-merge .subject { font-weight: 650; }
.commit .under, .commits .under { font-size: .87rem; color: var(--quiet); display: flex; flex-wrap: wrap; gap: 0 .8rem; }
.line .lamp { margin-right: .5rem; vertical-align: -.12em; } .line .branch { margin-left: .4rem; }
.trailers { display: flex; flex-wrap: wrap; gap: .15rem .9rem; font-size: .82rem; color: var(--quiet); margin-top: .1rem; }
.trailers div { display: flex; gap: .35rem; } .trailers dd { color: var(--ink); }
.lane { fill: none; stroke-width: 2; } .dot { stroke: none; } .merge { fill: var(--card); stroke-width: 2.5; }
.lane-0 { stroke: var(--l0); } .lane-1 { stroke: var(--l1); } .lane-2 { stroke: var(--l2); } .lane-3 { stroke: var(--l3); } .lane-4 { stroke: var(--l4); } .lane-5 { stroke: var(--l5); }
.dot.lane-0 { fill: var(--l0); } .dot.lane-1 { fill: var(--l1); } .dot.lane-2 { fill: var(--l2); } .dot.lane-3 { fill: var(--l3); } .dot.lane-4 { fill: var(--l4); } .dot.lane-5 { fill: var(--l5); }
.message { white-space: pre-wrap; font-size: .86rem; line-height: 1.55; margin-top: .6rem; }
.figures { display: grid; grid-template-columns: max-content 1fr; gap: .3rem 1.1rem; } .figures dt { color: var(--quiet); }
.columns { display: grid; grid-template-columns: minmax(0, 1fr) 19rem; gap: 1.6rem; align-items: start; }
.columns > section { margin-top: 0; }
.flowchart { display: flex; align-items: center; gap: 2.2rem; overflow-x: auto; margin-block: .7rem; }
.flowchart ul { list-style: none; padding: 0; margin: 0; display: grid; gap: .5rem; position: relative; flex: none; max-width: 16rem; }
.flowchart ul + ul::before { content: '→'; position: absolute; left: -1.7rem; top: 50%; translate: 0 -50%; color: var(--quiet); }
.flowchart li { border: 1px solid var(--edge); border-radius: 5px; padding: .3rem .6rem; font-size: .87rem; background: var(--hunk); }
.flowchart .here { border: 2px solid currentColor; font-weight: 600; }
@media (max-width: 48rem) {
  body { font-size: 14.5px; }
  .bar, nav.tabs, main, footer { padding-inline: .8rem; }
  nav.tabs { gap: .8rem; font-size: .82rem; }
  .md table:has(th:nth-child(4)) { min-width: 38rem; }
  .columns { grid-template-columns: minmax(0, 1fr); }
  .row { grid-template-columns: 1fr; }
  .check-body { padding-left: 1rem; }
  .diff { font-size: .74rem; } .diff td { padding-inline: .25rem; } .diff .n { min-width: 0; } .diff .n:first-child { display: none; }
  h1 { font-size: 1.3rem; }
}
`;
