import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { list, statementsOf } from './roles.ts';
import { ACCOUNT, REGION } from './template.ts';

describe('the roles of the worker', () => {
  const bucket = `arn:aws:s3:::tenant-restore-${ACCOUNT}-${REGION}`;
  const rights = (role: string) =>
    statementsOf(role)
      .map(({ Action, Resource }) => [list(Action).join(), list(Resource).join()] as const)
      .filter(([action]) => !action.startsWith('secretsmanager:GetSecretValue'));

  test('let it read secrets and write those of restores, keep files below two prefixes, and nothing of RDS, DMS or IAM', () => {
    assert.deepEqual(rights('worker-task'), [
      ['secretsmanager:PutSecretValue', `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:tr-main-*`],
      ['s3:GetObject,s3:PutObject', `${bucket}/work/*`],
      ['s3:GetObject,s3:PutObject', `${bucket}/audit/*`],
      ['s3:ListBucket', bucket],
    ]);
  });

  test('let ECS pull images of the account and write the log, before the worker runs, and nothing else', () => {
    assert.deepEqual(
      rights('worker-start').map(([action, resource]) => [action, resource.split(':').slice(2).join(':')]),
      [
        ['ecr:GetAuthorizationToken', ''],
        [
          'ecr:BatchCheckLayerAvailability,ecr:BatchGetImage,ecr:GetDownloadUrlForLayer',
          `ecr:${REGION}:${ACCOUNT}:repository/*`,
        ],
        ['logs:CreateLogStream,logs:PutLogEvents', `logs:${REGION}:${ACCOUNT}:log-group:/ecs/tenant-restore-worker`],
      ],
    );
  });
});
