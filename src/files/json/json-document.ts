import type { JsonMember, JsonRecord } from '../../records/source-record.js';
import { exactNumber, hasInexactNumber, parseExactly } from './exact-numbers.js';
import { type Member, type Members, scanMembers } from './json-scanner.js';

/** No column takes values of more levels, and the parser that keeps digits recurses. */
const MAX_DEPTH = 1_000;

/** A JSON object: what `JSON.parse` makes of it, and the text of each number, array and object. */
export class JsonDocument implements JsonRecord {
  private readonly members: Members;
  /** Consumers mostly ask in the order of the text. */
  private next = 0;
  private byName: ReadonlyMap<string, Member> | undefined;

  /**
   * @param fields - the text as `JSON.parse` reads it
   * @param ascii - its bytes, if a character is a byte. A part of them is a text of its own; a part of a text would keep
   * the whole of it in memory.
   */
  constructor(
    private readonly text: string,
    readonly fields: Record<string, unknown>,
    private readonly ascii?: Buffer,
  ) {
    this.members = scanMembers(text);
    // Of a name that occurs twice, the last member counts.
    if (this.members.count !== Object.keys(fields).length) this.byName = this.indexNames();
  }

  /** A member that is nested too deeply for any column. */
  get tooDeep(): string | undefined {
    const member = this.members.found.find(({ depth }) => depth > MAX_DEPTH);
    return member === undefined ? undefined : this.nameOf(member);
  }

  memberOf(name: string): JsonMember {
    const { start, end, depth } = this.find(name);
    return { text: this.ascii?.toString('latin1', start, end) ?? this.text.slice(start, end), depth };
  }

  exactly(name: string): unknown {
    const value = this.fields[name];
    if (typeof value === 'number') return exactNumber(this.memberOf(name).text);
    if (typeof value !== 'object' || value === null) return value;
    const { text } = this.memberOf(name);
    return hasInexactNumber(text) ? parseExactly(text) : value;
  }

  private find(name: string): Member {
    const { found } = this.members;
    for (let at = this.next; this.byName === undefined && at < found.length; at++) {
      const member = found[at] as Member;
      if (member.nameEnd - member.nameStart === name.length && this.text.startsWith(name, member.nameStart)) {
        this.next = at + 1;
        return member;
      }
    }
    this.byName ??= this.indexNames();
    return this.byName.get(name) as Member;
  }

  private indexNames(): ReadonlyMap<string, Member> {
    return new Map(this.members.found.map((member) => [this.nameOf(member), member]));
  }

  private nameOf({ nameStart, nameEnd }: Member): string {
    return JSON.parse(this.text.slice(nameStart - 1, nameEnd + 1)) as string;
  }
}
