import { spawnSync } from 'node:child_process';

import { type Browser, chromium } from 'playwright-core';

/** Where Chromium is: HARBOR_TEST_CHROMIUM, or where Debian's package puts it. */
const BINARY = process.env['HARBOR_TEST_CHROMIUM'] ?? '/usr/bin/chromium';

/** Why there is no Chromium here; undefined where there is one. */
export function chromiumIsMissing(): string | undefined {
  const { error } = spawnSync(BINARY, ['--version']);
  return (
    error &&
    `${BINARY} cannot be run (${error.message}): install Chromium (Debian: apt-get install chromium), ` +
      'or name its binary in HARBOR_TEST_CHROMIUM'
  );
}

/**
 * Starts a Chromium without a window.
 * @param args - of its command line
 */
export async function startChromium(args: string[] = []): Promise<Browser> {
  // Chromium's sandbox does not work for root.
  return chromium.launch({ executablePath: BINARY, args, chromiumSandbox: process.getuid?.() !== 0 });
}
