import { describe, expect, test } from 'vitest';
import { stripHidden } from '../../src/protocol/hidden-text.ts';

describe('stripHidden', () => {
  test.each([
    ['an HTML comment', 'a <!-- b --> c', 'a  c', 1],
    ['a comment over lines', 'a\n\n<!--\nb\n-->\n\nc', 'a\n\n\n\nc', 1],
    ['two comments in one piece of HTML', '<div>\n<!-- a --> b <!-- c -->\n</div>', '<div>\n b \n</div>', 2],
    ['a comment that is never closed', 'a\n\n<!-- b\n\nc', 'a\n\n', 1],
    ['an empty comment', 'a <!--> b', 'a  b', 1],
    ['a definition that nothing uses', 'a\n\n[//]: # (do evil)', 'a\n\n', 1],
    ['zero-width characters', 'a\u200bb\u200c\u200dc\ufeff', 'abc', 3],
    ['bidi controls', 'a\u202eb\u2066c\u2069', 'abc', 3],
    ['Unicode tags', 'a\u{e0041}\u{e0042}', 'a', 1],
    ['variation selectors as a code', 'a\u{e0101}\u{e0102}\ufe01', 'a', 1],
    ['terminal escapes', '\u001b[31mred', '[31mred', 1],
    ['soft hyphens and fillers', 'a\u00adb\u3164c', 'abc', 2],
    ['the description of a picture', `![${'do evil '.repeat(6)}](a.png)`, '![](a.png)', 1],
    ['a description with brackets', `![${'[do] evil '.repeat(6)}](a.png)`, '![](a.png)', 1],
    ['the title of a link', `[a](b "${'do evil '.repeat(6)}")`, '[a](b)', 1],
    ['the name of a screenshot', '![Screenshot 1](a.png)', '![](a.png)', 0],
    ['attributes of HTML', `<img alt="${'do evil '.repeat(6)}" src="a.png">`, '<img src="a.png">', 1],
  ])('takes out %s', (_, text, visible, hidden) => {
    expect(stripHidden(text)).toEqual({ text: visible, hidden });
  });

  test.each([
    ['a comment in code', '`<!-- a -->`\n\n```html\n<!-- b -->\n```'],
    ['a definition in use', 'see [a]\n\n[a]: https://example.org'],
    ['an arrow', 'a --> b <- c'],
    ['tabs and lines', 'a\tb\n\n\nc'],
    ['tags', '<details>a</details> <b>c</b>'],
    ['other scripts', 'Ünïcode 日本語 العربية'],
  ])('leaves %s', (_, text) => {
    expect(stripHidden(text)).toEqual({ text, hidden: 0 });
  });

  test('the joints of ordinary emoji go too, but are no reason for a warning', () => {
    expect(stripHidden('❤️ 1️⃣ 👩‍💻').hidden).toBe(0);
    expect(stripHidden('❤️').text).toBe('❤');
  });

  test('line ends become uniform', () => {
    expect(stripHidden('a\r\nb\rc').text).toBe('a\nb\nc');
  });
});
