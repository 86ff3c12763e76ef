import { setTimeout } from 'node:timers/promises';
import { unless } from './aws.ts';
import type { Place } from './place.ts';

/** Lambda documents no time; a mapping that isn't there after this won't be. */
const SWITCHES_WITHIN = 120_000;
const LOOK_AGAIN = 1_000;

/** What feeds intake from its queue. While it rests, requests wait in the queue and none is lost. */
export class IntakeFeed {
  private constructor(
    private readonly id: string,
    private readonly place: Place,
  ) {}

  /** That of a deployment; nothing if a removal has deleted it already. */
  static async of(deployment: string, place: Place): Promise<IntakeFeed | undefined> {
    const call = place.aws('lambda', 'list-event-source-mappings', '--function-name', `${deployment}-intake`);
    const found = await unless<{ EventSourceMappings: { UUID: string }[] }>(['ResourceNotFoundException'], call);
    const [feed] = found?.EventSourceMappings ?? [];
    return feed && new IntakeFeed(feed.UUID, place);
  }

  /** @param signal ends the wait; intake may rest or not then. */
  rest(signal: AbortSignal): Promise<void> {
    return this.turn('--no-enabled', 'Disabled', signal);
  }

  goOn(): Promise<void> {
    return this.turn('--enabled', 'Enabled');
  }

  private async turn(option: string, wanted: string, signal?: AbortSignal): Promise<void> {
    const { aws } = this.place;
    const until = Date.now() + SWITCHES_WITHIN;
    let isAsked = false;
    for (;;) {
      // While it still switches the other way, it takes no order (Lambda API reference, UpdateEventSourceMapping).
      const ask = () => aws('lambda', 'update-event-source-mapping', '--uuid', this.id, option);
      isAsked ||= (await unless(['ResourceInUseException'], ask())) !== undefined;
      const { State } = (await aws('lambda', 'get-event-source-mapping', '--uuid', this.id)) as { State: string };
      if (isAsked && State === wanted) return;
      if (Date.now() > until) throw new Error(`intake's event source mapping ${this.id} is ${State}, not ${wanted}`);
      await setTimeout(LOOK_AGAIN, undefined, signal && { signal });
    }
  }
}
