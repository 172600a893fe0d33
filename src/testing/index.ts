export {
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
  startEmbeddedPostgres,
} from '../embedded/embedded-postgres.js';
export { StorageTestingModule, type StorageTestingOptions } from './storage-testing.module.js';
export {
  createTestDatabase,
  startTestPostgres,
  type TestDatabase,
  type TestDatabaseOptions,
  type TestPostgres,
} from './test-postgres.js';
