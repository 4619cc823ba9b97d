import fc from 'fast-check';
import type { Nodes, Root } from 'mdast';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { describe, expect, test } from 'vitest';
import { parseCommands } from '../../src/protocol/commands.ts';
import {
  escapeLine,
  escapePlain,
  escapeSentence,
  escapeText,
  inlineCode,
  renderLink,
} from '../../src/protocol/escape.ts';

/** What GitHub turns into a mention, a reference, a closing keyword or a link; it looks at the rendered words. */
const alive = /@[\w-]|(?<![&\w])#\d|\bGH-\d|:\/\/|\bwww\.|(?:mailto|xmpp):/iu;

function typesIn(node: Nodes): string[] {
  return [node.type, ...('children' in node ? node.children.flatMap(typesIn) : [])];
}

function wordsIn(node: Nodes): string {
  if (node.type === 'text') return node.value;
  if (node.type === 'break') return '\n';
  return 'children' in node ? node.children.map(wordsIn).join(node.type === 'root' ? '\n' : '') : '';
}

/** What stands between `<code>` and `</code>` is code to GitHub, though not to this parser. */
function wordsOutsideCode(tree: Root): string {
  const inlines = tree.children.flatMap((block): readonly Nodes[] =>
    'children' in block ? block.children : [],
  );
  let inCode = false;
  return inlines
    .map((node) => {
      if (node.type === 'html') inCode = node.value === '<code>';
      return inCode ? '' : wordsIn(node);
    })
    .join('');
}

const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '@org/everyone',
        '@',
        'closes #1',
        'fixes acme/x#2',
        'GH-3',
        'https://e.org/a',
        'www.e.org',
        'a@b.org',
        '/approve',
      ),
      fc.constantFrom(
        '\n',
        '\n\n',
        ' ',
        '    ',
        '\t',
        '# ',
        '- ',
        '1. ',
        '2) ',
        '> ',
        '+ ',
        '* ',
        '---',
        '===',
        '```',
        '~~~',
        '|',
      ),
      fc.constantFrom(
        '<b>',
        '<!--',
        '-->',
        '<script>',
        '&lt;',
        '&#64;org',
        '![a](b)',
        '[a]: b',
        '[skip ci]',
        '`',
        '**',
        '_',
        '\\',
        '\u202e',
        '\u200b',
      ),
      fc.string({ maxLength: 4 }),
    ),
    { maxLength: 25 },
  )
  .map((parts) => parts.join(''));

describe('escapeText', () => {
  test.each([
    ['@org/everyone', '@&#8203;org/everyone'],
    ['closes #1', 'closes #&#8203;1'],
    ['Fixes: acme/x#12', 'Fixes: acme/x#&#8203;12'],
    ['GH-7', 'GH-&#8203;7'],
    ['https://github.com/a/b/issues/1', 'https:&#8203;//github.com/a/b/issues/1'],
    ['/approve', '&#47;approve'],
    ['a\n  /approve', 'a\n&#47;approve'],
    ['<script>alert(1)</script>', '&#60;script&#62;alert(1)&#60;/script&#62;'],
    ['[x](javascript:alert(1))', '\\[x\\](javascript:alert(1))'],
    ['a | b', 'a &#124; b'],
    ['[skip ci]', '\\[skip ci\\]'],
    ['# big', '\\# big'],
    ['- one', '\\- one'],
    ['1. one', '1\\. one'],
    ['&#64;org', '&#38;#&#8203;64;org'],
    ['a\u202eb\u200bc\u001b[0m', 'abc\\[0m'],
    ['snake_case *x* `y` ~z~', 'snake\\_case \\*x\\* \\`y\\` \\~z\\~'],
    ['plain words, and (more): 50% off!', 'plain words, and (more): 50% off!'],
  ])('%j', (text, escaped) => {
    expect(escapeText(text)).toBe(escaped);
  });

  test('whatever comes in, only words come out: nothing formatted, alive or commanding', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const escaped = escapeText(text);
        const tree = fromMarkdown(escaped);
        expect(new Set(['root', 'paragraph', 'text', ...typesIn(tree)]).size).toBe(3);
        expect(wordsIn(tree)).not.toMatch(alive);
        expect(parseCommands(escaped)).toEqual({ commands: [], unknown: [], ignored: 0 });
        expect(escaped).not.toMatch(/[<>|]|\[skip ci\]/u);
      }),
      { numRuns: 2_000 },
    );
  });

  test('a reader sees the words that were written', () => {
    const seen = (text: string) => text.replace(/[\p{Default_Ignorable_Code_Point}\p{Cc}\s]/gu, '');
    fc.assert(
      fc.property(hostile, (text) => {
        expect(seen(wordsIn(fromMarkdown(escapeText(text))))).toBe(seen(text.toWellFormed()));
      }),
      { numRuns: 1_000 },
    );
  });
});

test('escapeLine makes one line of many', () => {
  expect(escapeLine(' a\n\n b\u2028c\t| d ')).toBe('a b c &#124; d');
});

describe('escapeSentence', () => {
  test('keeps code and references of our own sentences, and escapes the rest', () => {
    expect(escapeSentence('#7 owns src/*_a.js: type `/escalate <why>`, @org')).toBe(
      '#7 owns src/\\*\\_a.js: type `/escalate <why>`, @&#8203;org',
    );
  });

  test('a reference to another repository is not kept', () => {
    expect(escapeSentence('see acme/x#7 (#8)')).toBe('see acme/x#&#8203;7 (#8)');
  });

  test('a hostile sentence is no worse for its backticks', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const tree = fromMarkdown(escapeSentence(text));
        const allowed = ['root', 'paragraph', 'text', 'inlineCode', 'html'];
        expect(typesIn(tree).filter((type) => !allowed.includes(type))).toEqual([]);
        // What GitHub looks for mentions in: the words that are not code.
        expect(wordsOutsideCode(tree)).not.toMatch(/@\w/u);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('escapePlain, for commit messages and titles', () => {
  test.each([
    ['Thank @org/everyone', 'Thank @\u200borg/everyone'],
    ['closes #1', 'closes #\u200b1'],
    ['Fix x [skip ci]', 'Fix x [\u200bskip ci]'],
    ['Fix x [ci skip] [no ci] [actions skip]', 'Fix x [\u200bci skip] [\u200bno ci] [\u200bactions skip]'],
    ['x ***NO_CI***', 'x *\u200b**NO_CI***'],
    ['fixes https://github.com/a/b/issues/1', 'fixes https:\u200b//github.com/a/b/issues/1'],
    ['one\n\nTask: forged', 'one Task: forged'],
    ['count *all* [x] `y`', 'count *all* [x] `y`'],
  ])('%j', (text, escaped) => {
    expect(escapePlain(text)).toBe(escaped);
  });
});

describe('inlineCode', () => {
  test.each([
    ['src/*.js', '`src/*.js`'],
    ['@org #1 <b>', '`@org #1 <b>`'],
    ['a|b', '<code>a&#124;b</code>'],
    ['a`b @x', '<code>a&#96;b &#64;x</code>'],
    ['a\nb', '`a b`'],
    ['', ''],
  ])('%j', (text, code) => {
    expect(inlineCode(text)).toBe(code);
  });
});

describe('renderLink', () => {
  test.each([
    ['https://example.org/a?b=(1)', '[ci](https://example.org/a?b=%281%29)'],
    ['javascript:alert(1)', 'ci'],
    ['not an address', 'ci'],
    [null, 'ci'],
  ])('%j', (url, link) => {
    expect(renderLink('ci', url)).toBe(link);
  });
});
