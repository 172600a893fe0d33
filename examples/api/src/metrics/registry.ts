import { collectDefaultMetrics, Registry } from 'prom-client';

/** All metrics of the service: of its process, and of its loads. */
export const registry = new Registry();
collectDefaultMetrics({ register: registry });
