import type { WorkerProps } from './props.ts';

const GIB = 1024;

/** MiB from the least to the most, so far apart. */
function steps(least: number, most: number, step = GIB): readonly number[] {
  return Array.from({ length: (most - least) / step + 1 }, (_, index) => least + index * step);
}

/** What Fargate has, in MiB, for each number of CPU units (ECS developer guide, "Task size"). */
const SIZES: ReadonlyMap<number, readonly number[]> = new Map([
  [256, [GIB / 2, GIB, 2 * GIB]],
  [512, steps(GIB, 4 * GIB)],
  [1024, steps(2 * GIB, 8 * GIB)],
  [2048, steps(4 * GIB, 16 * GIB)],
  [4096, steps(8 * GIB, 30 * GIB)],
  [8192, steps(16 * GIB, 60 * GIB, 4 * GIB)],
  [16_384, steps(32 * GIB, 120 * GIB, 8 * GIB)],
]);

/** The size of the worker's tasks. */
export function sizeOf({ cpu = 1024, memoryMiB = 2048 }: Pick<WorkerProps, 'cpu' | 'memoryMiB'>) {
  return { cpu, memoryMiB };
}

/** What is wrong with a size: ECS would refuse it in the middle of a deployment. */
export function problemOfSize(size: Pick<WorkerProps, 'cpu' | 'memoryMiB'>): string | undefined {
  const { cpu, memoryMiB } = sizeOf(size);
  const known = SIZES.get(cpu);
  if (known === undefined) return `${cpu} CPU units: Fargate has ${[...SIZES.keys()].join(', ')}`;
  if (known.includes(memoryMiB)) return undefined;
  return `${memoryMiB} MiB: with ${cpu} CPU units Fargate has ${known.join(', ')}`;
}
