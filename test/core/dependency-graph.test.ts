import { expect, test } from 'vitest';
import { dependencyGraph } from '../../src/core/lane/dependency-graph.ts';
import { issue, land, openLane, queueTask } from './lane-driver.ts';

const own = (number: number, dependsOn: number[]) =>
  issue(number, { spec: { title: `Task ${number}`, owns: [`src/${number}.js`], dependsOn } });

test('holds what the task depends on and what depends on it, and not what only shares a prerequisite', () => {
  const lane = openLane();
  lane.see(own(1, []), own(2, [1, 9]), own(3, [2]), own(4, [3]), own(5, [1]));
  lane.see({ kind: 'prerequisite', issue: 9, state: 'not-planned' });
  const { nodes, edges } = dependencyGraph(lane.state, 3);
  expect(nodes).toEqual([
    { issue: 1, title: 'Task 1', state: 'waiting' },
    { issue: 2, title: 'Task 2', state: 'waiting' },
    { issue: 3, title: 'Task 3', state: 'waiting' },
    { issue: 4, title: 'Task 4', state: 'waiting' },
    { issue: 9, title: null, state: 'not-planned' },
  ]);
  expect(edges).toEqual([
    { from: 1, to: 2 },
    { from: 9, to: 2 },
    { from: 2, to: 3 },
    { from: 3, to: 4 },
  ]);
});

test('asks nothing further of what is over, so that it is the same whether or not more is at hand', () => {
  const lane = openLane();
  queueTask(lane, 1, { spec: { owns: ['src/a.js'] } });
  land(lane);
  queueTask(lane, 2, { spec: { owns: ['src/a.js'], dependsOn: [1] } });
  land(lane);
  lane.see(own(3, [2]));
  const { nodes, edges } = dependencyGraph(lane.state, 3);
  expect(nodes.map((node) => node.issue)).toEqual([2, 3]);
  const { 1: _, ...tasks } = lane.state.tasks;
  expect(dependencyGraph({ ...lane.state, tasks }, 3)).toEqual({ nodes, edges });
});

test('of a circle comes to an end', () => {
  const lane = openLane();
  lane.see(own(1, [2]), own(2, [1]));
  expect(dependencyGraph(lane.state, 1).edges).toEqual([
    { from: 2, to: 1 },
    { from: 1, to: 2 },
  ]);
});

test('is bounded, however many issues hang together', () => {
  const lane = openLane();
  lane.see(own(1, []), ...Array.from({ length: 400 }, (_, count) => own(count + 2, [count + 1])));
  expect(dependencyGraph(lane.state, 1).nodes).toHaveLength(200);
});
