/** Rights that a role has against those that it used. */

/** One statement of a policy, as IAM tells it. */
export interface Statement {
  readonly Effect: string;
  readonly Action: string | string[];
  readonly Resource: string | string[];
}

/** Rights of roles: by the role's name, `action resource`. */
export type Rights = Readonly<Record<string, readonly string[]>>;

/** Why a right isn't seen in use here, though AWS asks for it. */
export interface Reason {
  readonly actions: readonly string[];
  /** Whose right it is, if not everybody's; the end of the role's name. */
  readonly role?: string;
  readonly why: string;
}

/** What a role has and hasn't used. */
export interface Finding {
  readonly role: string;
  readonly granted: number;
  readonly used: number;
  /** Actions that were never called and have no reason. */
  readonly superfluous: readonly string[];
  /** Actions that were called, but on none of what these patterns mean. */
  readonly unusedPatterns: readonly string[];
  /** Actions that aren't seen here, with the reason. */
  readonly unseen: ReadonlyMap<string, string>;
}

/** The rights in statements, each action on each resource. */
export function rightsIn(statements: readonly Statement[]): string[] {
  const allowed = statements.filter(({ Effect }) => Effect === 'Allow');
  return allowed.flatMap(({ Action, Resource }) =>
    [Action].flat().flatMap((action) => [Resource].flat().map((resource) => `${action} ${resource}`)),
  );
}

/** What each role has beyond what it used. */
export function compare(granted: Rights, used: Rights, reasons: readonly Reason[]): Finding[] {
  return Object.entries(granted).map(([role, rights]) => {
    const seen = new Set(used[role] ?? []);
    const called = new Set([...seen].map(actionOf));
    const unused = rights.filter((right) => !seen.has(right));
    const never = new Set(unused.map(actionOf).filter((action) => !called.has(action)));
    const unseen = new Map<string, string>();
    for (const action of never) {
      const reason = reasons.find((one) => one.actions.includes(action) && role.endsWith(one.role ?? ''));
      if (reason !== undefined) unseen.set(action, reason.why);
    }
    return {
      role,
      granted: new Set(rights.map(actionOf)).size,
      used: called.size,
      superfluous: [...never].filter((action) => !unseen.has(action)).sort(),
      unusedPatterns: unused.filter((right) => called.has(actionOf(right))).sort(),
      unseen,
    };
  });
}

/** Reasons for rights that nobody has any more. */
export function outdated(granted: Rights, reasons: readonly Reason[]): Reason[] {
  const explains = ({ actions, role = '' }: Reason) =>
    Object.entries(granted).some(
      ([name, rights]) => name.endsWith(role) && rights.some((right) => actions.includes(actionOf(right))),
    );
  return reasons.filter((reason) => !explains(reason));
}

function actionOf(right: string): string {
  return right.split(' ', 1)[0] ?? right;
}
