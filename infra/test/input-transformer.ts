/** What a rule's input transformer makes of an event, as EventBridge's user guide says, and no better. */
export interface InputTransformer {
  readonly InputPathsMap: Readonly<Record<string, string>>;
  readonly InputTemplate: string;
}

/** The value at a path: dots, dashes, underscores, letters, digits and array indices are supported. */
export function atPath(event: unknown, path: string): unknown {
  if (!/^\$(\.[\w-]+|\[\d+\])*$/.test(path)) throw new Error(`${path} is no path that EventBridge supports`);
  const steps = path.match(/[\w-]+/g) ?? [];
  return steps.reduce<unknown>((at, step) => (at as Record<string, unknown> | undefined | null)?.[step], event);
}

/**
 * What the target gets. A variable that stands alone becomes JSON; one within a text is put there as it is ("EventBridge
 * doesn't escape values"); what the event hasn't "won't appear in the output".
 */
export function transformed({ InputPathsMap, InputTemplate }: InputTransformer, event: unknown): unknown {
  const value = (name: string) => atPath(event, InputPathsMap[name] ?? '$.no-such-variable');
  const filled = InputTemplate.replace(/"(?:[^"\\]|\\.)*"|<([\w.-]+)>/g, (token, alone: string | undefined) => {
    if (alone !== undefined) return asJson(value(alone));
    return token.replace(/<([\w.-]+)>/g, (_, name: string) => asText(value(name)));
  });
  return JSON.parse(filled);
}

function asJson(value: unknown): string {
  return value === undefined ? '' : JSON.stringify(value);
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : asJson(value);
}
