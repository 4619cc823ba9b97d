import { describe, expect, it } from 'vitest';
import { liveScript } from '../../src/dashboard/live-script.ts';
import { renderHome, renderLane, renderLaneBody } from '../../src/dashboard/pages.ts';
import { style } from '../../src/dashboard/style.ts';
import { ageText } from '../../src/dashboard/time-text.ts';
import { ago, at, busyView, emptyView, planRow } from './fixture-view.ts';

const options = { githubUrl: 'https://github.example/' };

/** The text that a reader sees, without elements. */
function textOf(page: string): string {
  return page.replaceAll(/<[^>]*>/g, ' ').replaceAll(/\s+/g, ' ');
}

describe("a lane's page", () => {
  const page = renderLane(busyView, options);
  const text = textOf(page);

  it('shows every task with its status, what it waits on, since when and the command', () => {
    for (const row of busyView.plan) {
      expect(text).toContain(`#${row.issue} ${row.title}`);
      expect(text).toContain(row.status.replaceAll('-', ' '));
      for (const wait of row.waitsOn) {
        expect(text).toContain(`${wait.what} for ${ageText(wait.since, at)}`);
        if (wait.command !== null) expect(page).toContain(escaped(wait.command));
      }
    }
  });

  it('links tasks, pull requests, branches and commits to GitHub', () => {
    for (const path of [
      'issues/9',
      'pull/18',
      'tree/agent/7-count-pending-tasks',
      `commit/${'c'.repeat(40)}`,
    ]) {
      expect(page).toContain(`href="https://github.example/acme/tasks-app/${path}"`);
    }
  });

  it('shows the queue in order, collisions, agents and what landed', () => {
    expect(text).toMatch(/1 #17 Count pending tasks .* 2 #21 Sort by due date/);
    expect(text).toContain('PR #17 ahead of it');
    expect(text).toContain('#7 and #9');
    expect(text).toContain('build-host-1:77');
    expect(text).toContain('landed as ccccccc');
  });

  it('says whether the tree that landed is the tree that was tested', () => {
    expect(text).toContain('same tree tree dddddddddd = tested dddddddddd');
    expect(text).not.toContain('trees differ');
    const [landing] = busyView.landings;
    const wrong = emptyView({ landings: landing ? [{ ...landing, testedTree: '0'.repeat(40) }] : [] });
    expect(textOf(renderLane(wrong, options))).toContain('trees differ tree dddddddddd ≠ tested 0000000000');
    const trusted = emptyView({
      landings: landing ? [{ ...landing, testedTree: '0'.repeat(40), exact: false }] : [],
    });
    expect(textOf(renderLane(trusted, options))).toContain(
      'not tested as exact tree tree dddddddddd of parts tested 0000000000',
    );
  });

  it('names on top what waits for a person, and only that', () => {
    const bell = /<section class="bell"[\s\S]*?<\/section>/.exec(page)?.[0] ?? '';
    expect(textOf(bell)).toContain('2 things wait for a person');
    expect(bell).toContain('/approve');
    expect(bell).toContain(escaped('/resume <guidance>'));
    expect(bell).not.toContain('a free agent');
  });

  it('carries in its body exactly what the live stream sends', () => {
    expect(page).toContain(
      `data-live="/live/acme/tasks-app/main">${renderLaneBody(busyView, options)}</main>`,
    );
  });

  it('a freeze says who, why and what ends it, and its words are only words', () => {
    const closed = { until: '2026-11-23T07:00:00.000Z', what: 'fri 16:00 to <b>mon</b> 08:00 UTC' };
    const held = renderLane(emptyView({ closed }), { githubUrl: 'https://github.test' });
    expect(held).toContain('2026-11-23 07:00 UTC');
    expect(held).toContain('fri 16:00 to &lt;b&gt;mon');
    const frozen = { by: 'mary', why: 'the <b>audit</b>', at: ago(5) };
    const page = renderLane(emptyView({ frozen }), { githubUrl: 'https://github.test' });
    expect(page).toContain('Landings are frozen');
    expect(page).toContain('the &lt;b&gt;audit&lt;/b&gt;');
    expect(page).toContain('/unfreeze');
    expect(renderHome([emptyView({ frozen })], { githubUrl: 'https://github.test' })).toContain(
      'landings are frozen',
    );
  });

  it('shows a policy that was not accepted', () => {
    const problem = emptyView({ policyProblem: 'unknown key "agnets": did you mean "agents"?' });
    expect(textOf(renderLane(problem, options))).toContain('unknown key &quot;agnets&quot;');
  });

  it('heads every column and row for screen readers, and names every table', () => {
    const tables = page.match(/<table[\s\S]*?<\/table>/g) ?? [];
    expect(tables).toHaveLength(5);
    for (const table of tables) {
      expect(table).toMatch(/<caption>[^<]+<\/caption>/);
      const rows = table.match(/<tr role="row" class/g)?.length ?? 0;
      expect(table.match(/scope="row"/g)).toHaveLength(rows);
      expect(table).toContain('scope="col"');
    }
  });
});

describe('hostile text', () => {
  const bad = `"><script>alert(1)</script><img src=x onerror='alert(2)'>&`;
  const hostile = emptyView({
    owner: bad,
    repo: bad,
    base: `release/${bad}`,
    baseSha: bad,
    policyProblem: bad,
    plan: [
      planRow({
        issue: 1,
        title: bad,
        branch: bad,
        owns: [bad],
        agent: bad,
        worker: bad,
        status: bad,
        pull: 2,
        waitsOn: [{ kind: 'human', what: bad, since: bad, command: bad }],
      }),
      planRow({ issue: 3, title: bad, state: 'completed', landedAt: bad, landedAs: bad }),
    ],
    queue: [
      {
        position: 1,
        issue: 1,
        title: bad,
        pull: 2,
        headSha: bad,
        status: 'queued',
        build: null,
        lands: null,
        enteredAt: bad,
        waitsOn: [{ kind: 'queue', what: bad, since: bad, command: bad }],
      },
    ],
    collisions: [{ a: 1, b: 3, paths: [bad], announcedAt: bad }],
    landings: [
      { sha: bad, tree: bad, testedSha: bad, testedTree: bad, exact: true, at: bad, issues: [1], pulls: [2] },
    ],
    agents: [{ agent: bad, worker: bad, seenAt: bad, issue: 1 }],
  });

  it.each([
    ['lane', renderLane(hostile, options)],
    ['home', renderHome([hostile], options)],
  ])('stays text on the %s page', (_name, page) => {
    expect(page).not.toContain('<script>');
    expect(page).not.toContain('<img');
    // No quote of theirs ends an attribute of ours.
    expect(page.replaceAll('&#39;', '').replaceAll('&quot;', '')).not.toContain(`'alert(2)'`);
    expect(page).toContain('&lt;script&gt;');
  });

  it('stays one segment in our own addresses', () => {
    expect(renderHome([emptyView({ base: 'release/1.x' })], options)).toContain(
      'href="/lanes/acme/tasks-app/release%2F1.x"',
    );
  });
});

describe('the pages under a strict content security policy', () => {
  it.each([
    ['lane', renderLane(busyView, options)],
    ['empty lane', renderLane(emptyView(), options)],
    ['home', renderHome([busyView], options)],
  ])('need no inline script, handler or style: %s', (_name, page) => {
    expect(page).not.toMatch(/<script(?![^>]*\ssrc=)/);
    expect(page).not.toMatch(/\sstyle=/);
    expect(page).not.toContain('<style');
    expect(page).not.toMatch(/<[^>]*\son\w+=/);
    expect(page).not.toContain('javascript:');
  });

  it('work without the script, by reloading', () => {
    expect(renderLane(busyView, options)).toContain('<noscript><meta http-equiv="refresh"');
  });

  it('come with a script that a browser can parse and that reads the address from the page', () => {
    expect(() => new Function(liveScript)).not.toThrow();
    expect(liveScript).toContain('new EventSource(main.dataset.live)');
  });

  it('come with a style sheet that loads nothing from elsewhere', () => {
    expect(style).not.toMatch(/url\(|@import/);
  });
});

describe('pages with nothing to show', () => {
  it('say how a first lane comes about', () => {
    expect(textOf(renderHome([], options))).toMatch(
      /No lane yet.*Install the App.*Label an issue agent-ready/,
    );
  });

  it('say of each part of a lane why it is empty and what would fill it', () => {
    const text = textOf(renderLane(emptyView(), options));
    for (const words of ['No task yet', 'The line is clear', 'None foreseen', 'Nothing has landed yet']) {
      expect(text).toContain(words);
    }
    expect(text).toContain('No worker has been seen');
    expect(text).not.toContain('for a person');
  });
});

describe('ages', () => {
  it.each([
    [0, '0 s'],
    [0.99, '59 s'],
    [1, '1 min'],
    [59.9, '59 min'],
    [60, '1 h'],
    [60 * 47, '47 h'],
    [60 * 48, '2 d'],
    [-5, '0 s'],
  ])('%d minutes ago reads %s', (minutes, text) => {
    expect(ageText(ago(minutes), at)).toBe(text);
  });
});

describe('the colours of text', () => {
  const [light = '', dark = ''] = style.split('prefers-color-scheme: dark');
  it.each([
    ['light', coloursIn(light)],
    ['dark', coloursIn(dark)],
  ])('have a contrast of at least 4.5 on every ground: %s', (_name, colours) => {
    for (const ground of ['ground', 'card', 'bell', 'chip']) {
      for (const ink of ['ink', 'quiet', 'link', 'idle', 'busy', 'caution', 'clear', 'danger']) {
        expect(contrast(colours[ink], colours[ground]), `${ink} on ${ground}`).toBeGreaterThanOrEqual(4.5);
      }
    }
    expect(contrast(colours['board-ink'], colours.board)).toBeGreaterThanOrEqual(4.5);
  });
});

function escaped(text: string): string {
  return text.replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function coloursIn(css: string): Record<string, string> {
  const found = [...css.matchAll(/--([a-z-]+): (#[0-9a-f]{6})/g)];
  return Object.fromEntries(found.map(([, name, value]) => [name, value]));
}

function contrast(one = '#000000', other = '#000000'): number {
  const [light = 0, dark = 0] = [luminance(one), luminance(other)].toSorted((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(colour: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((from) => {
    const part = Number.parseInt(colour.slice(from, from + 2), 16) / 255;
    return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
