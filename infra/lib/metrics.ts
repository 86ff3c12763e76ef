import { Duration } from 'aws-cdk-lib';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import type { Names, PhaseName } from './names.ts';

/** The namespace of the handlers' own metrics (`metric.rs` writes them into their logs). */
const NAMESPACE = 'TenantRestore';

/** How often the sweeper runs. */
export const SWEEPS_EVERY = Duration.minutes(15);

/** How often something happened that the handlers count, in the whole deployment. */
export function counted(names: Names, metricName: string, period = Duration.minutes(1)): Metric {
  return ours(names, metricName, 'Sum', period);
}

/** The share of failures among restores that weren't rejected: each notes 1 or 0. */
export function failureRate(names: Names, period: Duration): Metric {
  return ours(names, 'RestoresFailed', 'Average', period);
}

/** What the sweeper found at once, at most. */
export function swept(names: Names, metricName: string): Metric {
  return ours(names, metricName, 'Maximum', SWEEPS_EVERY);
}

/** A metric of one phase. */
export function ofPhase(names: Names, phase: PhaseName, metricName: string, statistic: string): Metric {
  return ours(names, metricName, statistic, Duration.minutes(5), { phase });
}

function ours(
  names: Names,
  metricName: string,
  statistic: string,
  period: Duration,
  more: Readonly<Record<string, string>> = {},
): Metric {
  return new Metric({
    namespace: NAMESPACE,
    metricName,
    dimensionsMap: { deployment: names.deployment, ...more },
    period,
    statistic,
  });
}
