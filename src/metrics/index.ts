export { StorageMetricsModule, type StorageMetricsOptions } from './storage-metrics.module.js';
