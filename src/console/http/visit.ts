import { PageError } from './page-error.js';

/** What Express and Fastify both have. */
export interface HttpRequest {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly params?: unknown;
  readonly body?: unknown;
  readonly ip?: unknown;
  readonly user?: unknown;
}

/** A request to a page. */
export interface Visit {
  /** Of Express or Fastify, as the guards have left it. */
  readonly request: object;
  /** Relative link to the overview, which ends with a slash. */
  readonly root: string;
  readonly query: URLSearchParams;
  /** Who sent it, for the log: a name of `request.user`, else the address. */
  readonly user: string;
  /** A parameter of the route, decoded. */
  param(name: string): string;
  /**
   * Fields of the form that a POST brings.
   * @throws PageError 400 for a body that is no form
   */
  form(): URLSearchParams;
}

/**
 * @param url - path and query, as the server received them
 * @param depth - segments of the route below the path of the console
 */
export function visitOf(request: HttpRequest, url: string, depth: number): Visit {
  const [path = '', query = ''] = split(url);
  return {
    request,
    root: rootOf(path, depth),
    query: new URLSearchParams(query),
    form: () => formOf(request.body),
    user: userOf(request),
    param: (name) => String((request.params as Record<string, unknown> | undefined)?.[name] ?? ''),
  };
}

function split(url: string): string[] {
  const at = url.indexOf('?');
  return at < 0 ? [url] : [url.slice(0, at), url.slice(at + 1)];
}

/**
 * The link knows no prefix, so a proxy may strip one. It begins with a dot, because the last segment could look like a scheme.
 */
function rootOf(path: string, depth: number): string {
  const isFolder = path.endsWith('/');
  if (isFolder || depth > 0) {
    return `./${'../'.repeat(isFolder ? depth : depth - 1)}`;
  }
  return `./${path.slice(path.lastIndexOf('/') + 1)}/`;
}

function formOf(body: unknown): URLSearchParams {
  if (typeof body !== 'object' || body === null) {
    return new URLSearchParams();
  }
  return new URLSearchParams(
    Object.entries(body).flatMap(([name, value]) =>
      (Array.isArray(value) ? value : [value]).map((item): [string, string] => {
        if (typeof item !== 'string') {
          throw new PageError(400, 'The form cannot be read.');
        }
        return [name, item];
      }),
    ),
  );
}

const USER_FIELDS = ['id', 'sub', 'username', 'email', 'name'];
const LONGEST_USER = 100;

function userOf({ user, ip }: HttpRequest): string {
  const found =
    typeof user === 'object' && user !== null
      ? USER_FIELDS.map((field) => (user as Record<string, unknown>)[field]).find(isNameable)
      : user;
  const name = isNameable(found) ? String(found) : `address ${typeof ip === 'string' ? ip : 'unknown'}`;
  // As JSON, so that a name cannot forge a line of the log.
  return JSON.stringify(name.slice(0, LONGEST_USER)).slice(1, -1);
}

function isNameable(value: unknown): boolean {
  return typeof value === 'number' || (typeof value === 'string' && value !== '');
}

const HOST = /^[\w.:[\]-]+$/;

function isOrigin(text: string): boolean {
  return /^https?:\/\//.test(text) && URL.canParse(text);
}

/** Whether a browser sent a form from a page of this very server. */
export function isSameOrigin({ headers }: HttpRequest): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) {
    return site === 'same-origin';
  }
  // Browsers omit it over http, except for localhost.
  const { origin, host } = headers;
  if (typeof origin !== 'string' || typeof host !== 'string' || !isOrigin(origin) || !HOST.test(host)) {
    return false;
  }
  // Parsed, a URL has no port that is the default.
  const own = `${new URL(origin).protocol}//${host}`;
  return URL.canParse(own) && new URL(own).host === new URL(origin).host;
}
