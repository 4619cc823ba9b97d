import { describe, expect, test } from 'vitest';
import { beginningOf, endOf } from '../../src/protocol/ejection-packet.ts';

describe('other people’s words in a packet', () => {
  test('are cut where they are too long, never through a character, and it is said', () => {
    expect(endOf('0123456789', 4)).toEqual({ text: '6789', truncated: true });
    expect(beginningOf('0123456789', 4)).toEqual({ text: '0123', truncated: true });
    expect(endOf('a😀b', 2)).toEqual({ text: 'b', truncated: true });
    expect(beginningOf('a😀b', 2)).toEqual({ text: 'a', truncated: true });
    expect(endOf('short', 5)).toEqual({ text: 'short', truncated: false });
  });

  test('have no colours and nothing invisible in them, and keep their lines', () => {
    const log = '\u001b[31mnot ok\u001b[0m 1\r\n\u202ehidden\u200b\n\tat a.js';
    expect(endOf(log, 100).text).toBe('not ok 1\nhidden\n\tat a.js');
  });
});
