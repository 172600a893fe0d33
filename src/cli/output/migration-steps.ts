import type { EntitySource } from '../../schema/propose/source/entity-source.js';
import type { WrittenMigration } from '../../schema/propose/source/write-migration.js';
import { type GlobalOptions, printResult } from './output.js';
import { inShell } from '../../schema/table/migrate-command.js';

/** Prints where a migration was written, and how to run it. */
export function printWritten({ path, registeredIn }: WrittenMigration, { dataSource }: GlobalOptions): void {
  printResult(`\nWritten: ${path}${registeredIn === undefined ? '' : `, registered in ${registeredIn}`}`);
  printResult('\n1. Review and run the migration; loads may continue meanwhile:\n');
  printResult(
    registeredIn === undefined
      ? `npx typeorm migration:run --transaction each -d ${dataSource === undefined ? '<your data source>' : inShell(dataSource)}`
      : 'npm run migration:run',
  );
}

/** Prints that a matching migration exists but has not run. */
export function printPending(path: string): void {
  printResult(`A pending migration already covers part of this: ${path}. Run it with migration:run.`);
}

/** Prints what to add to the classes of the table after a migration. */
export function printProperties(
  { registeredIn }: WrittenMigration,
  { entity, recordClass, properties, recordProperties, statements }: EntitySource,
): void {
  if (properties === '') {
    return;
  }
  printResult(`\n2. Add to ${entity}, importing CapturedBefore from harbor-storage:\n\n${properties}`);
  if (recordClass !== undefined && registeredIn !== undefined) {
    printResult(`and to ${recordClass}:\n\n${recordProperties}`);
  } else if (registeredIn === undefined) {
    printResult(`or, if you do not own the entity, run this before creating the DataSource:\n\n${statements}`);
  }
}
