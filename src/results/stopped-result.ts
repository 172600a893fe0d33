import type { BatchLoadResult, CombinedBatchResult, HybridBatchResult } from './load-result.js';
import type { ReplayResult } from './replay-result.js';

/** Result of a load or replay that an error stopped; `kind` distinguishes them. */
export type StoppedResult = BatchLoadResult | HybridBatchResult | CombinedBatchResult | ReplayResult;
