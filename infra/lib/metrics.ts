import { Duration } from 'aws-cdk-lib';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import type { Names } from './names.ts';

/** The namespace of the handlers' own metrics (`metric.rs` writes them into their logs). */
const NAMESPACE = 'TenantRestore';

/** How often something happened that the handlers count, in the whole deployment. */
export function counted(names: Names, metricName: string, period = Duration.minutes(1)): Metric {
  return new Metric({
    namespace: NAMESPACE,
    metricName,
    dimensionsMap: { deployment: names.deployment },
    period,
    statistic: 'Sum',
  });
}
