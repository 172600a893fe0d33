import type { HttpServer } from '@nestjs/common';

const HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy':
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  // With no-referrer, the default of helmet, a browser would send `Origin: null` with a form.
  'Referrer-Policy': 'same-origin',
};

/** Sets the headers of every answer of the console; they take the place of those of the application. */
export function setSecurityHeaders(adapter: HttpServer, response: object): void {
  for (const [name, value] of Object.entries(HEADERS)) {
    adapter.setHeader?.(response, name, value);
  }
}
