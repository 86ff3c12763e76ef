/** Looks that are taken at once: what one of them may not see doesn't hide what the others find. */
import { Refusal } from './aws.ts';

/** What services answer to whoever lacks a right; S3 says the status alone where an answer has no body. */
const DENIED = /^(AccessDenied(Exception)?|AuthorizationError|UnauthorizedOperation|403|Forbidden)$/;

/** What all of them find; a refused one is a finding too, as nothing is known of what it's about. */
export async function allOf(looks: readonly Promise<string[]>[]): Promise<string[]> {
  const ended = await Promise.allSettled(looks);
  return ended.flatMap((look) => {
    if (look.status === 'fulfilled') return look.value;
    if (look.reason instanceof Refusal) return [unseen(look.reason)];
    throw look.reason;
  });
}

function unseen({ code, message }: Refusal): string {
  const remedy = DENIED.test(code) ? ': deploy with credentials that may look at it' : '';
  return `could not be looked at${remedy}: ${message}`;
}
