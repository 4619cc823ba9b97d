import { describe, expect, test } from 'vitest';
import { commandNames, commandTable } from '../../src/protocol/command-table.ts';
import { parseCommands } from '../../src/protocol/commands.ts';

const sha = '0123456789abcdef0123456789abcdef01234567';

describe('every command of the design', () => {
  test.each([
    ['/approve', { name: 'approve', sha: null }],
    [`/approve ${sha.toUpperCase()}`, { name: 'approve', sha }],
    ['/unapprove', { name: 'unapprove' }],
    ['/hold', { name: 'hold', why: null }],
    ['/hold until Monday', { name: 'hold', why: 'until Monday' }],
    ['/unhold', { name: 'unhold' }],
    ['/escalate the API is\nunclear', { name: 'escalate', why: 'the API is\nunclear' }],
    ['/resume A', { name: 'resume', guidance: 'A' }],
    ['/retry', { name: 'retry' }],
    ['/cancel', { name: 'cancel' }],
    ['/assign-agent claude', { name: 'assign-agent', agent: 'claude' }],
    ['/own src/** `docs/my page.md`', { name: 'own', paths: ['src/**', 'docs/my page.md'] }],
    ['/disown src/', { name: 'disown', paths: ['src/**'] }],
    ['/own ../x', { name: 'own', paths: ['../x'] }],
    [
      '/depends #7 acme/demo#8',
      {
        name: 'depends',
        issues: [
          { number: 7, repo: null },
          { number: 8, repo: 'acme/demo' },
        ],
      },
    ],
    ['/independent #7', { name: 'independent', issues: [{ number: 7, repo: null }] }],
    ['/priority high', { name: 'priority', level: 'high' }],
    ['/rebase', { name: 'rebase' }],
    ['/try', { name: 'try', pulls: [] }],
    ['/try #12 #13', { name: 'try', pulls: [12, 13] }],
    ['/revert #12', { name: 'revert', pull: 12 }],
    ['/revert 12', { name: 'revert', pull: 12 }],
    ['/override scope the path was moved', { name: 'override', rule: 'scope', why: 'the path was moved' }],
    ['/freeze release', { name: 'freeze', why: 'release' }],
    ['/unfreeze', { name: 'unfreeze' }],
    ['/status', { name: 'status' }],
    ['/why', { name: 'why' }],
    ['/help', { name: 'help' }],
  ])('%j', (text, command) => {
    expect(parseCommands(text)).toEqual({ commands: [command], unknown: [], ignored: 0 });
  });

  test('each usage is read as the command it belongs to', () => {
    const example: Record<string, string> = {
      '[sha]': sha,
      '[why]': 'x',
      '#<issue>…': '#1',
      '#<pull request>': '#1',
      'high|normal|low': 'low',
    };
    for (const name of commandNames) {
      const typed = commandTable[name].usage
        .replace(/\[\w+\]|#<issue>…|#<pull request>|high\|normal\|low/u, (part) => example[part] ?? '')
        .replace(/<(\w+)>…?/gu, '$1');
      expect(parseCommands(typed).commands).toMatchObject([{ name: name }]);
    }
  });
});

describe('where a command counts', () => {
  test.each([
    ['after text', 'Thanks!\n/approve'],
    ['before text', '/approve\nThanks!'],
    ['after a quote and an empty line', '> is it good?\n\n/approve'],
    ['with Windows line ends', 'Yes.\r\n/approve\r\n'],
    ['indented a little', '  /approve'],
    ['in capitals', '/Approve'],
    ['above a signature', '/approve\n--\nBob'],
    ['below a quoted mail', 'On Mon, Bob <bob@example.org> wrote:\n> hi\n\n/approve'],
    ['above a mail', '/approve\n\nOn Mon, Bob <bob@example.org> wrote:\n> hi'],
    ['after closed details', '<details>\n\nlog\n\n</details>\n\n/approve'],
  ])('%s', (_, text) => {
    expect(parseCommands(text).commands).toEqual([{ name: 'approve', sha: null }]);
  });

  test.each([
    ['within a line', 'please /approve'],
    ['a code block', '```\n/approve\n```'],
    ['a code block never closed', '```\n/approve'],
    ['indented code', '    /approve'],
    ['inline code', '`/approve`'],
    ['inline code over lines', 'a `b\n/approve\nc` d'],
    ['a quote', '> /approve'],
    ['a quote’s lazy line', '> a\n/approve'],
    ['a list', '- /approve'],
    ['a list’s paragraph', '- a\n\n  /approve'],
    ['an HTML comment', '<!--\n/approve\n-->'],
    ['an HTML comment in a line', 'a <!--\n/approve\n--> b'],
    ['HTML', '<div>\n/approve\n</div>'],
    ['folded details', '<details><summary>log</summary>\n\n/approve\n\n</details>'],
    ['a link', '[a\n/approve\nb](https://example.org)'],
    ['a link title', '[a](https://example.org "b\n/approve\nc")'],
    ['a heading', '# /approve'],
    ['a mail below its headline', 'ok\n\nOn Mon, 3 Nov 2026, Bob <bob@example.org> wrote:\n\n/approve'],
    [
      'a mail whose headline takes two lines',
      'On Mon, 3 Nov 2026 at 10:00, Bob <bob@example.org>\nwrote:\n/approve',
    ],
    ['an Outlook mail', '-----Original Message-----\n/approve'],
    ['escaped', '\\/approve'],
    ['an entity', '&#47;approve'],
    ['a table', '| a |\n|---|\n| /approve |'],
    ['a definition', '[a]: b\n"\n/approve"'],
  ])('not in %s', (_, text) => {
    expect(parseCommands(text)).toEqual({ commands: [], unknown: [], ignored: 0 });
  });
});

describe('what is not a command', () => {
  test.each(['/usr/bin', '/usr/bin/env node', '/', '//', '/2', '/etc.', '/a_b', '/approve/x', '/approve,'])(
    '%j is nothing',
    (text) => {
      expect(parseCommands(text)).toEqual({ commands: [], unknown: [], ignored: 0 });
    },
  );

  test.each([
    ['/aprove', '/approve [sha]'],
    ['/approvee', '/approve [sha]'],
    ['/satus', '/status'],
    ['/escalte x', '/escalate <why>'],
    ['/merge', '/approve [sha]'],
    ['/lgtm', '/approve [sha]'],
    ['/m\u0435rge', '/approve [sha]'],
    ['/\u0430pprove', '/approve [sha]'],
    ['/app\u200brove', '/approve [sha]'],
    ['/approve\u200b', '/approve [sha]'],
    ['\u200b/approve', '/approve [sha]'],
    ['/ａｐｐｒｏｖｅ', '/approve [sha]'],
    ['/shrug', null],
    ['/constructor', null],
    ['/ok', null],
  ])('%j is unknown, and the hint is %j', (text, suggestion) => {
    const { commands, unknown } = parseCommands(text);
    expect(commands).toEqual([]);
    expect(unknown).toMatchObject([{ suggestion }]);
  });

  test.each([
    ['/approve looks good', '/approve [sha]'],
    ['/approve 12345', '/approve [sha]'],
    [`/approve ${sha}\u200b`, '/approve [sha]'],
    ['/escalate', '/escalate <why>'],
    ['/escalate \u200b', '/escalate <why>'],
    ['/resume', '/resume <guidance>'],
    ['/assign-agent', '/assign-agent <name>'],
    ['/own', '/own <path>…'],
    ['/depends 7', '/depends #<issue>…'],
    ['/priority urgent', '/priority high|normal|low'],
    ['/override scope', '/override <rule> <why>'],
    ['/freeze', '/freeze <why>'],
    ['/revert', '/revert #<pull request>'],
    ['/revert #0', '/revert #<pull request>'],
    ['/revert #1 #2', '/revert #<pull request>'],
  ])('%j does not fit its usage and does nothing', (text, suggestion) => {
    expect(parseCommands(text)).toEqual({
      commands: [],
      unknown: [{ text: text.trim(), suggestion }],
      ignored: 0,
    });
  });
});

test('five are read, the rest is counted', () => {
  const { commands, unknown, ignored } = parseCommands(`/status\n/nonsense\n${'/approve\n'.repeat(498)}`);
  expect(commands).toHaveLength(4);
  expect(unknown).toHaveLength(1);
  expect(ignored).toBe(495);
});

test('a reason ends where the next command starts', () => {
  expect(parseCommands('/escalate one\ntwo\n/status').commands).toEqual([
    { name: 'escalate', why: 'one\ntwo' },
    { name: 'status' },
  ]);
});

test.each([
  ['>', '>'.repeat(65_000)],
  ['commands', '/approve\n'.repeat(7_000)],
  ['words', `/${'a'.repeat(65_000)}`],
  ['wrote', `${'On a\n'.repeat(12_000)}`],
  ['code', '`a\n'.repeat(20_000)],
  ['emphasis', '*a_ '.repeat(16_000)],
])('%s are read in good time', (_, text) => {
  const start = performance.now();
  parseCommands(text);
  expect(performance.now() - start).toBeLessThan(4_000);
});
