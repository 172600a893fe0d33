import type { EntitySource } from '../schema/propose/entity-source.js';
import type { WrittenMigration } from '../schema/propose/write-migration.js';
import { printResult } from './output.js';

/** Says what is to be done with a migration that was written. */
export function printNextSteps(
  { path, registeredIn }: WrittenMigration,
  { entity, recordClass, properties, recordProperties, statements }: EntitySource,
): void {
  printResult(`\nWritten: ${path}${registeredIn === undefined ? '' : `, listed in ${registeredIn}`}`);
  printResult('\n1. Read it, then run it; loads may go on meanwhile:\n');
  if (registeredIn !== undefined) {
    printResult('npm run migration:run');
  } else {
    printResult('npx typeorm migration:run --transaction each -d <your data source>');
  }
  if (properties === '') {
    return;
  }
  printResult(`\n2. Then add to ${entity}:\n\n${properties}`);
  if (recordClass !== undefined && registeredIn !== undefined) {
    printResult(`and to ${recordClass}:\n\n${recordProperties}`);
  } else if (recordClass !== undefined) {
    printResult(`or, where the entity is not yours, run before the DataSource is made:\n\n${statements}`);
  }
}
