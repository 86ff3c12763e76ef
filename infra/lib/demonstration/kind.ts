/** The databases that a demonstration can have in production, in the words of the context. */
export const KINDS = ['SingleAz', 'MultiAz', 'AuroraProvisioned', 'AuroraServerless'] as const;

/** The kind of a demonstration's production database. */
export type DatabaseKind = (typeof KINDS)[number];
