import type { SourceRecord } from '../records/source-record.js';
import { BACKSLASH } from './bytes.js';
import type { CsvReader } from './csv/csv-reader.js';
import { renameFields } from './rename-fields.js';

/** What the records of a file have shown, when they were parsed. Plain data. */
export interface Found {
  /** Names to rename that no record had; undefined if no record was parsed. */
  readonly unmetRenames: readonly string[] | undefined;
  /** Whether a cell of a csv file was the text `\N`. */
  readonly hasNullText: boolean;
}

/** What a csv source turned out to be. */
export interface CsvFindings {
  /** Undefined if there was no header. */
  readonly header: readonly string[] | undefined;
  readonly delimiter: string | undefined;
  /** Number of the line that has known names, where the header has none; from 1. */
  readonly headerLine: number | undefined;
  /** Whether a cell was the text `\\N`. */
  readonly hasNullText: boolean;
}

/** Text that Postgres and MySQL export for null. */
const USUAL_NULL_TEXT = String.raw`\N`;

/** Renames the fields of a file's records once they are parsed, and notes what they show. */
export class RecordFindings {
  /** Of a csv file. */
  reader: CsvReader | undefined;
  private unmet: ReadonlySet<string>;
  private wasRead = false;
  private hasNullText = false;

  /** @param rename - fields to rename, old name to new name */
  constructor(private readonly rename: ReadonlyMap<string, string>) {
    this.unmet = new Set(rename.keys());
  }

  /** Takes a record that is parsed. */
  finish(record: SourceRecord): SourceRecord {
    const { json, raw, textual } = record;
    // The value of a record in JSON costs a look at every number.
    const fields = json?.fields ?? record.value;
    if (fields === undefined) {
      return record;
    }
    this.wasRead = true;
    if (this.unmet.size > 0) {
      this.unmet = new Set([...this.unmet].filter((name) => !Object.hasOwn(fields, name)));
    }
    if (textual && !this.hasNullText && raw.includes(BACKSLASH)) {
      this.hasNullText = Object.values(fields).includes(USUAL_NULL_TEXT);
    }
    return renameFields(record, this.rename);
  }

  /** Adds what other records of the file have shown, which were parsed in another thread. */
  add({ unmetRenames, hasNullText }: Found): void {
    this.hasNullText ||= hasNullText;
    if (unmetRenames !== undefined) {
      this.wasRead = true;
      this.unmet = new Set(unmetRenames.filter((name) => this.unmet.has(name)));
    }
  }

  /** Names to rename that no record had; none if there were no records. */
  get unmetRenames(): readonly string[] {
    return this.found.unmetRenames ?? [];
  }

  /** Undefined for another file than csv, and for one that was not read. */
  get csv(): CsvFindings | undefined {
    const { reader, hasNullText } = this;
    return (
      reader && {
        header: reader.form?.header,
        delimiter: reader.form?.delimiter,
        headerLine: reader.headerLine,
        hasNullText,
      }
    );
  }

  get found(): Found {
    return { unmetRenames: this.wasRead ? [...this.unmet] : undefined, hasNullText: this.hasNullText };
  }
}
