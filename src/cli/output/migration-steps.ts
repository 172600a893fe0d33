import type { EntitySource } from '../../schema/propose/source/entity-source.js';
import type { WrittenMigration } from '../../schema/propose/source/write-migration.js';
import { printResult } from './output.js';

/** Says where a migration was written, and how it is run. */
export function printWritten({ path, registeredIn }: WrittenMigration): void {
  printResult(`\nWritten: ${path}${registeredIn === undefined ? '' : `, listed in ${registeredIn}`}`);
  printResult('\n1. Read it, then run it; loads that are at work go on meanwhile:\n');
  printResult(
    registeredIn === undefined
      ? 'npx typeorm migration:run --transaction each -d <your data source>'
      : 'npm run migration:run',
  );
}

/** Says that a migration is there, and only to be run. */
export function printPending(path: string): void {
  printResult(`${path} does some of this already, and the database does not have it: run it (migration:run)`);
}

/** Says what to add to the classes of the table after a migration. */
export function printProperties(
  { registeredIn }: WrittenMigration,
  { entity, recordClass, properties, recordProperties, statements }: EntitySource,
): void {
  if (properties === '') {
    return;
  }
  printResult(`\n2. Then add to ${entity}, with CapturedBefore of harbor-storage:\n\n${properties}`);
  if (recordClass !== undefined && registeredIn !== undefined) {
    printResult(`and to ${recordClass}:\n\n${recordProperties}`);
  } else if (registeredIn === undefined) {
    printResult(`or, where the entity is not yours, run before the DataSource is made:\n\n${statements}`);
  }
}
