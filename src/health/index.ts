export type { HealthCheckOptions, StorageHealthOptions } from './health-options.js';
export type { HealthCause, HealthProblem } from './health-problem.js';
export { StorageHealthIndicator } from './storage-health.indicator.js';
export { StorageHealthModule } from './storage-health.module.js';
