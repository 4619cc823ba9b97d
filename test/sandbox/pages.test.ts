import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { layOutGraph } from '../../src/sandbox/pages/graph.ts';
import { renderMarkdown } from '../../src/sandbox/pages/markdown.ts';
import type { Story } from './start-story.ts';
import { openPull, pushFile, startStory, tipOf } from './start-story.ts';

const HOSTILE = '<img src=x onerror=alert(1)>"\'&';
const HOSTILE_BRANCH = 'x/<img/src=x/onerror=alert(1)>#1';
const HOSTILE_FILE = '<svg onload=alert(1)>.txt';

let story: Story;
let issue: number;
let pull: number;
let head: string;

async function page(path: string): Promise<{ status: number; text: string; headers: Headers; url: string }> {
  const response = await fetch(`${story.sandbox.url}${path}`);
  return {
    status: response.status,
    text: await response.text(),
    headers: response.headers,
    url: response.url.slice(story.sandbox.url.length),
  };
}

async function textOf(path: string): Promise<string> {
  const { status, text } = await page(path);
  expect(status).toBe(200);
  return text;
}

function expectInert(text: string): void {
  expect(text).not.toMatch(/<(?:img|script|iframe|object|form)\b/i);
  expect(text).not.toMatch(/<[^>]*\s(?:on\w+|style)\s*=/i);
  expect(text).not.toMatch(/href="(?!https?:|[/#?]|data:,)/i);
}

async function seedIssue(): Promise<number> {
  const { ada, bot, target } = story;
  const { data } = await ada.issues.create({
    ...target,
    title: HOSTILE,
    body: '<script>alert(1)</script>\n\n[run](javascript:alert(1)) [go](https://example.org/)',
  });
  const on = { ...target, issue_number: data.number };
  await ada.issues.addLabels({ ...on, labels: ['ready', '<b>label</b>'] });
  const { data: comment } = await bot.issues.createComment({ ...on, body: 'A **comment** of the App.' });
  await ada.reactions.createForIssueComment({ ...target, comment_id: comment.id, content: 'rocket' });
  await bot.issues.removeLabel({ ...on, name: 'ready' });
  await ada.issues.update({ ...on, state: 'closed' });
  return data.number;
}

beforeAll(async () => {
  story = await startStory();
  issue = await seedIssue();
  const { bot, target } = story;
  head = await pushFile(
    story,
    HOSTILE_BRANCH,
    HOSTILE_FILE,
    '<i>line</i>\n',
    '<b>subject</b>\n\nTask: ada/engine#1',
  );
  pull = await openPull(story, HOSTILE_BRANCH, `Closes #${issue}`);
  await bot.checks.create({
    ...target,
    name: 'conductor/arbiter',
    head_sha: head,
    conclusion: 'failure',
    output: {
      title: 'Two <findings>',
      summary: 'A *summary*.',
      text: '| Rule | What |\n|---|---|\n| `size` | big |',
    },
  });
});
afterAll(() => story.close());

describe('the pages of the sandbox', () => {
  test('are found from each other and allow nothing to run or load', async () => {
    const home = await page('/');
    expect(home.text).toContain('href="/ada/engine"');
    const policy = home.headers.get('content-security-policy') ?? '';
    expect(policy).toMatch(/^default-src 'none'; style-src 'sha256-[^']+'; /);
    const repo = await textOf('/ada/engine');
    expect(repo).toContain('<h3 class="h1">Engine</h3>');
    for (const path of ['issues', 'pulls', 'commits/main'])
      expect(repo).toContain(`href="/ada/engine/${path}"`);
    expect(await textOf('/ada/engine/issues')).toContain(`href="/ada/engine/issues/${issue}"`);
    expect(await textOf('/ada/engine/pulls')).toContain(`href="/ada/engine/pull/${pull}"`);
    expect(home.text).not.toContain('http-equiv');
    expect(await textOf('/?live=1')).toContain('<meta http-equiv="refresh" content="3">');
  });

  test('escape titles, bodies, labels, branches, file names, subjects and code', async () => {
    const branch = HOSTILE_BRANCH.split('/').map(encodeURIComponent).join('/');
    const paths = [
      '',
      '/issues',
      '/pulls',
      `/issues/${issue}`,
      `/pull/${pull}`,
      `/commits/${branch}`,
      `/commit/${head}`,
    ];
    for (const path of paths) expectInert(await textOf(`/ada/engine${path}`));
    const seen = await textOf(`/ada/engine/issues/${issue}`);
    expect(seen).toContain('&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;');
    expect(seen).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(seen).toContain('&lt;b&gt;label&lt;/b&gt;');
    expect(seen).not.toContain('javascript:');
    expect(seen).toContain('href="https://example.org/"');
    expect(await textOf(`/ada/engine/pull/${pull}`)).toContain('&lt;svg onload=alert(1)&gt;.txt');
    expect(await textOf(`/ada/engine/commits/${branch}`)).toContain('&lt;b&gt;subject&lt;/b&gt;');
  });

  test('show an issue with its comments, reactions and events in order', async () => {
    const seen = await textOf(`/ada/engine/issues/${issue}`);
    const story = [
      'added the label',
      'A <strong>comment</strong> of the App.',
      'aria-label="rocket"',
      'removed the label',
      'closed this',
    ];
    const places = story.map((words) => seen.indexOf(words));
    expect(places.every((place) => place > 0)).toBe(true);
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(seen).toContain('conductor <span class="bot">bot</span>');
  });

  test('show a pull request with its checks, commits and diff', async () => {
    const seen = await textOf(`/ada/engine/pull/${pull}`);
    expect(seen).toContain('<span class="state open">open</span>');
    expect(seen).toContain('conductor/arbiter');
    expect(seen).toContain('Two &lt;findings&gt;');
    expect(seen).toContain('A <em>summary</em>.');
    expect(seen).toContain('<td><code>size</code></td><td>big</td>');
    expect(seen).toContain('<td class="t">&lt;i&gt;line&lt;/i&gt;</td>');
    expect(seen).toContain('<dt>Task</dt><dd><code>ada/engine#1</code></dd>');
    expect(seen).toContain(`href="/ada/engine/issues/${issue}">#${issue}</a>`);
    const commit = await textOf(`/ada/engine/commit/${head.slice(0, 8)}`);
    expect(commit).toContain(head);
    expect(commit).toContain(await tipOf(story, 'main'));
    expect(commit).toContain('conductor/arbiter');
  });

  test('show a merge in the graph of commits', async () => {
    const { ada, target } = story;
    await pushFile(story, 'topic', 'topic.txt', 'topic\n');
    await pushFile(story, 'main', 'main.txt', 'main\n');
    const number = await openPull(story, 'topic');
    await ada.pulls.merge({ ...target, pull_number: number });
    const seen = await textOf('/ada/engine/commits/main');
    expect(seen).toContain('merge of');
    expect(seen).toContain('class="merge lane lane-0"');
    expect(seen).toContain('class="dot lane lane-1"');
    expect(await textOf(`/ada/engine/pull/${number}`)).toContain('<span class="state merged">merged</span>');
  });

  test('lead from an issue to the pull request it is, and back', async () => {
    expect((await page(`/ada/engine/issues/${pull}`)).url).toBe(`/ada/engine/pull/${pull}`);
    expect((await page(`/ada/engine/pull/${issue}`)).url).toBe(`/ada/engine/issues/${issue}`);
  });

  test.each([
    '/nobody',
    '/ada/absent',
    '/ada/engine/issues/999',
    '/ada/engine/issues/1x',
    '/ada/engine/pull/0',
    '/ada/engine/commits/absent',
    '/ada/engine/commit/zzz',
    '/ada/engine/elsewhere',
    '/%E0%A4%A/x',
  ])('answer 404 to %s', async (path) => {
    const { status, text, headers } = await page(path);
    expect(status).toBe(404);
    expect(text).toContain('<h1>Not found</h1>');
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
  });
});

describe('Markdown on the pages', () => {
  const render = (text: string) =>
    String(renderMarkdown(text, { breaks: true, linkNumber: (number) => (number === 7 ? '/seven' : null) }));

  test('lets details, summary and line breaks through, and balances them', () => {
    const text = render(
      '<details><summary>More</summary>\n\n**in**\n\n</details></details></div>\n\nout<br>side',
    );
    expect(text).toContain('<details><summary>More</summary>');
    expect(text).toContain('<strong>in</strong></p></details>');
    expect(text.match(/<\/details>/g)).toHaveLength(1);
    expect(text).toContain('&lt;/div&gt;');
    expect(text).toContain('out<br>side');
    expect(render('<details><summary>never closed')).toContain('</summary></details>');
    expect(render('> <details>\n\nafter')).toContain('<details></details></blockquote>');
  });

  test.each([
    '<details onclick=alert(1)>',
    '<summary style="x">',
    '<br onload=alert(1)>',
    '<sCrIpT>alert(1)</sCrIpT>',
    'a <img src=x> b',
    '<iframe srcdoc="x">',
    '![x](javascript:alert(1))',
    '[x](data:text/html,y)',
    '[x](//evil.example)',
    '<javascript:alert(1)>',
    '[a]: javascript:alert(1)\n\n[a]',
    '| a |\n|---|\n| <script>x</script> [y](javascript:z) |',
    '<!-- --!><img src=x onerror=alert(1)>',
  ])('makes %j harmless', (text) => {
    const shown = render(text);
    expectInert(shown);
    expect(shown).not.toMatch(/<(?:details|summary|br)\s/);
    expect(shown).not.toContain('href');
  });

  test('drops comments and keeps what is around them', () => {
    expect(render('<!-- secret -->\n\nshown <!-- also --> text')).toBe(
      '<div class="md"><p>shown  text</p></div>',
    );
    expect(render('<!-- never closed')).not.toContain('never');
  });

  test('reads tables with alignment, code, escaped pipes and missing cells', () => {
    const text = render('Before\n| a | b |\n|:--|--:|\n| `x` | one \\| two |\n| - not a list |');
    expect(text).toContain('<p>Before</p>');
    expect(text).toContain('<th class="left">a</th><th class="right">b</th>');
    expect(text).toContain('<td class="left"><code>x</code></td><td class="right">one | two</td>');
    expect(text).toContain('<td class="left">- not a list</td><td class="right"></td>');
    expect(render('a | b\nno delimiter')).not.toContain('<table>');
  });

  test('reads task lists, alerts, and numbers that are known', () => {
    const text = render('- [ ] open #7\n- [x] done #8');
    expect(text).toContain('aria-label="to do">☐</span> open <a href="/seven">#7</a>');
    expect(text).toContain('aria-label="done">☑</span> done #8');
    expect(render('> [!IMPORTANT]\n> **Look**')).toContain('<p class="alert-title">important</p>');
  });

  test.each([
    '> '.repeat(20_000),
    '*a '.repeat(30_000),
    '[a]('.repeat(30_000),
    '- '.repeat(5_000),
    '`|'.repeat(50_000),
  ])('does not choke on a tangle (%#)', (text) => {
    const start = performance.now();
    expect(render(text).length).toBeGreaterThan(0);
    expect(performance.now() - start).toBeLessThan(5_000);
  });
});

test('the graph gives a side branch a lane of its own and takes it back', () => {
  const rows = layOutGraph([
    { sha: 'm', parents: ['b', 'x'] },
    { sha: 'x', parents: ['a'] },
    { sha: 'b', parents: ['a'] },
    { sha: 'a', parents: [] },
  ]);
  expect(rows.map((row) => row.lane)).toEqual([0, 1, 0, 0]);
  expect(rows[0]).toEqual({ lane: 0, incoming: [], outgoing: [0, 1], passing: [] });
  expect(rows[3]).toEqual({ lane: 0, incoming: [0, 1], outgoing: [], passing: [] });
});

describe('inline HTML in comments', () => {
  const place = { linkNumber: () => null, breaks: false };
  test('small print and code are let through where they are closed again, and only without attributes', () => {
    const text = String(
      renderMarkdown(
        'a <sub>small *print*</sub> <code>x | y</code> <sub onclick="x">no</sub> <sub>open',
        place,
      ),
    );
    expect(text).toContain('<sub>small <em>print</em></sub>');
    expect(text).toContain('<code>x | y</code>');
    expect(text.match(/<sub>/g)).toHaveLength(1);
    expectInert(text.replaceAll('&lt;sub onclick', ''));
  });
});
