import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ACCOUNT, REGION, SECRET, attached, problems, refused, type Answers } from './account.ts';

describe('a customer key', () => {
  const arn = (id: string) => `arn:aws:kms:${REGION}:${ACCOUNT}:key/${id}`;
  const [ours, theirs] = [arn('1'), arn('2')];
  const key = (Arn: string, changes: Answers = {}): Answers => ({
    [`kms describe-key --key-id ${Arn}`]: {
      KeyMetadata: { Arn, KeyManager: 'CUSTOMER', KeyState: 'Enabled', KeySpec: 'SYMMETRIC_DEFAULT', ...changes },
    },
  });
  const source = (KmsKeyId: string) => ({
    'rds describe-db-instances': { DBInstances: [{ Engine: 'postgres', KmsKeyId }] },
  });
  const secret = (KmsKeyId: string) => ({ 'secretsmanager describe-secret': { ARN: SECRET, KmsKeyId } });
  const withOurs = { ...attached, kmsKeyArn: ours };

  test('of the source or its secret must be that of the deployment, which the functions may use', async () => {
    const encrypted = { ...source(theirs), ...secret(theirs), ...key(theirs), ...key(ours) };
    for (const settings of [attached, withOurs]) {
      const found = await problems(encrypted, settings);
      assert.deepEqual(found, [
        `source: the storage of production has the customer key ${theirs}: set \`kmsKeyArn\` to it`,
        `sourceSecretArn: the secret has the customer key ${theirs}: set \`kmsKeyArn\` to it; if the source has another, give the secret that one (aws secretsmanager update-secret --kms-key-id …)`,
      ]);
    }
    assert.deepEqual(await problems(encrypted, { ...attached, kmsKeyArn: theirs }), []);
  });

  test('may be another if its own policy lets roles of the deployment use it', async () => {
    const policy = (role: string) => ({
      [`kms get-key-policy --key-id ${theirs}`]: { Policy: `{"AWS": "arn:aws:iam::${ACCOUNT}:role/${role}"}` },
    });
    const encrypted = { ...source(theirs), ...key(theirs) };
    assert.deepEqual(await problems({ ...encrypted, ...policy('tenant-restore-provision') }), []);
    assert.equal((await problems({ ...encrypted, ...policy('billing') })).length, 1);
  });

  test('is also found behind an alias, as a secret may name it', async () => {
    const alias = { 'kms describe-key --key-id alias/production': Object.values(key(ours))[0] };
    assert.deepEqual(await problems({ ...secret('alias/production'), ...alias, ...key(ours) }, withOurs), []);
    assert.match(
      (await problems({ ...secret('alias/production'), ...alias })).join(),
      /the secret has the customer key/,
    );
  });

  test('of a source is told when it is there no more, since nothing can be restored then', async () => {
    const gone = { [`kms describe-key --key-id ${theirs}`]: refused('NotFoundException') };
    assert.match(
      (await problems({ ...source(theirs), ...gone })).join(),
      /the storage of production has the customer key/,
    );
  });

  test('is none if it is one of AWS, which the account may use by the service', async () => {
    const aws = key(theirs, { KeyManager: 'AWS' });
    assert.deepEqual(await problems({ ...source(theirs), ...secret(theirs), ...aws }), []);
  });

  test('of the deployment must be there and fit to encrypt, of a demonstration too', async () => {
    const demonstration = { selectedDatabase: 'SingleAz', workerImage: 'registry.example/worker:1', kmsKeyArn: ours };
    const call = `kms describe-key --key-id ${ours}`;
    for (const [answer, told] of [
      [{ [call]: refused('NotFoundException') }, /^kmsKeyArn: there is no key /],
      [{ [call]: Object.values(key(theirs))[0] }, /^kmsKeyArn: the ARN is .*key\/2, not .*key\/1/],
      [key(ours, { KeyManager: 'AWS' }), /^kmsKeyArn: .* is AWS's own: leave it out/],
      [key(ours, { KeySpec: 'RSA_2048' }), /^kmsKeyArn: .* is RSA_2048: name a symmetric key/],
      [key(ours, { KeyState: 'PendingDeletion' }), /^kmsKeyArn: .* is PendingDeletion: enable it/],
    ] as const) {
      for (const settings of [withOurs, demonstration]) assert.match((await problems(answer, settings)).join(), told);
    }
    assert.deepEqual(await problems(key(ours), withOurs), []);
  });
});
