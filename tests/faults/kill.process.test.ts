import { test } from 'vitest';
import { killUnderLoad } from './kill-under-load.ts';

test('killed under load, and then its stores alone: every acknowledged command is stored once', () => killUnderLoad(2));
