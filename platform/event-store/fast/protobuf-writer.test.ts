import { describe, expect, it } from 'vitest';
import { ProtobufWriter } from './protobuf-writer.ts';

describe('ProtobufWriter', () => {
  it('writes fields in order with their lengths', () => {
    const writer = new ProtobufWriter();
    writer.number(0x08, 300);
    writer.text(0x12, '가');
    writer.wrap(0x0a, 0);
    expect(writer.message().toString('hex')).toBe('0a08' + '1203eab080' + '08ac02');
  });

  it('keeps earlier messages intact and grows beyond its chunk', () => {
    const writer = new ProtobufWriter();
    const lengths = [1, 65_000, 300_000, 10, 66_000];
    const messages = lengths.map((length, at) => {
      writer.begin();
      writer.text(0x0a, String(at).repeat(length));
      return writer.message();
    });
    const texts = messages.map((message, at) => message.subarray(message.length - lengths[at]!).toString());
    expect(texts).toEqual(lengths.map((length, at) => String(at).repeat(length)));
  });

  it('discards an unfinished message', () => {
    const writer = new ProtobufWriter();
    writer.text(0x0a, 'left');
    expect(() => writer.text(0x0a, undefined as unknown as string)).toThrow(TypeError);
    writer.begin();
    writer.number(0x08, 1);
    expect(writer.message().toString('hex')).toBe('0801');
  });

  it('writes numbers up to 2^53', () => {
    const writer = new ProtobufWriter();
    writer.number(0x08, Number.MAX_SAFE_INTEGER);
    expect(writer.message().toString('hex')).toBe('08ffffffffffffff0f');
  });
});
