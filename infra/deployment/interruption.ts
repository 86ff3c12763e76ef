/** SIGHUP comes when the terminal is closed, or the connection to it is lost. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Does what has to be put in order when it is broken off: a signal doesn't end the program then, but aborts the work.
 *
 * @throws with what broke it off; with the signal's name if it was one.
 */
export async function interruptible(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const interruption = new AbortController();
  const interrupt = (name: NodeJS.Signals) => {
    console.error(`${name}: looking that intake goes on before the end`);
    interruption.abort(new Error(`interrupted by ${name}`));
  };
  for (const name of SIGNALS) process.on(name, interrupt);
  try {
    await work(interruption.signal);
  } catch (error) {
    // A program that the signal ended too says nothing of use.
    throw interruption.signal.aborted ? interruption.signal.reason : error;
  } finally {
    for (const name of SIGNALS) process.off(name, interrupt);
  }
}

/** What a call answers, unless a signal comes before. @throws with the signal's name. */
export async function unlessInterrupted<T>(signal: AbortSignal, call: () => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener(
      'abort',
      () => {
        reject(signal.reason as Error);
      },
      { once: true },
    );
  });
  const answer = await Promise.race([call(), aborted]);
  signal.throwIfAborted();
  return answer;
}
