import type { HybridStoreService } from '../hybrid/hybrid-store.service.js';
import type { LoadLogger } from '../loader/model/load-context.js';
import type { LoaderService } from '../loader/loader.service.js';
import type { RetryLimits } from '../postgres/with-retry.js';
import type { TransactionLimits } from '../postgres/with-transaction.js';
import type { QuarantineStore } from '../quarantine/quarantine-store.js';

/** Dependencies of a replay. */
export interface ReplayContext {
  readonly store: QuarantineStore;
  readonly loader: LoaderService;
  readonly hybrid: HybridStoreService;
  readonly retry: RetryLimits;
  readonly limits: TransactionLimits;
  readonly logger: LoadLogger;
}
