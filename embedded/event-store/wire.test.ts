import { describe, expect, it } from 'vitest';
import { AllStreamPosition, BatchAppendResp, Empty, Status, StreamIdentifier, UUID } from './protocol.ts';
import { encodeBatchAnswer, encodeSuccess } from './wire.ts';

describe('answers to BatchAppend', () => {
  const correlationId = new UUID().setString('6a3b8f0e-5f0e-4c3e-9f5e-0d5f6f1c2b3a');
  const identifier = new StreamIdentifier().setStreamName(Buffer.from('lot-Ü🚲'));
  const answer = () => new BatchAppendResp().setCorrelationId(correlationId).setStreamIdentifier(identifier);
  const byHand = (outcome: Parameters<typeof encodeBatchAnswer>[2]) =>
    encodeBatchAnswer(Buffer.from(correlationId.serializeBinary()), Buffer.from(identifier.serializeBinary()), outcome);

  it.each([
    [-1, undefined],
    [-1, 0],
    [0, 0],
    [127, 128],
    [2 ** 33, 2 ** 45 + 3],
    [5, undefined],
  ])('equal those of the generated classes: revision %s at %s', (revision, position) => {
    const success = new BatchAppendResp.Success();
    if (revision < 0) success.setNoStream(new Empty());
    else success.setCurrentRevision(String(revision));
    if (position === undefined) success.setNoPosition(new Empty());
    else {
      success.setPosition(
        new AllStreamPosition().setCommitPosition(String(position)).setPreparePosition(String(position)),
      );
    }
    const meant = BatchAppendResp.deserializeBinary(answer().setSuccess(success).serializeBinary());
    const read = BatchAppendResp.deserializeBinary(byHand({ success: encodeSuccess(revision, position) }));
    expect(read.toObject()).toEqual(meant.toObject());
  });

  it('equal those of the generated classes: an error', () => {
    const error = new Status().setCode(6).setMessage('why');
    expect(byHand({ error: error.serializeBinary() })).toEqual(Buffer.from(answer().setError(error).serializeBinary()));
  });
});
