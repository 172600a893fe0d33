export { StorageOpenTelemetryModule, type StorageOpenTelemetryOptions } from './storage-opentelemetry.module.js';
