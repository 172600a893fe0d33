import { CreateStorageTables1764000000000 } from './1764000000000-create-storage-tables.js';

/** The schema of this package, oldest first: what a DataSource of your own lists in `migrations`. */
export const storageMigrations = [CreateStorageTables1764000000000];
