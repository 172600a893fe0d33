export type {
  ConsoleGuards,
  StorageConsoleAsyncOptions,
  StorageConsoleMount,
  StorageConsoleOptions,
  StorageConsoleSettings,
} from './console-options.js';
export { StorageConsoleModule } from './storage-console.module.js';
