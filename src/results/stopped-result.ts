import type { BatchLoadResult, HybridBatchResult } from './load-result.js';
import type { ReplayResult } from './replay-result.js';

/** What a load or a replay had done when an error ended it; `kind` tells which of these it is. */
export type StoppedResult = BatchLoadResult | HybridBatchResult | ReplayResult;
