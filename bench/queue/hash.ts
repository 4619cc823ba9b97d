/**
 * Randomness by name: a number in [0, 1) that depends on its arguments alone. Every policy that asks the same
 * question of the same world gets the same answer, in whatever order it asks (common random numbers).
 */
export function draw(seed: number, topic: number, a: number, b = 0): number {
  let h = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(topic + 0x7f4a7c15, 0xc2b2ae35);
  h = mix(h ^ Math.imul(a + 0x165667b1, 0x27d4eb2f));
  h = mix(h ^ Math.imul(b + 0x3c6ef372, 0x9e3779b1));
  return mix(h) / 4294967296;
}

/** The finaliser of MurmurHash3: each bit of the answer depends on each bit of the question. */
function mix(value: number): number {
  let h = value;
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** A normal deviate from two draws (Box and Muller). */
export function drawNormal(seed: number, topic: number, a: number, b = 0): number {
  const u = Math.max(draw(seed, topic, a, b), 1e-12);
  return Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * draw(seed, topic + 1, a, b));
}
