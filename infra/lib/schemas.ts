import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CfnRegistry, CfnSchema } from 'aws-cdk-lib/aws-eventschemas';
import { Construct } from 'constructs';
import { REQUESTS } from './bus.ts';
import type { Names } from './names.ts';
import { OUR_SOURCE } from './publishers.ts';

const FILES = join(import.meta.dirname, '..', '..', 'events-schema', 'schemas');

/** What the handlers send each other by SQS; no event of the bus. */
const NO_EVENT = 'Command';

/** Keywords that mean the same in draft 4, the newest that the registry of EventBridge takes, and in draft 2020-12. */
const SHARED = [
  ...['type', 'properties', 'required', 'additionalProperties', 'items', 'oneOf', 'default', 'title', 'description'],
  ...['format', 'pattern', 'minimum', 'maximum', 'minLength', 'maxLength', 'minItems', 'maxItems', 'uniqueItems'],
];

/** The schemas of the events' details, for discovery and for the generation of code: `<source>@<detail-type>`. */
export class SchemaRegistry extends Construct {
  constructor(scope: Construct, id: string, names: Names) {
    super(scope, id);
    const registry = new CfnRegistry(this, 'Registry', {
      registryName: names.deployment,
      description: 'Events of tenant restores: what may be requested, and what is told',
    });
    for (const detailType of detailTypes()) {
      new CfnSchema(this, detailType, {
        registryName: registry.attrRegistryName,
        // Requests may come from any source.
        schemaName: REQUESTS.includes(detailType) ? detailType : `${OUR_SOURCE}@${detailType}`,
        type: 'JSONSchemaDraft4',
        content: JSON.stringify(draft4(schemaOf(detailType))),
      });
    }
  }
}

/** The detail-types of all events of the bus. */
export function detailTypes(): string[] {
  const documents = readdirSync(FILES).map((file) => file.replace(/\.json$/, ''));
  return documents.filter((document) => document !== NO_EVENT).sort();
}

/** The published schema of an event's detail (draft 2020-12). */
export function schemaOf(detailType: string): unknown {
  return JSON.parse(readFileSync(join(FILES, `${detailType}.json`), 'utf8'));
}

/**
 * The same schema in draft 4.
 *
 * @throws on a keyword that isn't known to mean the same there.
 */
export function draft4(schema: unknown, isRoot = true): unknown {
  if (typeof schema !== 'object' || schema === null) return schema;
  if (Array.isArray(schema)) return schema.map((item) => draft4(item, false));
  const translated: Record<string, unknown> = isRoot ? { $schema: 'http://json-schema.org/draft-04/schema#' } : {};
  for (const [keyword, value] of Object.entries(schema)) {
    if (keyword === '$schema') continue;
    if (keyword === 'const') translated.enum = [value];
    else if (keyword === 'properties') translated.properties = eachProperty(value as Record<string, unknown>);
    else if (keyword === 'default') translated.default = value;
    else if (SHARED.includes(keyword)) translated[keyword] = draft4(value, false);
    else throw new Error(`the keyword ${keyword} of an event's schema has no known meaning in JSON Schema draft 4`);
  }
  return translated;
}

function eachProperty(properties: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, draft4(schema, false)]));
}
