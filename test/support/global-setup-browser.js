import setUp from './global-setup.js';

/** As global-setup, where there is a Chromium. */
export default async function setUpBrowser() {
  const { chromiumIsMissing } = await import('./browser/chromium.js');
  const reason = chromiumIsMissing();
  // A stack would only hide the sentence.
  if (reason !== undefined) throw Object.assign(new Error(reason), { stack: reason });
  await setUp();
}
