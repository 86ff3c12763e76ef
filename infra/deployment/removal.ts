/** The removal of a deployment that nothing stands against, and what becomes of intake when it is broken off. */
import { type Deployed, stackStatus } from './deployed.ts';
import { IntakeFeed } from './intake.ts';
import { interruptible, unlessInterrupted } from './interruption.ts';
import type { Place } from './place.ts';
import { obstacles, remainsOf } from './remains.ts';
import { refuseAll } from './shell.ts';

/** What is removed, and how. */
export interface Removal {
  readonly deployed: Deployed;
  readonly place: Place;
  readonly stackName: string;
  /** Ends early, with an error, when the signal is aborted. */
  readonly destroyStack: (signal: AbortSignal) => Promise<void>;
}

/** What stands against removing a deployment now. */
export async function standsAgainst(deployed: Deployed, place: Place): Promise<string[]> {
  return obstacles(await remainsOf(deployed, place), deployed);
}

/** A request may come between a look and the removal. So intake rests first, and what came meanwhile is looked at. */
export async function remove(removal: Removal): Promise<void> {
  const { deployed, place } = removal;
  const feed = await IntakeFeed.of(deployed.deployment, place);
  await interruptible(async (signal) => {
    try {
      await feed?.rest(signal);
      refuseAll(await unlessInterrupted(signal, () => standsAgainst(deployed, place)));
    } catch (error) {
      await wake(feed);
      throw error;
    }
    await destroy(removal, feed, signal);
  });
}

async function destroy(
  { destroyStack, place, stackName }: Removal,
  feed: IntakeFeed | undefined,
  signal: AbortSignal,
): Promise<void> {
  try {
    await destroyStack(signal);
  } catch (error) {
    await leave(stackName, feed, place);
    throw error;
  }
}

/** Of a stack that is still whole, intake goes on; of one that is going, nothing may begin any more. */
async function leave(stackName: string, feed: IntakeFeed | undefined, place: Place): Promise<void> {
  try {
    const status = await stackStatus(place.aws, stackName);
    if (status === undefined) return;
    if (!status.startsWith('DELETE_')) {
      await wake(feed);
      return;
    }
    console.error(`the stack ${stackName} is ${status}, and intake rests: \`make destroy\` again when that has ended`);
  } catch (trouble) {
    console.error(`intake rests, and what became of the stack ${stackName} can't be seen: ${String(trouble)}`);
  }
}

async function wake(feed: IntakeFeed | undefined): Promise<void> {
  await feed?.goOn().catch((trouble: unknown) => {
    console.error(`intake rests, and nobody looks at requests until you deploy again: ${String(trouble)}`);
  });
}
