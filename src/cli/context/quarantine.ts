import { QuarantineStore } from '../../quarantine/quarantine-store.js';
import { QuarantineService } from '../../replay/quarantine.service.js';
import type { Storage } from './storage-context.js';

/** The quarantine of a database. */
export function quarantineOf({ dataSource, settings, logger, stats, loader, hybrid }: Storage): QuarantineService {
  const { retry, limits } = settings;
  const store = new QuarantineStore(dataSource, limits);
  return new QuarantineService({ store, loader, hybrid, retry, limits, logger }, stats);
}
