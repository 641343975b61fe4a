/** Bytes allocated at a time; messages share them. */
const CHUNK = 64 * 1024;
/** The most bytes of a tag and a length. */
const TAG_AND_LENGTH = 10;

/**
 * Writes protobuf messages (https://protobuf.dev/programming-guides/encoding) from their end to their beginning, so
 * each length is known when it is written and nothing is copied. Write the last field first.
 */
export class ProtobufWriter {
  #chunk = Buffer.allocUnsafeSlow(CHUNK);
  #at = CHUNK;
  #end = CHUNK;

  /** Begins a message and discards an unfinished one. */
  begin(): void {
    this.#end = this.#at;
  }

  /** Returns the bytes written so far. */
  get length(): number {
    return this.#end - this.#at;
  }

  /** @param tag a field's number and wire type, in one byte */
  number(tag: number, value: number): void {
    this.#reserve(TAG_AND_LENGTH);
    this.#tagged(tag, value);
  }

  /** @throws TypeError for a value that is not a string */
  text(tag: number, value: string): void {
    const length = Buffer.byteLength(value);
    this.#reserve(length + TAG_AND_LENGTH);
    this.#at -= length;
    this.#chunk.write(value, this.#at, length, 'utf8');
    this.#tagged(tag, length);
  }

  /** Makes a length-delimited field of everything written since the message had `before` bytes. */
  wrap(tag: number, before: number): void {
    this.number(tag, this.length - before);
  }

  /** Returns the message. */
  message(): Buffer {
    return this.#chunk.subarray(this.#at, this.#end);
  }

  #tagged(tag: number, value: number): void {
    let bytes = 1;
    for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 0x80)) bytes += 1;
    this.#at -= bytes;
    let rest = value;
    for (let at = this.#at; at < this.#at + bytes - 1; at++) {
      this.#chunk[at] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#chunk[this.#at + bytes - 1] = rest;
    this.#chunk[--this.#at] = tag;
  }

  /** Makes room; moves the message if it needs another chunk. */
  #reserve(bytes: number): void {
    if (this.#at >= bytes) return;
    const { length } = this;
    const size = Math.max(CHUNK, 2 * (length + bytes));
    const chunk = Buffer.allocUnsafeSlow(size);
    this.#chunk.copy(chunk, size - length, this.#at, this.#end);
    this.#chunk = chunk;
    this.#at = size - length;
    this.#end = size;
  }
}
