import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { detailTypes, draft4, schemaOf } from '../lib/schemas.ts';
import { resources, synthesize } from './template.ts';

const schemas = Object.values(resources(synthesize(), 'AWS::EventSchemas::Schema')).map(({ Properties }) => Properties);

describe('the schema registry', () => {
  test('has every event of the bus: requests under their name, announcements under source and name', () => {
    const told = ['Accepted', 'Completed', 'Failed', 'Held', 'Planned', 'Progressed', 'Rejected'];
    const asked = ['CancelRequested', 'PlanRequested', 'ReplayRequested', 'Requested'];
    assert.deepEqual(
      schemas.map(({ SchemaName }) => SchemaName).sort(),
      [...asked.map((name) => `Restore${name}`), ...told.map((name) => `tenant-restore@Restore${name}`)].sort(),
    );
  });

  test('takes them as draft 4, within its 100,000 characters', () => {
    for (const { Type, Content } of schemas) {
      const { $schema } = JSON.parse(String(Content)) as { $schema: string };
      assert.deepEqual([Type, $schema], ['JSONSchemaDraft4', 'http://json-schema.org/draft-04/schema#']);
      assert.ok(String(Content).length < 100_000);
    }
  });

  test('is absent where the deployment wants none', () => {
    assert.deepEqual(resources(synthesize({ schemaRegistry: false }), 'AWS::EventSchemas::Registry'), {});
  });
});

describe('a schema in draft 4', () => {
  test('has a constant as the only value of an enumeration, also in a property that is called like a keyword', () => {
    assert.deepEqual(
      draft4({ properties: { const: { const: 'a' }, oneOf: { oneOf: [{ const: 1 }, { const: 2 }] } } }),
      {
        $schema: 'http://json-schema.org/draft-04/schema#',
        properties: { const: { enum: ['a'] }, oneOf: { oneOf: [{ enum: [1] }, { enum: [2] }] } },
      },
    );
  });

  test('is refused for a keyword that draft 4 may read otherwise', () => {
    assert.throws(() => draft4({ properties: { n: { exclusiveMinimum: 0 } } }), /exclusiveMinimum/);
  });

  test('loses nothing else of what is published', () => {
    const count = (value: unknown): number =>
      typeof value === 'object' && value !== null
        ? Object.values(value).reduce<number>((sum, item) => sum + 1 + count(item), 0)
        : 0;
    for (const detailType of detailTypes()) {
      const schema = schemaOf(detailType);
      const constants = JSON.stringify(schema).match(/"const":/g)?.length ?? 0;
      assert.equal(count(draft4(schema)), count(schema) + constants, detailType);
    }
  });
});
