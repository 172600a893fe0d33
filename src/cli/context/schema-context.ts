import { InvalidLoadError } from '../../errors/index.js';
import { metadataOf } from '../../schema/table/entity-metadata.js';
import { SchemaService } from '../../schema/schema.service.js';
import type { GlobalOptions } from '../output/output.js';
import { withStorage } from './storage-context.js';
import { UsageError } from '../usage-error.js';

/**
 * Runs `work` on the current schema, even if migrations are pending.
 * @param table - the table named by the command, if any
 * @throws UsageError when no entity maps to it
 */
export async function withSchema<T>(
  options: GlobalOptions,
  table: string | undefined,
  work: (schema: SchemaService) => Promise<T>,
): Promise<T> {
  return withStorage(
    options,
    async (storage) => {
      try {
        if (table !== undefined) {
          metadataOf(storage.dataSource, table);
        }
      } catch (error) {
        throw error instanceof InvalidLoadError ? new UsageError(error.message) : error;
      }
      return work(new SchemaService(storage.dataSource));
    },
    'off',
  );
}
