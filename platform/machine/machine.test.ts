import { afterEach, expect, test, vi } from 'vitest';
import { machine, pause } from './machine.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

test('a timer for a moment that has passed is due at once, and Node does not warn of it', async () => {
  const warnings = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  await new Promise<void>((resolve) => machine.setTimer(resolve, -30));
  await pause(-0.005);
  expect(warnings).not.toHaveBeenCalled();
});
