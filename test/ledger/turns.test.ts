import { expect, test } from 'vitest';
import { Turns } from '../../src/ledger/turns.ts';

/** Acts that tell when they begin, and end when they are told to. */
function acts(turns: Turns) {
  const begun: string[] = [];
  const ends = new Map<string, PromiseWithResolvers<string>>();
  const take = (lane: string, name: string) => {
    const end = Promise.withResolvers<string>();
    ends.set(name, end);
    return turns.take(lane, () => {
      begun.push(name);
      return end.promise;
    });
  };
  const end = (name: string) => ends.get(name)?.resolve(name);
  const fail = (name: string) => ends.get(name)?.reject(new Error(name));
  /** Everything that can go on has gone on. */
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  return { begun, take, end, fail, settled };
}

test('one at a lane at a time, in the order of asking, whether or not the one before went well', async () => {
  const { begun, take, end, fail, settled } = acts(new Turns());
  const first = take('a', 'a1');
  const second = take('a', 'a2');
  const third = take('a', 'a3');
  await settled();
  expect(begun).toEqual(['a1']);
  fail('a1');
  await expect(first).rejects.toThrow('a1');
  await settled();
  expect(begun).toEqual(['a1', 'a2']);
  end('a2');
  expect(await second).toBe('a2');
  end('a3');
  expect(await third).toBe('a3');
});

test('four lanes at a time; who waits for a busy lane keeps nobody from another', async () => {
  const { begun, take, end, settled } = acts(new Turns());
  const all = ['a', 'a', 'a', 'b', 'c', 'd', 'e'].map((lane, index) => take(lane, `${lane}${index}`));
  await settled();
  expect(begun).toEqual(['a0', 'b3', 'c4', 'd5']);
  end('b3');
  await settled();
  expect(begun.slice(4)).toEqual(['e6']);
  for (const name of ['a0', 'a1', 'a2', 'c4', 'd5', 'e6']) end(name);
  expect(await Promise.all(all)).toHaveLength(7);
  expect(begun).toHaveLength(7);
});
